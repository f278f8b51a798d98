//! Which requests watch which jobs.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jobs::{JobId, JobRecord};
use tokio::sync::{Notify, broadcast, watch};

use super::SharedStatus;

/// Changes that a stream of all jobs may be behind before it has to read the current state.
const MAX_BEHIND: usize = 1024;

/// A change, as watchers get it.
#[derive(Clone, Debug)]
pub enum Change {
    /// A job has this status now, or is gone if there is none. The number is that of its last change.
    Job { number: u64, job_id: JobId, status: Option<Arc<SharedStatus>> },
    /// Something unknown changed, up to the change with this number: read the job.
    Unknown { number: u64 },
    /// The job store does not answer.
    Unavailable,
}

/// Which changes of a job a watcher gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// The end of the job only.
    End,
    /// Every visible change.
    Changes,
}

/// Watches a job until it is dropped.
pub struct WatchHandle {
    watchers: Arc<Watchers>,
    job_id: JobId,
    interest: Interest,
    changes: watch::Receiver<Change>,
}

/// All watchers, and the latest change that they were sent.
pub struct Watchers {
    state: Mutex<WatchState>,
    all: broadcast::Sender<Change>,
    /// Wakes the observer when watchers arrive.
    arrivals: Notify,
}

#[derive(Default)]
struct WatchState {
    /// The latest change that was sent to all watchers; `None` while there are none.
    since: Option<u64>,
    jobs: HashMap<JobId, JobWatchers>,
}

/// The watchers of one job.
struct JobWatchers {
    /// Keeps the last change only, so a slow watcher skips to the current status.
    sender: watch::Sender<Change>,
    /// Watchers of the end of the job.
    waiters: usize,
    /// Watchers of every change.
    listeners: usize,
    /// Fingerprint of what all listeners were sent last; `None` after a new one arrived, which was sent
    /// nothing.
    fingerprint: Option<u64>,
}

/// A watched job, as the observer compares it.
pub struct WatchedJob {
    pub job_id: JobId,
    pub has_listeners: bool,
    pub fingerprint: Option<u64>,
}

impl JobWatchers {
    fn new() -> Self {
        let sender = watch::Sender::new(Change::Unavailable);
        Self { sender, waiters: 0, listeners: 0, fingerprint: None }
    }

    fn count(&mut self, interest: Interest) -> &mut usize {
        match interest {
            Interest::End => &mut self.waiters,
            Interest::Changes => &mut self.listeners,
        }
    }
}

impl Watchers {
    pub fn new() -> Self {
        Self { state: Mutex::default(), all: broadcast::Sender::new(MAX_BEHIND), arrivals: Notify::new() }
    }

    pub fn watch(watchers: &Arc<Self>, job_id: &JobId, interest: Interest) -> WatchHandle {
        let mut state = watchers.lock();
        let watched = state.jobs.entry(job_id.clone()).or_insert_with(JobWatchers::new);
        *watched.count(interest) += 1;
        if interest == Interest::Changes {
            watched.fingerprint = None;
        }
        // A change from before this moment counts as seen.
        let changes = watched.sender.subscribe();
        WatchHandle { watchers: Arc::clone(watchers), job_id: job_id.clone(), interest, changes }
    }

    pub fn watch_all(&self) -> broadcast::Receiver<Change> {
        // Under the lock, so that the observer does not pause at the same moment.
        let _state = self.lock();
        self.all.subscribe()
    }

    pub fn begin_at(&self, number: u64) {
        self.lock().since.get_or_insert(number);
        self.arrivals.notify_one();
    }

    /// The latest change that was sent to all watchers; `None` while there are none.
    pub fn position(&self) -> Option<u64> {
        self.lock().since
    }

    /// Notes that the changes up to `number` were sent.
    pub fn advance(&self, number: u64) {
        if let Some(since) = &mut self.lock().since {
            *since = number;
        }
    }

    /// Whether the observer may pause, since no client watches. Changes during the pause are not sent.
    pub fn may_pause(&self) -> bool {
        let mut state = self.lock();
        if state.jobs.is_empty() && self.all.receiver_count() == 0 {
            state.since = None;
        }
        state.since.is_none()
    }

    /// Waits until a client watches.
    pub async fn wait_for_watchers(&self) {
        self.arrivals.notified().await;
    }

    /// Whether any watcher gets a change of this job.
    pub fn is_watched(&self, job_id: &JobId, is_heartbeat: bool) -> bool {
        let state = self.lock();
        let gets = |watched: &JobWatchers| watched.listeners > 0 || !is_heartbeat;
        self.all.receiver_count() > 0 || state.jobs.get(job_id).is_some_and(gets)
    }

