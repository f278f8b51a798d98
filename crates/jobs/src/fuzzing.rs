//! Private parts that fuzz targets and benchmarks call.

use crate::error::StoreError;
use crate::id::JobId;
use crate::record::JobRecord;

/// Parses the text of a record in Redis that expires in an hour.
pub fn parse_record(job_id: &JobId, text: &str) -> Result<JobRecord, StoreError> {
    crate::redis::parse_record(job_id, text, 3_600_000)
}
