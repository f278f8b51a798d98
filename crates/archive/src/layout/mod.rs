//! The layouts of archives: a file for each layout, and what they share.

mod camtrap_dp;
mod coco;
mod crops;
mod times;

use detections::{Dataset, MediaTable, Observation};

use crate::contents::Contents;
use crate::error::ArchiveError;
use crate::missing::Missing;
use crate::request::{ArchiveRequest, Layout};
use crate::zip_file::{Entry, ZipFile};

/// A layout of archives: what it makes of a request, which detections it takes, and the tables that it
/// writes.
///
/// A new layout is a variant of [`Layout`], a file here with an implementation, and a line in
/// [`Layout::writer`].
pub(crate) trait LayoutWriter: Sync {
    /// What the archive has for a request.
    fn rules(&self, request: &ArchiveRequest) -> Rules;

    /// Checks that the tables can hold an observation.
    fn check_observation(&self, _: &Dataset, _: &Observation<'_>) -> Result<(), Missing> {
        Ok(())
    }

    /// Writes the tables, once all pictures are written.
    fn write_tables(&self, contents: &Contents<'_>, zip: &mut ZipFile<'_>) -> Result<Tables, ArchiveError>;
}

impl Layout {
    pub(crate) fn writer(self) -> &'static dyn LayoutWriter {
        match self {
            Self::Crops => &crops::Crops,
            Self::CamtrapDp => &camtrap_dp::CamtrapDp,
            Self::Coco => &coco::Coco,
        }
    }
}

/// What a layout makes of a request.
// Each is a question of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Rules {
    /// The starts of the names of crops, and of whole pictures.
    pub folders: [&'static str; 2],
    /// The archive is of files, and its table has all known detections. So all pictures are read, even those
    /// that are left out as a whole, and a box outside of its picture leaves no detection out of the table.
    pub is_of_files: bool,
    /// Crops are written.
    pub has_crops: bool,
    /// Whole pictures are written.
    pub has_whole: bool,
    /// The tables may name pictures that are not in the archive, by their addresses or paths.
    pub may_name_pictures: bool,
    /// A detection without a picture or a box is incomplete.
    pub needs_pictures: bool,
    /// An observation without a bounding box can be in the archive.
    pub takes_without_box: bool,
    /// Pictures that are only named are read if they are local files, since boxes in pixels require their
    /// sizes.
    pub reads_local_pictures: bool,
    /// Whole pictures are written as they are displayed.
    pub is_upright: bool,
}

impl Rules {
    /// Whether crops or whole pictures are written.
    pub fn has_pictures(&self) -> bool {
        self.has_crops || self.has_whole
    }
}

/// The tables of an archive, and notes on them.
#[derive(Default)]
pub(crate) struct Tables {
    pub entries: Vec<(&'static str, Entry)>,
    /// Rows of the table of detections.
    pub rows: usize,
    pub notes: Vec<String>,
}

/// The name of a picture that is not in the archive: its path in the source, else its file name or id.
fn find_source_name(media: &MediaTable, row: u32) -> &str {
    let names = [media.path(row), media.file_name(row)];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| media.id(row))
}
