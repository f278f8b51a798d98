//! A request while it is worked on.

use std::borrow::Cow;

use crate::error::ArchiveError;
use crate::request::{ArchiveRequest, Resources};
use crate::rules::Rules;

/// What the tables and the manifest of an archive hold of each detection in memory, in bytes.
const MEMORY_OF_A_DETECTION: u64 = 1 << 10;

/// A request with the detections that it selects.
pub(crate) struct ArchiveJob<'a> {
    pub request: &'a ArchiveRequest,
    /// Ids, in the order of the archive.
    pub detection_ids: Cow<'a, [String]>,
    pub resources: &'a Resources,
    pub rules: Rules,
}

impl ArchiveJob<'_> {
    /// Refuses an archive whose tables alone would take more memory than an export may.
    pub fn check_memory(&self) -> Result<(), ArchiveError> {
        let needed = self.detection_ids.len() as u64 * MEMORY_OF_A_DETECTION;
        if needed <= self.resources.job_memory {
            return Ok(());
        }
        Err(ArchiveError::TooMany {
            detections: self.detection_ids.len(),
            needed_mib: needed >> 20,
            limit_mib: self.resources.job_memory >> 20,
        })
    }
}
