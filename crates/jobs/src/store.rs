//! What every job store does.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::id::{JobId, WorkerId};
use crate::job::{Artifact, Callback, Claim, Failure, Held, NewJob, Record, Submitted};

/// How long things last. The same for all processes that share a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long a record lives after its last write.
    pub ttl: Duration,
    /// How long a worker keeps a job without a heartbeat.
    pub lease: Duration,
    /// Attempts at a job before it is given up.
    pub max_attempts: u32,
    /// Wait before the second attempt after a passing fault; doubled for each one more.
    pub retry_delay: Duration,
    /// Jobs that may wait, in all and of one owner.
    pub most_waiting: MostWaiting,
}

/// How many jobs may wait. What runs does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostWaiting {
    /// In all.
    pub all: u32,
    /// Of one owner; jobs of nobody are not held to it.
    pub each: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(1),
            lease: Duration::from_secs(15),
            max_attempts: 3,
            retry_delay: Duration::from_secs(1),
            most_waiting: MostWaiting { all: 10_000, each: 1_000 },
        }
    }
}

impl StoreOptions {
    /// What is said of a job whose workers were lost too often.
    pub fn given_up(&self) -> String {
        format!(
            "the export was begun {} times and its worker was lost each time; submit it again, and if it fails \
             again ask for less at once (a shorter period, fewer detections)",
            self.max_attempts
        )
    }

    /// Wait after a passing fault of `attempt`, which counts from 1.
    pub fn backoff(&self, attempt: u32) -> Duration {
        self.retry_delay * 2_u32.pow(attempt.saturating_sub(1).min(10))
    }
}

/// Why the store did not answer. The transition may or may not have happened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It may answer later: try again.
    #[error("the job store does not answer ({0})")]
    Unavailable(String),
    /// It answers and will not let us in; somebody has to change a setting.
    #[error("the job store refuses ({0}); check its address, user and password")]
    Refused(String),
    /// It holds something that cannot be read; an operator has to look at it.
    #[error("the job store is damaged ({0})")]
    Damaged(String),
    /// Another process uses it, and it is made for one.
    #[error("the job store in {0} is in use by another process; stop that one, or choose another folder")]
    InUse(String),
    /// The id of a new job is taken.
    #[error("there is a job {0} already")]
    Exists(JobId),
    /// As many jobs wait as may, in all.
    #[error("as many jobs wait as may")]
    Full,
    /// As many jobs of the owner wait as may.
    #[error("as many jobs of the owner wait as may")]
    OwnerFull,
    /// The idempotency key of a new job was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyTaken,
}

/// Why a worker's transition did not happen.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// The job was deleted, ended, or is another attempt's: stop, and remove what was written.
    #[error("the job is no longer this worker's")]
    Lost,
    /// The store did not answer: try again while the lease lasts.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a job whose attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It will be tried again.
    Retry,
    /// It failed for good.
    Failed,
}

/// What the clock did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Jobs whose lease ran out, which wait for a worker again.
    pub requeued: Vec<JobId>,
    /// Jobs whose lease ran out at their last attempt, which failed.
    pub failed: Vec<JobId>,
    /// Jobs whose time to live ran out, which are gone, with the names of their files.
    pub expired: Vec<(JobId, Option<String>)>,
}

/// Part of the list of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Newest first, each with its place, which no other job ever has. The part after a job begins
    /// from its place.
    pub records: Vec<(u64, Record)>,
    /// The place of the last, when there may be more after it.
    pub next: Option<u64>,
}

/// Jobs to which something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The number of the last change of all. Numbers grow, and begin at the time in milliseconds
    /// when nothing is known of earlier ones.
    pub now: u64,
    /// The jobs that changed, each once, in the order of their last changes. `None` when it is not
    /// known any more which: look at all of them.
    pub jobs: Option<Vec<JobId>>,
}

/// What a store says by itself when something happens to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeMessage {
    /// Something happened to a job. Messages come in the order of their numbers, and none is left
    /// out without a [`ChangeMessage::Missed`].
    Changed {
        /// The number of the change; see [`Changes::now`].
        number: u64,
        /// The job.
        job_id: JobId,
        /// Its worker sent a heartbeat, and nothing else happened.
        is_heartbeat: bool,
    },
    /// Messages may have been lost before this one: ask [`JobStore::changes`].
    Missed,
}

/// One record out of several that were read together. That one cannot be read says nothing of the
/// others.
pub type OneRecord = Result<Option<Record>, StoreError>;

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait for a worker, or for another attempt.
    pub queued: u64,
    /// Jobs that a worker has.
    pub running: u64,
    /// Jobs that have ended and are still known.
    pub ended: u64,
    /// How long the job whose turn it is has waited.
    pub waited: Option<Duration>,
    /// How long it is since any worker, of any process, asked for a job; `None` when that is not
    /// known.
    pub since_claim: Option<Duration>,
}

