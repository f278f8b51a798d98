//! The interface of job stores, in four roles.
//!
//! A store has all four ([`JobStore`]). Each part of the program gets only the role that it needs, so the
//! compiler makes sure, for example, that no handler of a request claims a job.
//!
//! The store is the only source of a job's status: callers must not base decisions on copies.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::error::{LeaseError, StoreError, SubmitError};
use crate::id::{JobId, WorkerId};
use crate::job::{Artifact, Callback, Claim, Failure, Lease, NewJob};
use crate::options::StoreOptions;
use crate::record::{JobRecord, JobState, Submission};

/// The state of a job after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It waits for another attempt.
    Retry,
    /// It failed for good.
    Failed,
}

/// What [`JobQueue::reap`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReapReport {
    /// Jobs whose lease expired, which are queued again.
    pub requeued: Vec<JobId>,
    /// Jobs whose lease expired during their last attempt, which failed.
    pub failed: Vec<JobId>,
    /// Expired jobs, whose records are gone, with the names of their files.
    pub expired: Vec<(JobId, Option<String>)>,
}

/// A page of the list of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Newest first, each with its place in the order of submission. No two jobs ever have the same place.
    /// The page after a job begins from its place.
    pub records: Vec<(u64, JobRecord)>,
    /// The place of the last record, if there may be more after it.
    pub next: Option<u64>,
}

/// The jobs that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The number of the latest change. Numbers grow. A store that knows no earlier number begins with the
    /// time in milliseconds.
    pub now: u64,
    /// The jobs that changed, each once, in the order of their last changes. `None` if the store no longer
    /// knows: read all jobs.
    pub jobs: Option<Vec<JobId>>,
}

/// A message of the store about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeMessage {
    /// A job changed. Messages come in the order of their numbers, and none is missing without a
    /// [`ChangeMessage::Missed`].
    Changed {
        /// The number of the change; see [`Changes::now`].
        number: u64,
        /// The job.
        job_id: JobId,
        /// Whether the change is only a heartbeat of the worker.
        is_heartbeat: bool,
    },
    /// Messages before this one may have been lost: call [`JobReader::changes`].
    Missed,
}

/// One of several records that were read together; `None` if there is no such job. An error concerns this
/// record alone.
pub type RecordResult = Result<Option<JobRecord>, StoreError>;

/// A record with the position of the job in the queue, 1 for the next, if it is queued.
pub type PlacedRecord = (JobRecord, Option<u64>);

/// The same as [`RecordResult`] for a record with its position.
pub type PlacedResult = Result<Option<PlacedRecord>, StoreError>;

/// The numbers of jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait for a worker or for another attempt.
    pub queued: u64,
    /// Jobs that a worker is processing.
    pub running: u64,
    /// Jobs that have ended and not expired.
    pub ended: u64,
    /// How long the next job in the queue has waited.
    pub waited: Option<Duration>,
    /// Time since any worker of any process last asked for a job; `None` if that is not known.
    pub since_claim: Option<Duration>,
}

/// Reading jobs and following their changes: for handlers of requests, the feed of changes, the sweep of files,
/// metrics and checks.
///
/// No method changes a job. Each record is as the store had it at one moment; several records, and the place of a job
/// in the queue, may be of moments that follow each other.
#[async_trait]
pub trait JobReader: Send + Sync {
    /// The record of a job; `None` if it is unknown or expired.
    async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError>;

    /// The records of several jobs, in the order of their ids.
    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError>;

    /// The same in one command, however many jobs there are. [`JobRecord::expires_at`] may be missing, since
    /// Redis needs a command for the expiry of each job.
    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError>;

    /// The records of several jobs with their positions in the queue, in the order of their ids.
    async fn get_placed(&self, job_ids: &[JobId]) -> Result<Vec<PlacedResult>, StoreError> {
        let records = self.get_many(job_ids).await?;
        self.add_positions(
            records
                .into_iter()
                .map(|record| record.map(|found| found.map(|record| (record, None))))
                .collect(),
        )
        .await
    }

    /// Adds the positions of those queued jobs that have none yet.
    async fn add_positions(&self, mut records: Vec<PlacedResult>) -> Result<Vec<PlacedResult>, StoreError> {
        let lacks_position =
            |(record, position): &PlacedRecord| position.is_none() && record.state == JobState::Queued;
        let mut placeless: Vec<&mut PlacedRecord> =
            records.iter_mut().flatten().flatten().filter(|placed| lacks_position(placed)).collect();
        if placeless.is_empty() {
            return Ok(records);
        }
        let job_ids: Vec<JobId> = placeless.iter().map(|(record, _)| record.job_id.clone()).collect();
        match self.queue_positions(&job_ids).await {
            Ok(positions) => {
                for (placed, position) in placeless.iter_mut().zip(positions) {
                    placed.1 = position;
                }
            }
            // A damaged queue hides only what waits in it.
            Err(StoreError::Damaged(why)) => {
                let is_placeless =
                    |found: &PlacedResult| matches!(found, Ok(Some(placed)) if lacks_position(placed));
                for found in records.iter_mut().filter(|found| is_placeless(found)) {
                    *found = Err(StoreError::Damaged(why.clone()));
                }
            }
            Err(error) => return Err(error),
        }
        Ok(records)
    }

