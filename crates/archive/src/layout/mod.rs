//! The layouts of archives: a file for each layout, and what they share.

pub(crate) mod camtrap_dp;
mod coco;
mod metadata;
mod times;

use detections::MediaTable;

use crate::contents::Contents;
use crate::error::ArchiveError;
use crate::request::Layout;
use crate::zip_file::{Entry, ZipFile};

/// The start of the names of pictures.
#[derive(Clone, Copy)]
pub(crate) struct Folders {
    pub crops: &'static str,
    pub whole: &'static str,
}

/// The folders of a layout.
pub(crate) fn choose_folders(layout: Layout) -> Folders {
    match layout {
        Layout::Crops => Folders { crops: "crops/detection_", whole: "originals/" },
        Layout::CamtrapDp => Folders { crops: "media/", whole: "media/" },
        Layout::Coco => Folders { crops: "images/", whole: "images/" },
    }
}

/// The tables of an archive, and notes on them.
#[derive(Default)]
pub(crate) struct Tables {
    pub entries: Vec<(&'static str, Entry)>,
    pub notes: Vec<String>,
}

/// The name of a picture that is not in the archive: its path in the source, else its file name or id.
fn find_source_name(media: &MediaTable, row: u32) -> &str {
    let names = [media.path(row), media.file_name(row)];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| media.id(row))
}

/// Writes the tables of the layout.
pub(crate) fn write_tables(contents: &Contents<'_>, zip: &mut ZipFile<'_>) -> Result<Tables, ArchiveError> {
    match contents.job.request.layout {
        Layout::Crops => metadata::write(contents, zip),
        Layout::CamtrapDp => camtrap_dp::write(contents, zip),
        Layout::Coco => coco::write(contents, zip),
    }
}
