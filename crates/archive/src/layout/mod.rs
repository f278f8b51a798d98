//! The layouts of archives: a file for each layout, and what they share.

mod camtrap_dp;
mod coco;
mod crops;
mod times;

use detections::{Dataset, MediaTable, Observation};
use serde_json::{Map, Value};

use crate::contents::Contents;
use crate::error::ArchiveError;
use crate::missing::MissingError;
use crate::request::{ArchiveRequest, Layout};
use crate::rules::Rules;
use crate::zip_file::{Entry, ZipFile};

/// A layout of archives: which fields of a request it takes and what it makes of them, which detections it takes,
/// and the tables that it writes.
///
/// A new layout is a variant of [`Layout`], a file here with an implementation, and a line in
/// [`Layout::writer`].
pub(crate) trait LayoutWriter: Sync {
    /// What people call the content of the archive.
    fn describe_content(&self, request: &ArchiveRequest) -> &'static str;

    /// The fields among those `given` that the layout does not take, each with the reason.
    fn find_foreign_fields(&self, request: &ArchiveRequest, given: &Map<String, Value>) -> Vec<ForeignField>;

    /// What the archive has for a request.
    fn rules(&self, request: &ArchiveRequest) -> Rules;

    /// Checks that the tables can hold an observation.
    fn check_observation(&self, _: &Dataset, _: &Observation<'_>) -> Result<(), MissingError> {
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

/// The name of a field that a layout does not take, and the reason.
pub type ForeignField = (&'static str, String);

impl ArchiveRequest {
    /// What people call the content of the archive.
    pub fn describe_content(&self) -> &'static str {
        self.layout.writer().describe_content(self)
    }

    /// The fields among those `given` that are for other layouts, each with the reason. They are refused rather
    /// than ignored.
    pub fn find_foreign_fields(&self, given: &Map<String, Value>) -> Vec<ForeignField> {
        self.layout.writer().find_foreign_fields(self, given)
    }
}

/// Finds the switches of the layout `crops`, for layouts whose pictures are chosen with `media`. A switch that
/// repeats its default changes nothing and is fine.
fn find_switches(given: &Map<String, Value>) -> Vec<ForeignField> {
    let switches = [("include_crops", false), ("include_originals", true), ("include_metadata_csv", false)];
    let given = switches.into_iter().filter(|(name, other)| given.get(*name) == Some(&Value::Bool(*other)));
    let refuse = |(name, _)| {
        let media = "with other layouts choose pictures with media (whole, crops, remote or none)";
        (name, format!("{name} is for the layout crops; {media}"))
    };
    given.map(refuse).collect()
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
