//! The changes of jobs since the store was opened. They are in memory, since only one process uses the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::id::JobId;
use crate::store::{ChangeMessage, Changes};

/// The most jobs whose last changes are kept.
const MAX_JOBS: usize = 10_000;
/// Messages that a receiver may be behind before it loses some.
const MAX_BEHIND: usize = 1024;

/// The log of changes, which also sends messages about them.
#[derive(Debug)]
pub(super) struct ChangeLog {
    entries: Mutex<Entries>,
    messages: broadcast::Sender<ChangeMessage>,
}

#[derive(Debug)]
struct Entries {
    /// The number of the latest change.
    now: u64,
    /// All changes after this one are in the log.
    since: u64,
    numbers: HashMap<JobId, u64>,
    jobs: BTreeMap<u64, JobId>,
}

impl ChangeLog {
    /// An empty log. `begin` must be higher than any number of an earlier process.
    pub fn new(begin: u64) -> Self {
        let entries = Entries { now: begin, since: begin, numbers: HashMap::new(), jobs: BTreeMap::new() };
        Self { entries: Mutex::new(entries), messages: broadcast::Sender::new(MAX_BEHIND) }
    }

    /// Adds a change of a job.
    pub fn add_change(&self, job_id: &JobId) {
        self.add(job_id, false);
    }

    /// Adds a change that is only a heartbeat.
    pub fn add_heartbeat(&self, job_id: &JobId) {
        self.add(job_id, true);
    }

    /// Messages about changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.messages.subscribe()
    }

    fn add(&self, job_id: &JobId, is_heartbeat: bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.now += 1;
        let now = entries.now;
        if let Some(before) = entries.numbers.insert(job_id.clone(), now) {
            entries.jobs.remove(&before);
        }
        entries.jobs.insert(now, job_id.clone());
        if entries.jobs.len() > MAX_JOBS
            && let Some((number, oldest)) = entries.jobs.pop_first()
        {
            entries.numbers.remove(&oldest);
            entries.since = number;
        }
        // Under the lock, so that messages come in the order of their numbers. Fails if there are no listeners.
        let message = ChangeMessage::Changed { number: now, job_id: job_id.clone(), is_heartbeat };
        let _ = self.messages.send(message);
    }

    /// The changes after the one numbered `since`.
    pub fn changes(&self, since: Option<u64>) -> Changes {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = match since {
            None => Some(Vec::new()),
            Some(since) if (entries.since..=entries.now).contains(&since) => {
                Some(entries.jobs.range(since + 1..).map(|(_, job_id)| job_id.clone()).collect())
            }
            Some(_) => None,
        };
        Changes { now: entries.now, jobs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgotten_changes_are_reported_as_unknown() {
        let log = ChangeLog::new(1000);
        let ids: Vec<JobId> = (0..=MAX_JOBS).map(|_| JobId::random()).collect();
        for id in &ids {
            log.add_change(id);
        }
        assert_eq!(log.changes(Some(1000)).jobs, None);
        assert_eq!(log.changes(Some(1001)).jobs.map(|jobs| jobs.len()), Some(MAX_JOBS));
        assert_eq!(log.changes(Some(999)).jobs, None);
        assert_eq!(log.changes(Some(9_999_999)).jobs, None);
    }
}
