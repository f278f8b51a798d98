//! A summary of what is in an archive.

use serde::Serialize;

use crate::missing_reasons::MissingReason;

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
