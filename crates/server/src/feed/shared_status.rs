//! A status that is read and serialized once for all clients that it is sent to.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use jobs::{JobId, JobReader, JobRecord, JobState, RecordResult, StoreError};

use crate::access::Access;
use crate::representation::{StatusBody, infer_kind};

/// The status of a job at one moment.
#[derive(Debug)]
pub struct SharedStatus {
    pub record: JobRecord,
    /// Its position in the queue, while it is queued.
    pub queue_position: Option<u64>,
    body: OnceLock<StatusBody>,
}

impl SharedStatus {
    pub fn new(record: JobRecord, queue_position: Option<u64>) -> Self {
        Self { record, queue_position, body: OnceLock::new() }
    }

    /// The status as it is sent, serialized at the first call.
    pub fn body(&self, access: &Access) -> &StatusBody {
        let kind = infer_kind(&self.record);
        self.body.get_or_init(|| StatusBody::new(&self.record, kind, self.queue_position, access))
    }
}

/// One of several statuses that were read together; `None` if there is no such job.
pub type OneStatus = Result<Option<Arc<SharedStatus>>, StoreError>;

/// Reads the statuses of several jobs, in the order of their ids.
pub async fn read_statuses(store: &dyn JobReader, job_ids: &[JobId]) -> Result<Vec<OneStatus>, StoreError> {
    if job_ids.is_empty() {
        return Ok(Vec::new());
    }
    let share = |(record, position)| Arc::new(SharedStatus::new(record, position));
    let records = store.get_placed(job_ids).await?;
    Ok(records.into_iter().map(|record| record.map(|record| record.map(share))).collect())
}

/// The record, if there is one and the store could read it.
pub fn readable_record(record: &RecordResult) -> Option<&JobRecord> {
    record.as_ref().ok()?.as_ref()
}

/// The ids of those jobs that are queued.
pub fn queued_jobs<'a>(records: impl Iterator<Item = &'a JobRecord>) -> Vec<JobId> {
    let queued = records.filter(|record| record.state == JobState::Queued);
    queued.map(|record| record.job_id.clone()).collect()
}

/// Reads the positions in the queue of those of these jobs that are still queued.
pub async fn read_queue_positions(
    store: &dyn JobReader,
    queued: Vec<JobId>,
) -> Result<HashMap<JobId, u64>, StoreError> {
    if queued.is_empty() {
        return Ok(HashMap::new());
    }
    let positions = store.queue_positions(&queued).await?;
    Ok(queued.into_iter().zip(positions).filter_map(|(job_id, position)| Some((job_id, position?))).collect())
}
