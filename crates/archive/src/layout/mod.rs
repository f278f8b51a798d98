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
use crate::rules::Rules;
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
