//! What happened to which job, for those who look on. Kept in memory: one process has the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::id::JobId;
use crate::store::{ChangeMessage, Changes};

/// Jobs whose last changes are kept.
const MOST: usize = 10_000;
/// Messages that a listener may be behind before it has to ask.
const MAX_BEHIND: usize = 1024;

/// The changes since the store was opened.
#[derive(Debug)]
pub(super) struct Feed {
    known: Mutex<Known>,
    messages: broadcast::Sender<ChangeMessage>,
}

#[derive(Debug)]
struct Known {
    /// The number of the last change.
    now: u64,
    /// Of changes after this one all is known.
    since: u64,
    numbers: HashMap<JobId, u64>,
    jobs: BTreeMap<u64, JobId>,
}

impl Feed {
    /// `begin` is beyond any number of an earlier process.
    pub fn new(begin: u64) -> Self {
        let known = Known { now: begin, since: begin, numbers: HashMap::new(), jobs: BTreeMap::new() };
        Self { known: Mutex::new(known), messages: broadcast::Sender::new(MAX_BEHIND) }
    }

    pub fn changed(&self, job_id: &JobId) {
        self.note(job_id, false);
    }

    /// A worker renewed its lease, and nothing else happened.
    pub fn note_heartbeat(&self, job_id: &JobId) {
        self.note(job_id, true);
    }

    /// Messages about changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.messages.subscribe()
    }

    fn note(&self, job_id: &JobId, is_heartbeat: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.now += 1;
        let now = known.now;
        if let Some(before) = known.numbers.insert(job_id.clone(), now) {
            known.jobs.remove(&before);
        }
        known.jobs.insert(now, job_id.clone());
        if known.jobs.len() > MOST
            && let Some((number, oldest)) = known.jobs.pop_first()
        {
            known.numbers.remove(&oldest);
            known.since = number;
        }
        // With the lock held, so that messages come in the order of their numbers. An error would say
        // that nobody listens.
        let message = ChangeMessage::Changed { number: now, job_id: job_id.clone(), is_heartbeat };
        let _ = self.messages.send(message);
    }

    pub fn changes(&self, since: Option<u64>) -> Changes {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = match since {
            None => Some(Vec::new()),
            Some(since) if (known.since..=known.now).contains(&since) => {
                Some(known.jobs.range(since + 1..).map(|(_, job_id)| job_id.clone()).collect())
            }
            Some(_) => None,
        };
        Changes { now: known.now, jobs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_not_claimed_to_be_known() {
        let feed = Feed::new(1000);
        let ids: Vec<JobId> = (0..=MOST).map(|_| JobId::random()).collect();
        for id in &ids {
            feed.changed(id);
        }
        assert_eq!(feed.changes(Some(1000)).jobs, None);
        assert_eq!(feed.changes(Some(1001)).jobs.map(|jobs| jobs.len()), Some(MOST));
        assert_eq!(feed.changes(Some(999)).jobs, None);
        assert_eq!(feed.changes(Some(9_999_999)).jobs, None);
    }
}
