//! `manifest.json`: the request, the contents of the archive, and what is missing; and `missing.csv`, the
//! missing detections for spreadsheets.

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use crate::cells::escape_formula;
use crate::contents::{Contents, WrittenFile};
use crate::layout::Tables;
use crate::plan::Piece;
use crate::summary::ArchiveSummary;
use crate::zip_file::Entry;

/// An entry of the archive, with its detection.
#[derive(Default, Serialize)]
struct File<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_id: Option<&'a str>,
    /// The damage of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<&'a str>,
    #[serde(flatten)]
    entry: Entry,
}

/// Writes the manifest row by row, since there may be very many.
pub(crate) fn write(
    contents: &Contents<'_>,
    summary: &ArchiveSummary,
    tables: &Tables,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let Contents { data, job, plan, .. } = contents;
    let [request, defaults] = job.request.split_defaults();
    let head = serde_json::to_string_pretty(&json!({
        "created_by": concat!("trapline ", env!("CARGO_PKG_VERSION")),
        "data_set": data.title,
        "request": request,
        // Fields of the request that have their defaults.
        "defaults": defaults,
        "counts": summary,
        "missing_reasons": summary.missing_reasons,
        "notes": tables.notes,
    }))?;
    // The header is an object; the rows are inserted before its closing brace.
    let open = head.strip_suffix("\n}").unwrap_or(&head);
    write!(to, "{open},\n  \"missing\": ")?;
    let missing = contents.missing.iter().map(|(place, why)| {
        let id = &job.detection_ids[*place];
        json!({"detection_id": id, "reason": why.code(), "message": why.to_string()})
    });
    write_rows(to, missing)?;
    write!(to, ",\n  \"files\": ")?;
    let pictures = plan.pieces.iter().zip(&contents.files).filter_map(|(piece, file)| {
        let WrittenFile { name, entry, damage, .. } = file.as_ref()?;
        let (detection_id, media_id) = match *piece {
            Piece::Crop(place) => (Some(job.detection_ids[place].as_str()), None),
            Piece::Whole(number) => (None, Some(data.media.id(plan.pictures[number].media))),
        };
        Some(File { name, detection_id, media_id, damaged: damage.as_deref(), entry: *entry })
    });
    let others = tables.entries.iter().map(|(name, entry)| File { name, entry: *entry, ..File::default() });
    write_rows(to, pictures.chain(others))?;
    writeln!(to, "\n}}")
}

/// Writes `missing.csv`.
pub(crate) fn write_missing(contents: &Contents<'_>, to: &mut dyn Write) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(["detection_id", "reason", "message"])?;
    for (place, why) in &contents.missing {
        let (id, message) = (&contents.job.detection_ids[*place], why.to_string());
        csv.write_record([&escape_formula(id), why.code(), &escape_formula(&message)])?;
    }
    csv.flush()
}

fn write_rows<T: Serialize>(to: &mut dyn Write, rows: impl Iterator<Item = T>) -> std::io::Result<()> {
    write!(to, "[")?;
    let mut separator = "";
    for row in rows {
        write!(to, "{separator}\n    {}", serde_json::to_string(&row)?)?;
        separator = ",";
    }
    write!(to, "{}]", if separator.is_empty() { "" } else { "\n  " })
}
