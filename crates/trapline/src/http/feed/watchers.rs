//! Who watches which jobs.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jobs::{JobId, Record};
use tokio::sync::{Notify, broadcast, watch};

use super::SharedStatus;

/// Changes that a listener to all jobs may be behind before it has to look for itself.
const MAX_BEHIND: usize = 1024;

/// What happened.
#[derive(Clone, Debug)]
pub enum Change {
    /// A job is now like this, or gone. The number is that of its last change.
    Job { number: u64, job_id: JobId, status: Option<Arc<SharedStatus>> },
    /// Something that is not known happened before the change numbered so: read the job.
    Unknown { number: u64 },
    /// The job store does not answer.
    Unavailable,
}

/// What somebody wants to know of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Its end, and nothing before.
    End,
    /// All that is to be seen of it.
    Changes,
}

/// Somebody watches a job for as long as this is there.
pub struct Watch {
    watchers: Arc<Watchers>,
    job_id: JobId,
    interest: Interest,
    changes: watch::Receiver<Change>,
}

/// Everybody who watches, and from where on.
pub struct Watchers {
    state: Mutex<State>,
    all: broadcast::Sender<Change>,
    /// Told when there is something to ask.
    wanted: Notify,
}

#[derive(Default)]
struct State {
    /// The last change that everybody who watches was told of; `None` while nobody does.
    since: Option<u64>,
    jobs: HashMap<JobId, Watched>,
}

/// A job that is watched.
struct Watched {
    /// Keeps the last change only: whoever is slow is told how the job is, not how it was.
    sender: watch::Sender<Change>,
    waiters: usize,
    listeners: usize,
    /// What its listeners were told last; `None` when that is not the same for all of them.
    fingerprint: Option<u64>,
}

/// A job that is watched, to look at.
pub struct WatchedJob {
    pub job_id: JobId,
    pub has_listeners: bool,
    pub fingerprint: Option<u64>,
}

impl Watched {
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
        Self { state: Mutex::default(), all: broadcast::Sender::new(MAX_BEHIND), wanted: Notify::new() }
    }

    pub fn watch(watchers: &Arc<Self>, job_id: &JobId, interest: Interest) -> Watch {
        let mut state = watchers.lock();
        let watched = state.jobs.entry(job_id.clone()).or_insert_with(Watched::new);
        *watched.count(interest) += 1;
        if interest == Interest::Changes {
            watched.fingerprint = None;
        }
        // What was told before is taken for seen.
        let changes = watched.sender.subscribe();
        Watch { watchers: Arc::clone(watchers), job_id: job_id.clone(), interest, changes }
    }

    pub fn watch_all(&self) -> broadcast::Receiver<Change> {
        // So that the lookout does not rest in the same moment.
        let _state = self.lock();
        self.all.subscribe()
    }

    pub fn begin_at(&self, number: u64) {
        self.lock().since.get_or_insert(number);
        self.wanted.notify_one();
    }

    /// The last change that everybody was told of; `None` when nobody is to be told of any.
    pub fn since(&self) -> Option<u64> {
        self.lock().since
    }

    /// Everybody was told of the changes up to `number`.
    pub fn advance(&self, number: u64) {
        if let Some(since) = &mut self.lock().since {
            *since = number;
        }
    }

    /// Whether there is nothing to ask. When nobody watches, what happens meanwhile is of no interest.
    pub fn may_rest(&self) -> bool {
        let mut state = self.lock();
        if state.jobs.is_empty() && self.all.receiver_count() == 0 {
            state.since = None;
        }
        state.since.is_none()
    }

    pub async fn wait_until_wanted(&self) {
        self.wanted.notified().await;
    }

    /// Whether anybody wants to be told of a change.
    pub fn is_watched(&self, job_id: &JobId, is_heartbeat: bool) -> bool {
        let state = self.lock();
        let wants = |watched: &Watched| watched.listeners > 0 || !is_heartbeat;
        self.all.receiver_count() > 0 || state.jobs.get(job_id).is_some_and(wants)
    }

    /// Each job that somebody watches.
    pub fn watched_jobs(&self) -> Vec<WatchedJob> {
        let state = self.lock();
        let job = |(job_id, watched): (&JobId, &Watched)| WatchedJob {
            job_id: job_id.clone(),
            has_listeners: watched.listeners > 0,
            fingerprint: watched.fingerprint,
        };
        state.jobs.iter().map(job).collect()
    }

    /// Tells those who watch this job, and those who watch all.
    pub fn send(&self, job_id: &JobId, change: Change) {
        // An error would say that nobody listens any more.
        let _ = self.all.send(change.clone());
        self.send_to_job(job_id, change);
    }

    /// Tells those who watch this job.
    pub fn send_to_job(&self, job_id: &JobId, change: Change) {
        let mut state = self.lock();
        let Some(watched) = state.jobs.get_mut(job_id) else { return };
        if let Change::Job { status, .. } = &change {
            let (record, place) = status.as_ref().map(|status| (&status.record, status.place)).unzip();
            watched.fingerprint = Some(fingerprint(record, place.flatten()));
        }
        watched.sender.send_replace(change);
    }

    /// Tells those who watch one job each.
    pub fn send_to_each(&self, change: &Change) {
        for watched in self.lock().jobs.values() {
            watched.sender.send_replace(change.clone());
        }
    }

    /// Tells everybody.
    pub fn send_to_all(&self, change: &Change) {
        let _ = self.all.send(change.clone());
        self.send_to_each(change);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can fail is done with it in hand.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// The next change, or the last when there were several.
    pub async fn next(&mut self) -> Change {
        if self.changes.changed().await.is_err() {
            // The sender is kept for as long as this is there.
            return std::future::pending().await;
        }
        self.changes.borrow_and_update().clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.watchers.lock();
        let Some(watched) = state.jobs.get_mut(&self.job_id) else { return };
        *watched.count(self.interest) -= 1;
        if watched.waiters + watched.listeners == 0 {
            state.jobs.remove(&self.job_id);
        }
    }
}

