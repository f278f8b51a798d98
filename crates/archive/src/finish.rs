//! Completing an archive: the tables of its layout, the list of missing detections, and the manifest.

use crate::contents::Contents;
use crate::error::{ArchiveError, NothingFoundError};
use crate::layout::LayoutWriter;
use crate::manifest;
use crate::missing_reasons::group_missing;
use crate::plan::Piece;
use crate::summary::ArchiveSummary;
use crate::zip_file::ZipFile;

/// Writes everything after the pictures, and syncs the file to disk.
pub(crate) fn finish(
    contents: Contents<'_>,
    mut zip: ZipFile<'_>,
    layout: &dyn LayoutWriter,
) -> Result<ArchiveSummary, ArchiveError> {
    let mut summary = summarize(&contents);
    check_not_empty(&contents, &summary)?;
    let mut tables = layout.write_tables(&contents, &mut zip)?;
    summary.metadata_rows = tables.rows;
    let entry = zip.deflate("missing.csv", |to| manifest::write_missing(&contents, to))?;
    tables.entries.push(("missing.csv", entry));
    zip.deflate("manifest.json", |to| manifest::write(&contents, &summary, &tables, to))?;
    zip.finish()?;
    Ok(summary)
}

/// Counts what the archive has before its tables are written.
fn summarize(contents: &Contents<'_>) -> ArchiveSummary {
    let Contents { data, plan, files, missing, .. } = contents;
    let written = |of: fn(&Piece) -> bool| {
        plan.pieces.iter().zip(files).filter(|(piece, file)| of(piece) && file.is_some()).count()
    };
    let missing_reasons = group_missing(missing.iter().map(|(place, why)| {
        let row = plan.rows[*place].as_ref().ok();
        (&**why, row.and_then(|row| data.observations.get(*row).media))
    }));
    ArchiveSummary {
        asked_for: plan.rows.len(),
        crops: written(|piece| matches!(piece, Piece::Crop(_))),
        pictures: written(|piece| matches!(piece, Piece::Whole(_))),
        remote_pictures: contents.count_remote_pictures(),
        metadata_rows: 0,
        missing: missing.len(),
        missing_reasons,
    }
}

/// Rejects an archive that has nothing of what was requested.
fn check_not_empty(contents: &Contents<'_>, summary: &ArchiveSummary) -> Result<(), ArchiveError> {
    let Contents { job, missing, .. } = contents;
    let has_something = if job.rules.is_of_files && job.rules.has_pictures() {
        summary.crops + summary.pictures > 0
    } else {
        contents.list_included().next().is_some()
    };
    if has_something {
        return Ok(());
    }
    let reasons = summary.missing_reasons.clone();
    let example = reasons.first().and_then(|most| {
        let (place, why) = missing.iter().find(|(_, why)| why.code() == most.reason)?;
        Some(format!("{}: {why}", job.detection_ids[*place]))
    });
    Err(ArchiveError::NothingFound(NothingFoundError { asked_for: summary.asked_for, reasons, example }))
}
