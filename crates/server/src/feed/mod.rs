//! Changes of jobs for all requests that wait for them: a process reads each change once, however many
//! requests wait.
//!
//! The store announces changes ([`JobReader::subscribe`]). The observer then reads each changed job that is
//! watched, once, and sends its status to all watchers. Once a second it also checks what no message
//! announces: changes whose message was lost, records that other programs wrote, and positions in the queue.
//! It reads nothing while no request waits.
//!
//! The feed is not a cache of statuses. A request reads the status after it has begun to watch, and a status
//! that the feed sends was read after the message that announced it.

mod observer;
mod reads;
mod shared_status;
mod watchers;

use std::sync::Arc;

use jobs::{JobId, JobReader, JobRecord, StoreError};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use observer::Observer;
use reads::{SharedReads, StatusReads};
use watchers::Watchers;

pub use shared_status::{SharedStatus, queued_jobs, read_queue_positions, read_statuses};
pub use watchers::{Change, Interest, WatchHandle};

/// The place where requests wait for changes.
#[derive(Clone)]
pub struct Feed {
    watchers: Arc<Watchers>,
    reads: SharedReads,
    statuses: StatusReads,
    /// Cancelled when the server stops, which ends waiting requests.
    pub stopping: CancellationToken,
}

impl Feed {
    /// Starts a feed of the changes in `store`, until `stopping` is cancelled.
    pub fn start(store: Arc<dyn JobReader>, stopping: CancellationToken) -> Self {
        let watchers = Arc::new(Watchers::new());
        let reads = SharedReads::start(Arc::clone(&store), Arc::clone(&watchers));
        let statuses = StatusReads::start(Arc::clone(&store));
        let observer = Observer { store, watchers: Arc::clone(&watchers) };
        let stop = stopping.clone();
        tokio::spawn(async move { stop.run_until_cancelled(observer.run()).await });
        Self { watchers, reads, statuses, stopping }
    }

    /// Watches one job. Changes come after [`Feed::begin_at`] or [`Feed::peek`].
    pub fn watch(&self, job_id: &JobId, interest: Interest) -> WatchHandle {
        Watchers::watch(&self.watchers, job_id, interest)
    }

    /// Watches all jobs. Changes come after [`Feed::begin_at`].
    pub fn watch_all(&self) -> broadcast::Receiver<Change> {
        self.watchers.watch_all()
    }

    /// Makes the feed send all changes after the one numbered `number`. The caller watches already, and has
    /// read `number` as the latest change.
    pub fn begin_at(&self, number: u64) {
        self.watchers.begin_at(number);
    }

    /// The record of a job, possibly without `expires_at`. Calls at the same moment share one command to the
    /// store. The feed sends all changes after it.
    pub async fn peek(&self, job_id: &JobId) -> Result<Option<Arc<JobRecord>>, StoreError> {
        self.reads.peek(job_id).await
    }

    /// The status of a job, read at once. Calls during a read share the next one.
    pub async fn read_now(&self, job_id: &JobId) -> Result<Option<Arc<SharedStatus>>, StoreError> {
        self.statuses.read(job_id).await
    }

    /// The status of a job for a request that has waited. Such requests share at most 25 reads a second.
    pub async fn read(&self, job_id: &JobId) -> Result<Option<Arc<SharedStatus>>, StoreError> {
        self.reads.read(job_id).await
    }
}
