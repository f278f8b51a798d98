//! The end of an archive: the tables of its layout, what is missing, and the manifest.

use crate::contents::{Contents, Filed};
use crate::error::{ArchiveError, NothingFound};
use crate::layout::{Tables, write_tables};
use crate::manifest;
use crate::missing_reasons::group_missing;
use crate::order::{Layout, Summary};
use crate::package::Package;
use crate::plan::Piece;

/// Writes what comes after the pictures, and everything through to the disk.
pub(crate) fn finish(contents: Contents<'_>, mut package: Package<'_>) -> Result<Summary, ArchiveError> {
    let summary = summarize(&contents);
    check_something_is_found(&contents, &summary)?;
    let mut tables = write_tables(&contents, &mut package)?;
    let entry = package
        .deflate("missing.csv", |to| manifest::write_missing(contents.order, &contents.missing, to))?;
    tables.entries.push(("missing.csv", entry));
    write_manifest(&contents, &summary, &tables, &mut package)?;
    package.finish()?;
    Ok(summary)
}

fn summarize(contents: &Contents<'_>) -> Summary {
    let Contents { order, plan, files, missing, .. } = contents;
    let written = |of: fn(&Piece) -> bool| {
        plan.pieces.iter().zip(files).filter(|(piece, file)| of(piece) && file.is_some()).count()
    };
    let metadata_rows = match order.layout {
        Layout::Crops if order.include_metadata_csv => plan.found(),
        Layout::Crops => 0,
        Layout::CamtrapDp | Layout::Coco => contents.included().count(),
    };
    Summary {
        asked_for: plan.rows.len(),
        crops: written(|piece| matches!(piece, Piece::Crop(_))),
        pictures: written(|piece| matches!(piece, Piece::Whole(_))),
        remote_pictures: contents.count_remote_pictures(),
        metadata_rows,
        missing: missing.len(),
        missing_reasons: group_missing(contents),
    }
}

/// Refuses an archive that has nothing of what was asked for.
fn check_something_is_found(contents: &Contents<'_>, summary: &Summary) -> Result<(), ArchiveError> {
    let Contents { order, plan, missing, .. } = contents;
    let is_nothing = match order.layout {
        Layout::Crops if order.wants_pictures() => summary.crops + summary.pictures == 0,
        Layout::Crops => plan.found() == 0,
        // Their rows are of detections that have all that was asked for.
        Layout::CamtrapDp | Layout::Coco => summary.metadata_rows == 0,
    };
    if !is_nothing {
        return Ok(());
    }
    let reasons = summary.missing_reasons.clone();
    let example = reasons.first().and_then(|most| {
        let (place, why) = missing.iter().find(|(_, why)| why.code() == most.reason)?;
        Some(format!("{}: {why}", order.detection_ids[*place]))
    });
    Err(ArchiveError::NothingFound(NothingFound { asked_for: summary.asked_for, reasons, example }))
}

fn write_manifest(
    contents: &Contents<'_>,
    summary: &Summary,
    tables: &Tables,
    package: &mut Package<'_>,
) -> Result<(), ArchiveError> {
    let Contents { data, order, plan, .. } = contents;
    let of_piece = |piece: &Piece, filed: &'_ Filed| {
        let (detection, media) = match *piece {
            Piece::Crop(place) => (Some(place), None),
            Piece::Whole(number) => (None, Some(plan.pictures[number].media)),
        };
        (detection, media, filed.entry)
    };
    let pictures =
        plan.pieces.iter().zip(&contents.files).enumerate().filter_map(|(number, (piece, filed))| {
            let filed = filed.as_ref()?;
            let (detection, media, entry) = of_piece(piece, filed);
            Some(manifest::File {
                name: &filed.name,
                detection_id: detection.map(|place| order.detection_ids[place].as_str()),
                media_id: media.map(|row| data.media.id(row)),
                damage: contents.damaged.get(&number).map(String::as_str),
                entry,
            })
        });
    let others = tables.entries.iter().map(|(name, entry)| manifest::File {
        name,
        detection_id: None,
        media_id: None,
        damage: None,
        entry: *entry,
    });
    let files = pictures.chain(others);
    package.deflate("manifest.json", |to| {
        manifest::write(&data.title, order, summary, &tables.notes, &contents.missing, files, to)
    })?;
    Ok(())
}