/// Where jobs live. Each method is one atomic step.
///
/// There is one place where a job's status lives: no caller keeps a copy that decides anything.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Makes the status and the place in the queue of a new job, both or neither; makes nothing
    /// when the same request was submitted before with the same idempotency key.
    ///
    /// [`StoreError::Exists`] when its id is taken, [`StoreError::KeyTaken`] when its key is,
    /// [`StoreError::Full`] and [`StoreError::OwnerFull`] when too many wait.
    async fn submit(&self, job: &NewJob) -> Result<Submitted, StoreError>;

    /// Gives the job whose turn it is to `worker`, or `None`. Never gives one job to two.
    ///
    /// Owners take turns, and the jobs of one come in the order in which they were submitted: a
    /// thousand jobs of one hold up one of another by one job, not by a thousand.
    ///
    /// A worker has one job at a time: one that asks while it has one gets that one again, since
    /// the answer that gave it was lost.
    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError>;

    /// Renews the lease and the time to live, and notes how many detections are done.
    async fn heartbeat(&self, held: &Held, processed_count: Option<u64>) -> Result<(), HeldError>;

    /// Asks, without writing, whether the job is still this worker's.
    async fn is_held(&self, held: &Held) -> Result<bool, StoreError>;

    /// Ends a job with its file. Saying it twice is no error: the answer to the first may have
    /// been lost on the way.
    async fn complete(&self, held: &Held, artifact: &Artifact) -> Result<(), HeldError>;

    /// Ends an attempt with a reason: the job waits for another attempt when the fault may pass
    /// and attempts are left, else it fails.
    async fn fail(&self, held: &Held, failure: &Failure) -> Result<AfterFailure, HeldError>;

    /// Hands a running job back, at once and without using up an attempt: its worker stops.
    async fn release(&self, held: &Held) -> Result<(), HeldError>;

    /// Removes a job, whatever its state, and returns what it was; `None` when there is none.
    async fn delete(&self, job_id: &JobId) -> Result<Option<Record>, StoreError>;

    /// The status of a job; `None` when it is unknown or expired.
    async fn get(&self, job_id: &JobId) -> Result<Option<Record>, StoreError>;

    /// The statuses of several jobs, in the order in which they are asked for.
    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError>;

    /// The same in one command, however many jobs there are. [`Record::expires_at`] may be missing,
    /// since a Redis server tells that of one job at a time.
    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError>;

    /// The place of a job that waits, 1 for the next; `None` when it does not wait.
    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        Ok(self.queue_positions(std::slice::from_ref(job_id)).await?.pop().flatten())
    }

    /// The places of several jobs, in the order in which they are asked for.
    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError>;

    /// Jobs, newest first: up to `limit` of them, from the beginning or from [`Page::next`].
    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError>;

    /// What happened after the change numbered `since`: submissions, transitions, progress, deletions
    /// and expiry, but not what other programs write. With `None` it only tells the number.
    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError>;

    /// Messages about changes, from now on, without asking for them. They are a reason to look and
    /// nothing else: a store may lose them, and other programs write records without one, so
    /// whoever relies on them looks from time to time as well.
    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage>;

    /// Whether messages are coming. While they are not, look more often.
    fn is_subscribed(&self) -> bool;

    /// The end of a job that is to be told to the address that was given with it, or `None`. It is
    /// not given again for the time `hold`, in which the caller tells it and says so with
    /// [`JobStore::callback_done`]; if the caller is lost it is given again, so an end may be told
    /// twice. A job that is deleted or expires is not told of any more.
    async fn callback(&self, hold: Duration) -> Result<Option<Callback>, StoreError>;

    /// The end of a job was told, or nobody will try any more; with `again`, it is to be told
    /// after that time.
    async fn callback_done(&self, job_id: &JobId, again: Option<Duration>) -> Result<(), StoreError>;

    /// Does what the clock does: leases and lives that ran out. Called about once a second by
    /// every process; any number of callers at once do no harm. A job that waits does not
    /// expire while somebody calls this.
    async fn reap(&self) -> Result<Reaped, StoreError>;

    /// Waits until a job may be there to claim. It may return for nothing, and may miss one, so
    /// callers also ask from time to time.
    async fn work(&self);

    /// Whether the store answers, and can write.
    async fn check(&self) -> Result<(), StoreError>;

    /// How much there is to do, for those who watch over it. No promise rests on it.
    async fn stats(&self) -> Result<Stats, StoreError>;

    /// How long things last.
    fn options(&self) -> &StoreOptions;
}