    /// The position of a job in the queue, 1 for the next; `None` if it is not queued.
    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        Ok(self.queue_positions(std::slice::from_ref(job_id)).await?.pop().flatten())
    }

    /// The positions of several jobs, in the order of their ids.
    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError>;

    /// Up to `limit` jobs, newest first, from the beginning or from [`Page::next`].
    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError>;

    /// The changes after the one numbered `since`: submissions, transitions, progress, deletions and expiry,
    /// but not what other programs write. With `None` it returns only the number of the latest change.
    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError>;

    /// Messages about changes from now on. They are hints: a store may lose them, and other programs write
    /// records without a message, so callers also have to poll from time to time.
    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage>;

    /// Whether messages arrive. If not, callers should poll more often.
    fn is_subscribed(&self) -> bool;

    /// Checks that the store answers and can write.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The numbers of jobs, for monitoring only.
    async fn stats(&self) -> Result<Stats, StoreError>;
}

/// Submitting and deleting jobs: for handlers of requests.
///
/// Each method is one atomic step.
#[async_trait]
pub trait JobSubmitter: JobReader {
    /// Creates the record of a new job and its entry in the queue, both or neither. Creates nothing if the
    /// same request was submitted before with the same idempotency key.
    ///
    /// [`SubmitError::Exists`] if the id is taken, [`SubmitError::KeyTaken`] if the key was used for another
    /// request, [`SubmitError::Full`] or [`SubmitError::OwnerFull`] if too many jobs wait.
    async fn submit(&self, job: &NewJob) -> Result<Submission, SubmitError>;

    /// Deletes a job in any state and returns its last record; `None` if there is no such job.
    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError>;
}

/// The queue as workers and their clock use it: claiming jobs, renewing leases and ending attempts, and
/// taking jobs from lost workers.
///
/// Each method is one atomic step. Of all workers that ever had a job, only the one with the current attempt
/// can change it.
#[async_trait]
pub trait JobQueue: JobReader {
    /// Gives the next job to `worker`; `None` if there is none. Never gives a job to two workers.
    ///
    /// Owners take turns, and the jobs of one owner are claimed in the order of their submission. So a
    /// thousand jobs of one owner delay a job of another owner by one job, not by a thousand.
    ///
    /// A worker has one job at a time. If it claims while it has one, it gets the same job again, since the
    /// first answer must have been lost.
    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError>;

    /// Renews the lease and the time to live, and stores the number of processed detections.
    async fn heartbeat(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError>;

    /// Whether the worker still holds the job. Writes nothing.
    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError>;

    /// Completes a job with its file. A second call is not an error, since the answer to the first may have
    /// been lost.
    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError>;

    /// Ends an attempt with an error. The job waits for another attempt if the error is temporary and
    /// attempts are left, else it fails.
    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError>;

    /// Hands a running job back because its worker stops. The job is queued again at once, and this does not
    /// count as an attempt.
    async fn release(&self, held: &Lease) -> Result<(), LeaseError>;

    /// Handles expired leases and removes expired jobs. Every process calls this about once a second; calls
    /// at the same time do no harm. Queued jobs do not expire as long as a process calls this.
    async fn reap(&self) -> Result<ReapReport, StoreError>;

    /// Waits until there may be a job to claim. It may return without one, and may miss one, so callers also
    /// have to poll from time to time.
    async fn wait_for_work(&self);

    /// The settings of the store.
    fn options(&self) -> &StoreOptions;
}

/// The callbacks that are due: for the sender of webhooks.
///
/// The transition that ends a job makes its callback due in the same step, so none is forgotten.
#[async_trait]
pub trait CallbackQueue: JobReader {
    /// Gives the caller a callback that is due, if there is one, and reserves it for the time `reservation`.
    /// In that time the caller sends it and calls [`CallbackQueue::settle_callback`]. If the caller is lost, the
    /// callback is given out again, so it may be sent twice. Deleted and expired jobs have no callbacks.
    async fn claim_callback(&self, reservation: Duration) -> Result<Option<Callback>, StoreError>;

    /// Removes a callback that was sent or given up; with `retry_in`, schedules it again after that time.
    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError>;
}

/// A store of jobs: all roles together, for opening a store and for the tests of stores.
pub trait JobStore: JobSubmitter + JobQueue + CallbackQueue {}

impl<T: JobSubmitter + JobQueue + CallbackQueue> JobStore for T {}
