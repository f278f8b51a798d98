//! What happens to jobs, for all requests that wait for it: a process asks the job store once,
//! however many they are.
//!
//! The store says by itself when something happened ([`JobStore::subscribe`]). The lookout then reads
//! each changed job that anybody watches, once, and hands it to all who do. It also looks once a second
//! at what no message tells of: messages that were lost, records that other programs wrote,
//! and places in the queue. It asks nothing while nobody watches.
//!
//! Nothing here stands for a job's status. A request reads the status after it has begun to watch,
//! and what is handed on is newer than the message that it was read for.

mod lookout;
mod reads;
mod shared_status;
mod watchers;

use std::sync::Arc;

use jobs::{JobId, JobStore, Record, StoreError};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use lookout::Lookout;
use reads::SharedReads;
use watchers::Watchers;

pub use shared_status::{SharedStatus, StatusBody, read_places, read_statuses, waiting_jobs};
pub use watchers::{Change, Interest, Watch};

/// Where requests wait for changes.
#[derive(Clone)]
pub struct Feed {
    watchers: Arc<Watchers>,
    reads: SharedReads,
    /// The server stops: requests that wait are let go.
    pub stopping: CancellationToken,
}

impl Feed {
    /// A feed of what happens in `store`, until `stopping`.
    pub fn start(store: Arc<dyn JobStore>, stopping: CancellationToken) -> Self {
        let watchers = Arc::new(Watchers::new());
        let reads = SharedReads::start(Arc::clone(&store), Arc::clone(&watchers));
        let lookout = Lookout::new(store, Arc::clone(&watchers));
        let stop = stopping.clone();
        tokio::spawn(async move { stop.run_until_cancelled(lookout.run()).await });
        Self { watchers, reads, stopping }
    }

    /// Watches one job. Changes come after [`Feed::begin_at`] or [`Feed::peek`].
    pub fn watch(&self, job_id: &JobId, interest: Interest) -> Watch {
        Watchers::watch(&self.watchers, job_id, interest)
    }

    /// Watches all jobs. Changes come after [`Feed::begin_at`].
    pub fn watch_all(&self) -> broadcast::Receiver<Change> {
        self.watchers.watch_all()
    }

    /// Everything that happens after the change numbered `number` is told. The caller watches
    /// already, and `number` is the last change of all.
    pub fn begin_at(&self, number: u64) {
        self.watchers.begin_at(number);
    }

    /// The record of a job, perhaps without `expires_at`, in a command that those who ask at the same
    /// moment share. What happens after it is told to those who watch.
    pub async fn peek(&self, job_id: &JobId) -> Result<Option<Arc<Record>>, StoreError> {
        self.reads.peek(job_id).await
    }

    /// The status of a job, in commands that those who ask at the same moment share.
    pub async fn read(&self, job_id: &JobId) -> Result<Option<Arc<SharedStatus>>, StoreError> {
        self.reads.read(job_id).await
    }
}
