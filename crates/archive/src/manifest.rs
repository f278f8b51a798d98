//! `manifest.json`: the request, the contents of the archive, and what is missing; and `missing.csv`, the
//! missing detections for spreadsheets.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::cells::escape_formula;
use crate::missing::Missing;
use crate::missing_reasons::MissingReason;
use crate::request::ArchiveJob;
use crate::watch::ArchiveSummary;
use crate::zip_file::Entry;

/// Missing detections by their place in the request.
pub(crate) type MissingPlaces = BTreeMap<usize, Arc<Missing>>;

/// An entry of the archive, with its detection.
#[derive(Serialize)]
pub(crate) struct File<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<&'a str>,
    /// The damage of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<&'a str>,
    #[serde(flatten)]
    pub entry: Entry,
}

#[derive(Serialize)]
struct ManifestHeader<'a> {
    created_by: &'a str,
    data_set: &'a str,
    request: Value,
    /// Fields of the request that have their defaults.
    defaults: Value,
    counts: &'a ArchiveSummary,
    missing_reasons: &'a [MissingReason],
    notes: &'a [String],
}

#[derive(Serialize)]
struct MissingRow<'a> {
    detection_id: &'a str,
    reason: &'a str,
    message: String,
}

/// Writes the manifest row by row, since there may be very many.
pub(crate) fn write<'a>(
    data_set: &str,
    job: &ArchiveJob<'_>,
    summary: &ArchiveSummary,
    notes: &[String],
    missing: &MissingPlaces,
    files: impl Iterator<Item = File<'a>>,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let created_by = concat!("trapline ", env!("CARGO_PKG_VERSION"));
    let missing_reasons = &summary.missing_reasons;
    let [request, defaults] = job.request.split_defaults();
    let head =
        ManifestHeader { created_by, data_set, request, defaults, counts: summary, missing_reasons, notes };
    let head = serde_json::to_string_pretty(&head)?;
    // The header is an object; the rows are inserted before its closing brace.
    let open = head.strip_suffix("\n}").unwrap_or(&head);
    write!(to, "{open},\n  \"missing\": ")?;
    rows(to, missing.iter().map(|(place, why)| missing_row(&job.detection_ids[*place], why)))?;
    write!(to, ",\n  \"files\": ")?;
    rows(to, files)?;
    writeln!(to, "\n}}")
}

/// Writes `missing.csv`.
pub(crate) fn write_missing(
    job: &ArchiveJob<'_>,
    missing: &MissingPlaces,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(["detection_id", "reason", "message"])?;
    for (place, why) in missing {
        let (id, message) = (&job.detection_ids[*place], why.to_string());
        csv.write_record([&escape_formula(id), why.code(), &escape_formula(&message)])?;
    }
    csv.flush()
}

fn rows<T: Serialize>(to: &mut dyn Write, rows: impl Iterator<Item = T>) -> std::io::Result<()> {
    write!(to, "[")?;
    let mut separator = "";
    for row in rows {
        write!(to, "{separator}\n    {}", serde_json::to_string(&row)?)?;
        separator = ",";
    }
    write!(to, "{}]", if separator.is_empty() { "" } else { "\n  " })
}

fn missing_row<'a>(detection_id: &'a str, why: &'a Missing) -> MissingRow<'a> {
    MissingRow { detection_id, reason: why.code(), message: why.to_string() }
}
