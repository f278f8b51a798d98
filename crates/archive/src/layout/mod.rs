//! How an archive is laid out: a file for each way, and what they share.

pub(crate) mod camtrap_dp;
mod coco;
mod metadata;
mod times;

use detections::MediaTable;

use crate::contents::Contents;
use crate::error::ArchiveError;
use crate::order::Layout;
use crate::package::{Entry, Package};

/// What the names of pictures begin with.
#[derive(Clone, Copy)]
pub(crate) struct Folders {
    pub crops: &'static str,
    pub whole: &'static str,
}

/// Where a layout keeps its pictures.
pub(crate) fn folders(layout: Layout) -> Folders {
    match layout {
        Layout::Crops => Folders { crops: "crops/detection_", whole: "originals/" },
        Layout::CamtrapDp => Folders { crops: "media/", whole: "media/" },
        Layout::Coco => Folders { crops: "images/", whole: "images/" },
    }
}

/// The tables of an archive, and what a careful person would want to know of them.
#[derive(Default)]
pub(crate) struct Tables {
    pub entries: Vec<(&'static str, Entry)>,
    pub notes: Vec<String>,
}

/// What a table calls a picture that is no file of the archive: as the source does. One whose source
/// withholds the path has its name, or its id.
fn name_in_source(media: &MediaTable, row: u32) -> &str {
    let names = [media.path(row), media.file_name(row)];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| media.id(row))
}

/// Writes the tables of the layout.
pub(crate) fn write_tables(
    contents: &Contents<'_>,
    package: &mut Package<'_>,
) -> Result<Tables, ArchiveError> {
    match contents.order.layout {
        Layout::Crops => metadata::write(contents, package),
        Layout::CamtrapDp => camtrap_dp::write(contents, package),
        Layout::Coco => coco::write(contents, package),
    }
}
