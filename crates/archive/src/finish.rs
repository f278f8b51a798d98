//! Completing an archive: the tables of its layout, the list of missing detections, and the manifest.

use crate::contents::{Contents, WrittenFile};
use crate::error::{ArchiveError, NothingFound};
use crate::layout::{Tables, write_tables};
use crate::manifest;
use crate::missing_reasons::group_missing;
use crate::plan::Piece;
use crate::request::Layout;
use crate::watch::ArchiveSummary;
use crate::zip_file::ZipFile;

/// Writes everything after the pictures, and syncs the file to disk.
pub(crate) fn finish(contents: Contents<'_>, mut zip: ZipFile<'_>) -> Result<ArchiveSummary, ArchiveError> {
    let summary = summarize(&contents);
    check_not_empty(&contents, &summary)?;
    let mut tables = write_tables(&contents, &mut zip)?;
    let entry =
        zip.deflate("missing.csv", |to| manifest::write_missing(contents.job, &contents.missing, to))?;
    tables.entries.push(("missing.csv", entry));
    write_manifest(&contents, &summary, &tables, &mut zip)?;
    zip.finish()?;
    Ok(summary)
}

fn summarize(contents: &Contents<'_>) -> ArchiveSummary {
    let Contents { data, job, plan, files, missing, .. } = contents;
    let written = |of: fn(&Piece) -> bool| {
        plan.pieces.iter().zip(files).filter(|(piece, file)| of(piece) && file.is_some()).count()
    };
    let metadata_rows = match job.request.layout {
        Layout::Crops if job.request.include_metadata_csv => plan.count_found(),
        Layout::Crops => 0,
        Layout::CamtrapDp | Layout::Coco => contents.list_included().count(),
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
        metadata_rows,
        missing: missing.len(),
        missing_reasons,
    }
}

/// Rejects an archive that has nothing of what was requested.
fn check_not_empty(contents: &Contents<'_>, summary: &ArchiveSummary) -> Result<(), ArchiveError> {
    let Contents { job, plan, missing, .. } = contents;
    let is_nothing = match job.request.layout {
        Layout::Crops if job.request.has_pictures() => summary.crops + summary.pictures == 0,
        Layout::Crops => plan.count_found() == 0,
        // Their rows are detections of which everything that was requested is there.
        Layout::CamtrapDp | Layout::Coco => summary.metadata_rows == 0,
    };
    if !is_nothing {
        return Ok(());
    }
    let reasons = summary.missing_reasons.clone();
    let example = reasons.first().and_then(|most| {
        let (place, why) = missing.iter().find(|(_, why)| why.code() == most.reason)?;
        Some(format!("{}: {why}", job.detection_ids[*place]))
    });
    Err(ArchiveError::NothingFound(NothingFound { asked_for: summary.asked_for, reasons, example }))
}

fn write_manifest(
    contents: &Contents<'_>,
    summary: &ArchiveSummary,
    tables: &Tables,
    zip: &mut ZipFile<'_>,
) -> Result<(), ArchiveError> {
    let Contents { data, job, plan, .. } = contents;
    let pictures =
        plan.pieces.iter().zip(&contents.files).enumerate().filter_map(|(number, (piece, filed))| {
            let WrittenFile { name, entry, .. } = filed.as_ref()?;
            let (detection_id, media_id) = match *piece {
                Piece::Crop(place) => (Some(job.detection_ids[place].as_str()), None),
                Piece::Whole(number) => (None, Some(data.media.id(plan.pictures[number].media))),
            };
            let damaged = contents.damaged.get(&number).map(String::as_str);
            Some(manifest::File { name, detection_id, media_id, damaged, entry: *entry })
        });
    let others = tables.entries.iter().map(|(name, entry)| manifest::File {
        name,
        detection_id: None,
        media_id: None,
        damaged: None,
        entry: *entry,
    });
    let files = pictures.chain(others);
    zip.deflate("manifest.json", |to| {
        manifest::write(&data.title, job, summary, &tables.notes, &contents.missing, files, to)
    })?;
    Ok(())
}