    /// All watched jobs.
    pub fn watched_jobs(&self) -> Vec<WatchedJob> {
        let state = self.lock();
        let job = |(job_id, watched): (&JobId, &JobWatchers)| WatchedJob {
            job_id: job_id.clone(),
            has_listeners: watched.listeners > 0,
            fingerprint: watched.fingerprint,
        };
        state.jobs.iter().map(job).collect()
    }

    /// Sends a change to the watchers of this job and to those of all jobs.
    pub fn send(&self, job_id: &JobId, change: Change) {
        // Fails if no client watches all jobs.
        let _ = self.all.send(change.clone());
        self.send_to_job(job_id, change);
    }

    /// Sends a change to the watchers of this job.
    pub fn send_to_job(&self, job_id: &JobId, change: Change) {
        let mut state = self.lock();
        let Some(watched) = state.jobs.get_mut(job_id) else { return };
        if let Change::Job { status, .. } = &change {
            let (record, position) =
                status.as_ref().map(|status| (&status.record, status.queue_position)).unzip();
            watched.fingerprint = Some(compute_fingerprint(record, position.flatten()));
        }
        watched.sender.send_replace(change);
    }

    /// Sends a change to the watchers of single jobs.
    pub fn send_to_each(&self, change: &Change) {
        for watched in self.lock().jobs.values() {
            watched.sender.send_replace(change.clone());
        }
    }

    /// Sends a change to all watchers.
    pub fn send_to_all(&self, change: &Change) {
        let _ = self.all.send(change.clone());
        self.send_to_each(change);
    }

    fn lock(&self) -> MutexGuard<'_, WatchState> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WatchHandle {
    /// The next change; only the last if there were several.
    pub async fn next(&mut self) -> Change {
        if self.changes.changed().await.is_err() {
            // Never happens: the sender lives as long as its watchers.
            return std::future::pending().await;
        }
        self.changes.borrow_and_update().clone()
    }
}

impl Drop for WatchHandle {
    fn drop(&mut self) {
        let mut state = self.watchers.lock();
        let Some(watched) = state.jobs.get_mut(&self.job_id) else { return };
        *watched.count(self.interest) -= 1;
        if watched.waiters + watched.listeners == 0 {
            state.jobs.remove(&self.job_id);
        }
    }
}

/// A number that changes with everything that is visible of a job, except for the time until it expires.
pub fn compute_fingerprint(record: Option<&JobRecord>, queue_position: Option<u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (record, queue_position).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_id(text: &str) -> JobId {
        text.parse().unwrap()
    }

    fn removal(number: u64) -> Change {
        Change::Job { number, job_id: job_id("a"), status: None }
    }

    #[tokio::test]
    async fn a_watcher_gets_changes_of_its_job_and_of_no_other() {
        let watchers = Arc::new(Watchers::new());
        let mut watch = Watchers::watch(&watchers, &job_id("a"), Interest::End);
        watchers.send(&job_id("b"), Change::Unknown { number: 1 });
        watchers.send(&job_id("a"), removal(2));
        watchers.send(&job_id("a"), removal(3));
        let change = watch.next().await;
        assert!(matches!(change, Change::Job { number: 3, status: None, .. }), "the last: {change:?}");
        // A later watcher does not get earlier changes.
        let mut late = Watchers::watch(&watchers, &job_id("a"), Interest::End);
        watchers.send(&job_id("a"), removal(4));
        assert!(matches!(late.next().await, Change::Job { number: 4, .. }));
        drop((watch, late));
        assert!(watchers.watched_jobs().is_empty());
    }

    #[test]
    fn changes_are_read_only_while_somebody_watches() {
        let watchers = Arc::new(Watchers::new());
        let watch = Watchers::watch(&watchers, &job_id("a"), Interest::End);
        assert!(watchers.may_pause(), "no first change is set");
        watchers.begin_at(7);
        watchers.begin_at(9);
        assert_eq!((watchers.may_pause(), watchers.position()), (false, Some(7)));
        assert!(watchers.is_watched(&job_id("a"), false) && !watchers.is_watched(&job_id("a"), true));
        assert!(!watchers.is_watched(&job_id("b"), false));
        drop(watch);
        assert_eq!((watchers.may_pause(), watchers.position()), (true, None));
        let all = watchers.watch_all();
        watchers.begin_at(11);
        assert!(watchers.is_watched(&job_id("b"), true) && !watchers.may_pause());
        drop(all);
        assert!(watchers.may_pause());
    }
}
