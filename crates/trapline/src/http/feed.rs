//! What happens to jobs, asked of the store once for all who look on.
//!
//! However many listeners there are, a process asks the store ten times a second what happened,
//! and once for each job to which something did. It asks nothing while nobody listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jobs::{JobId, JobStore, Record, StoreError};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// How often the store is asked.
const LOOK: Duration = Duration::from_millis(100);
/// Wait after the store did not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// Changes that a listener may be behind before it has to look for itself.
const BEHIND: usize = 256;

/// What happened.
#[derive(Clone, Debug)]
pub enum Change {
    /// A job is now like this, or gone. The number is that of the last change known by then.
    Job { number: u64, job_id: JobId, record: Option<Arc<Record>> },
    /// Something that is not known: look for yourself.
    Unknown,
}

/// Where listeners subscribe.
#[derive(Clone)]
pub struct Feed {
    sender: broadcast::Sender<Change>,
    wanted: Arc<Notify>,
    /// The change after which the first listener wants to know what happens.
    begin: Arc<Mutex<Option<u64>>>,
    /// The server stops: listeners are let go.
    pub stopping: CancellationToken,
}

impl Feed {
    /// A feed of what happens in `store`, until `stopping`.
    pub fn start(store: Arc<dyn JobStore>, stopping: CancellationToken) -> Self {
        let feed = Self {
            sender: broadcast::Sender::new(BEHIND),
            wanted: Arc::default(),
            begin: Arc::default(),
            stopping,
        };
        let (asking, stopping) = (feed.clone(), feed.stopping.clone());
        tokio::spawn(async move { stopping.run_until_cancelled(asking.ask(&*store)).await });
        feed
    }

    /// Everything that happens after the change numbered `since`, which is the last of all.
    pub fn subscribe(&self, since: u64) -> broadcast::Receiver<Change> {
        let receiver = self.sender.subscribe();
        self.begin.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(since);
        self.wanted.notify_one();
        receiver
    }

    async fn ask(&self, store: &dyn JobStore) {
        let mut since = 0;
        loop {
            let idle = self.sender.receiver_count() == 0;
            if idle {
                self.wanted.notified().await;
            }
            let begin = self.begin.lock().unwrap_or_else(PoisonError::into_inner).take();
            // What happened while nobody listened nobody wants to know.
            since = begin.filter(|_| idle).unwrap_or(since);
            match self.tell(store, &mut since).await {
                Ok(()) => tokio::time::sleep(LOOK).await,
                Err(error) => {
                    tracing::warn!(%error, "listeners are not told what happens to jobs for the moment");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Tells what happened after `since`, which goes on when all of it was told.
    async fn tell(&self, store: &dyn JobStore, since: &mut u64) -> Result<(), StoreError> {
        let changes = store.changes(Some(*since)).await?;
        let Some(jobs) = changes.jobs else {
            let _ = self.sender.send(Change::Unknown);
            *since = changes.now;
            return Ok(());
        };
        for job_id in jobs {
            let record = match store.get(&job_id).await {
                Err(StoreError::Damaged(_)) => continue,
                found => found?.map(Arc::new),
            };
            // An error would say that nobody listens any more.
            let _ = self.sender.send(Change::Job { number: changes.now, job_id, record });
        }
        *since = changes.now;
        Ok(())
    }
}
