//! What happened to which job, for those who look on. Kept in memory: one process has the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::id::JobId;
use crate::store::Changes;

/// Jobs whose last changes are kept.
const MOST: usize = 10_000;

/// The changes since the store was opened.
#[derive(Debug)]
pub(super) struct Feed(Mutex<Known>);

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
        Self(Mutex::new(Known { now: begin, since: begin, numbers: HashMap::new(), jobs: BTreeMap::new() }))
    }

    pub fn changed(&self, job_id: &JobId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    }

    pub fn changes(&self, since: Option<u64>) -> Changes {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
