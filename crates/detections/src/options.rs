//! The options that a user can set for a source.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::class_groups::StatedGroups;
use crate::fetch::Fetch;
use crate::keep::Keep;
use crate::names::NameTable;
use crate::written_dates::DateOrder;

/// The options that a user can set for a source.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// A folder that is searched first for media files.
    pub images: Option<PathBuf>,
    /// Fetches media files by path, instead of a folder.
    pub image_store: Option<Arc<dyn Fetch>>,
    /// The time zone of the cameras' clocks. By default the offset of `deploymentStart` is used.
    pub time_zone: Option<TimeZone>,
    /// The order of day and month for columns whose dates do not show it.
    pub date_order: Option<DateOrder>,
    /// Deployments without a location id and name that are within this many metres of each other share a
    /// location; 0 joins only equal coordinates.
    pub join_locations: f64,
    /// The share of a table's rows, 0 to 1, that may be lost before the source is rejected.
    pub allow_bad_rows: f64,
    /// Boxes below this confidence, 0 to 1, are counted but not read. By default the threshold that the
    /// results recommend applies, else [`ReadOptions::MIN_CONFIDENCE`].
    pub min_confidence: Option<f32>,
    /// Larger media files are not read, so that videos are not taken for pictures. In bytes.
    pub max_file_bytes: u64,
    /// Fetches media files at addresses; without it they are missing.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// How much is kept in memory.
    pub keep: Keep,
    /// Common names for species that have none in the source.
    pub names: Arc<NameTable>,
    /// The user's classes of males, females and young.
    pub groups: StatedGroups,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            images: None,
            image_store: None,
            time_zone: None,
            date_order: None,
            join_locations: 0.0,
            allow_bad_rows: Self::ALLOW_BAD_ROWS,
            min_confidence: None,
            max_file_bytes: Self::MAX_FILE_BYTES,
            fetch: None,
            keep: Keep::default(),
            names: Arc::default(),
            groups: StatedGroups::default(),
        }
    }
}

impl ReadOptions {
    /// One row in twenty: more is a table that was misread, and not a few mistakes.
    pub const ALLOW_BAD_ROWS: f64 = 0.05;
    /// The threshold if the results recommend none: the one of MegaDetector 5.
    pub const MIN_CONFIDENCE: f32 = 0.2;
    /// Larger than any picture of a camera.
    pub const MAX_FILE_BYTES: u64 = 256 << 20;
}
