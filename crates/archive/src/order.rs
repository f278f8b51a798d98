//! What is asked for, and what came of it.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use serde_json::Value;

/// Sizes that crops can be fitted into, in pixels.
pub const CROP_SIZES: RangeInclusive<u32> = 128..=1024;

/// An archive that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Ids of detections, in the order in which the archive has them.
    pub detection_ids: Vec<String>,
    /// Whether the crops are in it.
    pub include_crops: bool,
    /// Whether `metadata.csv` is in it.
    pub include_metadata_csv: bool,
    /// Side of the square that each crop is fitted into, in pixels. See [`CROP_SIZES`].
    pub crop_size: u32,
    /// The request as it was made, for the manifest.
    pub request: Value,
    /// Threads that decode and cut.
    pub threads: NonZeroUsize,
}

/// Somebody who waits for an archive.
pub trait Watch: Sync {
    /// `done` detections have been dealt with, of all that were asked for.
    fn progress(&self, done: u64);

    /// Nobody waits any more: writing ends with
    /// [`ArchiveError::Cancelled`](crate::ArchiveError::Cancelled).
    fn is_cancelled(&self) -> bool;
}

/// Nobody who waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: u64) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What is in an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Detections asked for.
    pub asked_for: usize,
    /// Crops in it.
    pub crops: usize,
    /// Rows of `metadata.csv`.
    pub metadata_rows: usize,
    /// Detections of which something that was asked for is not in it; the manifest has each
    /// with its reason.
    pub missing: usize,
}
