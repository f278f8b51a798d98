//! The progress of an archive, and a summary of what is in it.

use serde::Serialize;

use crate::missing_reasons::MissingReason;

/// Follows the progress of an archive and may cancel it.
pub trait Watch: Sync {
    /// Called when `done` of the requested detections have been processed.
    fn progress(&self, done: u64);

    /// Whether to stop: writing then ends with
    /// [`ArchiveError::Cancelled`](crate::ArchiveError::Cancelled).
    fn is_cancelled(&self) -> bool;
}

/// Follows nothing and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWatch;

impl Watch for NoWatch {
    fn progress(&self, _: u64) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What is in an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ArchiveSummary {
    /// Requested detections.
    pub asked_for: usize,
    /// Crops in it.
    pub crops: usize,
    /// Whole pictures in it.
    pub pictures: usize,
    /// Pictures that stay on the web, which its tables name by their addresses.
    pub remote_pictures: usize,
    /// Rows of its table of detections.
    pub metadata_rows: usize,
    /// Detections of which something that was requested is not in it; the manifest has each
    /// with its reason.
    pub missing: usize,
    /// Why they are missing, the most frequent reason first; at most ten reasons.
    #[serde(skip)]
    pub missing_reasons: Vec<MissingReason>,
}
