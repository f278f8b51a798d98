//! A status that is read and written out once for all who are told it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use jobs::{JobId, JobStore, Kind, OneRecord, Record, State, StoreError};
use serde_json::json;

use crate::access::Access;
use crate::http::polling::etag;
use crate::http::status::{body, kind_of};

/// The status of a job at one moment.
#[derive(Debug)]
pub struct SharedStatus {
    pub record: Record,
    /// Its place in the queue, while it waits.
    pub place: Option<u64>,
    body: OnceLock<StatusBody>,
}

/// A status as it is sent. It is the same for everybody who may see the job.
#[derive(Debug)]
pub struct StatusBody {
    /// JSON.
    pub text: String,
    pub etag: String,
}

impl SharedStatus {
    pub fn new(record: Record, place: Option<u64>) -> Self {
        Self { record, place, body: OnceLock::new() }
    }

    /// What is sent to whoever does not say what the job makes.
    pub fn body(&self, access: &Access) -> &StatusBody {
        let kind = kind_of(&self.record);
        self.body.get_or_init(|| StatusBody::new(&self.record, kind, self.place, access))
    }
}

impl StatusBody {
    /// What is sent to whoever takes the job for one that makes `kind`.
    pub fn new(record: &Record, kind: Kind, place: Option<u64>, access: &Access) -> Self {
        let status = json!(body(record, kind, place, access));
        Self { etag: etag(&status), text: status.to_string() }
    }
}

/// One status out of several that were read together.
pub type OneStatus = Result<Option<Arc<SharedStatus>>, StoreError>;

/// The statuses of several jobs, in the order in which they are asked for.
pub async fn read_statuses(store: &dyn JobStore, job_ids: &[JobId]) -> Result<Vec<OneStatus>, StoreError> {
    if job_ids.is_empty() {
        return Ok(Vec::new());
    }
    let records = store.get_many(job_ids).await?;
    let waiting = waiting_jobs(records.iter().filter_map(found));
    let places = read_places(store, waiting).await?;
    let shared = |record: Record| {
        let place = places.get(&record.job_id).copied();
        Arc::new(SharedStatus::new(record, place))
    };
    Ok(records.into_iter().map(|record| record.map(|found| found.map(&shared))).collect())
}

/// A record that is there and can be read.
pub fn found(record: &OneRecord) -> Option<&Record> {
    record.as_ref().ok()?.as_ref()
}

/// Those jobs that wait for a worker.
pub fn waiting_jobs<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<JobId> {
    let waiting = records.filter(|record| record.state == State::Queued);
    waiting.map(|record| record.job_id.clone()).collect()
}

/// The places in the queue of those jobs that still wait.
pub async fn read_places(
    store: &dyn JobStore,
    waiting: Vec<JobId>,
) -> Result<HashMap<JobId, u64>, StoreError> {
    if waiting.is_empty() {
        return Ok(HashMap::new());
    }
    let places = store.queue_positions(&waiting).await?;
    Ok(waiting.into_iter().zip(places).filter_map(|(job_id, place)| Some((job_id, place?))).collect())
}