/// Another number as soon as anything is to be seen of a job, but for the time that it has left.
pub fn fingerprint(record: Option<&Record>, place: Option<u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let record = record.map(|record| Record { expires_at: None, ..record.clone() });
    (record, place).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_id(text: &str) -> JobId {
        text.parse().unwrap()
    }

    fn gone(number: u64) -> Change {
        Change::Job { number, job_id: job_id("a"), status: None }
    }

    #[tokio::test]
    async fn whoever_watches_a_job_is_told_of_it_and_of_no_other() {
        let watchers = Arc::new(Watchers::new());
        let mut watch = Watchers::watch(&watchers, &job_id("a"), Interest::End);
        watchers.send(&job_id("b"), Change::Unknown { number: 1 });
        watchers.send(&job_id("a"), gone(2));
        watchers.send(&job_id("a"), gone(3));
        let told = watch.next().await;
        assert!(matches!(told, Change::Job { number: 3, status: None, .. }), "the last: {told:?}");
        // Whoever comes now is not told what was before.
        let mut late = Watchers::watch(&watchers, &job_id("a"), Interest::End);
        watchers.send(&job_id("a"), gone(4));
        assert!(matches!(late.next().await, Change::Job { number: 4, .. }));
        drop((watch, late));
        assert!(watchers.watched_jobs().is_empty());
    }

    #[test]
    fn changes_are_asked_for_only_while_somebody_watches() {
        let watchers = Arc::new(Watchers::new());
        let watch = Watchers::watch(&watchers, &job_id("a"), Interest::End);
        assert!(watchers.may_rest(), "nobody has said from where on");
        watchers.begin_at(7);
        watchers.begin_at(9);
        assert_eq!((watchers.may_rest(), watchers.since()), (false, Some(7)));
        assert!(watchers.is_watched(&job_id("a"), false) && !watchers.is_watched(&job_id("a"), true));
        assert!(!watchers.is_watched(&job_id("b"), false));
        drop(watch);
        assert_eq!((watchers.may_rest(), watchers.since()), (true, None));
        let all = watchers.watch_all();
        watchers.begin_at(11);
        assert!(watchers.is_watched(&job_id("b"), true) && !watchers.may_rest());
        drop(all);
        assert!(watchers.may_rest());
    }
}
