//! The end of an archive: the tables of its layout, what is missing, and the manifest.

use std::sync::Arc;

use crate::contents::{Contents, Filed};
use crate::error::{ArchiveError, Missing};
use crate::layout::{Tables, write_tables};
use crate::manifest::{self, MissingPlaces};
use crate::order::{Layout, Order, Summary};
use crate::package::Package;
use crate::plan::Piece;

/// Writes what comes after the pictures, and everything through to the disk.
pub(crate) fn finish(contents: Contents<'_>, mut package: Package<'_>) -> Result<Summary, ArchiveError> {
    let summary = summary(&contents)?;
    let mut tables = write_tables(&contents, &mut package)?;
    let entry = package
        .deflate("missing.csv", |to| manifest::write_missing(contents.order, &contents.missing, to))?;
    tables.entries.push(("missing.csv", entry));
    write_manifest(&contents, &summary, &tables, &mut package)?;
    package.finish()?;
    Ok(summary)
}

fn summary(contents: &Contents<'_>) -> Result<Summary, ArchiveError> {
    let Contents { order, plan, files, missing, .. } = contents;
    let written = |of: fn(&Piece) -> bool| {
        plan.pieces.iter().zip(files).filter(|(piece, file)| of(piece) && file.is_some()).count()
    };
    let metadata_rows = match order.layout {
        Layout::Crops if order.include_metadata_csv => plan.found(),
        Layout::Crops => 0,
        Layout::CamtrapDp | Layout::Coco => contents.included().count(),
    };
    let summary = Summary {
        asked_for: plan.rows.len(),
        crops: written(|piece| matches!(piece, Piece::Crop(_))),
        pictures: written(|piece| matches!(piece, Piece::Whole(_))),
        metadata_rows,
        missing: missing.len(),
    };
    let only_manifest = order.layout == Layout::Crops && !order.wants_pictures() && plan.found() > 0;
    let nothing = match order.layout {
        Layout::Crops => summary.crops + summary.pictures + metadata_rows == 0 && !only_manifest,
        Layout::CamtrapDp | Layout::Coco => metadata_rows == 0,
    };
    if nothing {
        return Err(ArchiveError::NothingFound {
            asked_for: summary.asked_for,
            reasons: reasons(missing, order),
        });
    }
    Ok(summary)
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

/// Such as `no detection of the data set has this id (a, b, c and 10 more)`.
fn reasons(missing: &MissingPlaces, order: &Order) -> String {
    let mut by_code: Vec<(&Arc<Missing>, Vec<&str>)> = Vec::new();
    for (place, why) in missing {
        let id = order.detection_ids[*place].as_str();
        match by_code.iter_mut().find(|(known, _)| known.code() == why.code()) {
            Some((_, ids)) => ids.push(id),
            None => by_code.push((why, vec![id])),
        }
    }
    let each = by_code.iter().map(|(why, ids)| {
        let shown = ids.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        match ids.len() {
            n if n > 3 => format!("{why} ({shown} and {} more)", n - 3),
            _ => format!("{why} ({shown})"),
        }
    });
    each.collect::<Vec<_>>().join("; ")
}
