//! What hinders this process, as an operator is told of it: by `/readyz`, the page, statuses of jobs
//! that wait, metrics and the log.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jobs::{JobStore, Stats};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::artifacts::Artifacts;

/// How often the disk is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the job store is asked whether anybody works.
const ASK: Duration = Duration::from_secs(5);
/// A disk that does not say within this how much room it has does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// With so many threads stuck no further jobs are begun: each takes memory and one of the threads of
/// the runtime.
const MOST_STUCK: u64 = 32;

/// What hinders a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The disk where files are made has less room than `--keep-free`.
    DiskFull,
    /// The folder of files does not answer.
    DiskSilent,
    /// The folder or bucket of files is marked as another service's, or not at all.
    FolderOfAnother,
    /// Jobs wait, and no process has asked for one for a while.
    NoWorker,
    /// Threads of jobs that were let go are still stuck.
    StuckThreads(u64),
}

impl Hindrance {
    /// What is wrong and what to do, for people.
    pub fn message(self) -> String {
        match self {
            Self::DiskFull => {
                "The disk where files are made is nearly full (--keep-free): make room. Until then \
                               no export is begun, and none is taken"
                    .into()
            }
            Self::DiskSilent => {
                "The folder of files does not answer: look at its disk or network mount".into()
            }
            Self::FolderOfAnother => {
                "The folder of files is no longer marked as this service's, so nothing is removed \
                                      from it: see the log for what to do"
                    .into()
            }
            Self::NoWorker => {
                "Exports wait and no worker is running: start trapline worker, or trapline serve \
                               with --workers"
                    .into()
            }
            Self::StuckThreads(1) => stuck("1 thread is"),
            Self::StuckThreads(number) => stuck(&format!("{number} threads are")),
        }
    }

    /// Whether exports cannot even be taken.
    pub fn stops_submissions(self) -> bool {
        matches!(self, Self::DiskFull | Self::DiskSilent)
    }
}

fn stuck(threads: &str) -> String {
    format!(
        "{threads} stuck in a file that does not answer, such as one on a hung network mount: look at the mounts of \
         the data sets, then restart this process"
    )
}

/// What hinders this process now.
#[derive(Debug, Default)]
pub struct Condition {
    disk_full: AtomicBool,
    disk_silent: AtomicBool,
    folder_of_another: AtomicBool,
    no_worker: AtomicBool,
    stuck: AtomicU64,
}

static CONDITION: Condition = Condition {
    disk_full: AtomicBool::new(false),
    disk_silent: AtomicBool::new(false),
    folder_of_another: AtomicBool::new(false),
    no_worker: AtomicBool::new(false),
    stuck: AtomicU64::new(0),
};

/// That of this process.
pub fn condition() -> &'static Condition {
    &CONDITION
}

impl Condition {
    /// All that hinders.
    pub fn hindrances(&self) -> Vec<Hindrance> {
        let when = |flag: &AtomicBool, hindrance| flag.load(Ordering::Relaxed).then_some(hindrance);
        let stuck = self.stuck_threads();
        [
            when(&self.disk_full, Hindrance::DiskFull),
            when(&self.disk_silent, Hindrance::DiskSilent),
            when(&self.folder_of_another, Hindrance::FolderOfAnother),
            when(&self.no_worker, Hindrance::NoWorker),
            (stuck > 0).then_some(Hindrance::StuckThreads(stuck)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether files can be made.
    pub fn has_room(&self) -> bool {
        !self.hindrances().into_iter().any(Hindrance::stops_submissions)
    }

    /// Whether workers may begin jobs.
    pub fn may_begin(&self) -> bool {
        self.has_room() && self.stuck_threads() < MOST_STUCK
    }

    /// What jobs wait for besides their turn, in one word.
    pub fn waiting_for(&self) -> Option<&'static str> {
        let found = self.hindrances();
        if found.iter().any(|hindrance| hindrance.stops_submissions()) {
            Some("disk")
        } else if found.contains(&Hindrance::NoWorker) {
            Some("worker")
        } else {
            None
        }
    }

    /// Notes whether the folder of files is marked as another service's.
    pub fn set_folder_of_another(&self, is_so: bool) {
        self.folder_of_another.store(is_so, Ordering::Relaxed);
    }

    /// Threads of jobs that were let go and have not come back.
    pub fn stuck_threads(&self) -> u64 {
        self.stuck.load(Ordering::Relaxed)
    }

    /// A thread did not stop, and was let go.
    pub fn add_stuck_thread(&self) {
        self.stuck.fetch_add(1, Ordering::Relaxed);
    }

    /// A thread that was let go came back.
    pub fn remove_stuck_thread(&self) {
        self.stuck.fetch_sub(1, Ordering::Relaxed);
    }

    /// Looks at the disk once; at the start, before anything is begun.
    pub async fn look_at_disk(&self, artifacts: &Artifacts, keep_free: u64) {
        let artifacts = artifacts.clone();
        let looking = tokio::task::spawn_blocking(move || artifacts.free());
        let free = timeout(PATIENCE, looking).await.ok().and_then(Result::ok);
        self.disk_silent.store(free.is_none(), Ordering::Relaxed);
        let is_full = free.is_some_and(|free| free < keep_free);
        let was_full = self.disk_full.swap(is_full, Ordering::Relaxed);
        match free {
            Some(free) if is_full && !was_full => {
                tracing::error!(free, "no jobs are begun while the disk is nearly full (--keep-free)");
            }
            Some(free) if !is_full && was_full => tracing::info!(free, "there is room on the disk again"),
            None => tracing::error!("the folder of files does not answer"),
            _ => {}
        }
    }

    fn note_stats(&self, stats: &Stats, silent_for: Duration, patience: Duration) {
        let no_worker = stats.queued > 0 && stats.running == 0 && silent_for >= patience;
        if no_worker && !self.no_worker.swap(no_worker, Ordering::Relaxed) {
            tracing::error!(queued = stats.queued, "jobs wait and no worker is running");
        }
        self.no_worker.store(no_worker, Ordering::Relaxed);
    }

    /// Keeps looking until `stopping`. No worker is missed before nobody has asked for a job for the
    /// time of `patience`.
    pub async fn watch(
        &self,
        store: &dyn JobStore,
        artifacts: &Artifacts,
        keep_free: u64,
        patience: Duration,
        stopping: &CancellationToken,
    ) {
        let (begun, mut asked) = (Instant::now(), Instant::now());
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(looks.tick()).await.is_some() {
            self.look_at_disk(artifacts, keep_free).await;
            if asked.elapsed() < ASK.min(patience) {
                continue;
            }
            asked = Instant::now();
            // A store that does not answer is told of by everything else.
            if let Ok(stats) = store.stats().await {
                let silent_for = stats.since_claim.unwrap_or_else(|| begun.elapsed()).min(begun.elapsed());
                self.note_stats(&stats, silent_for, patience);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_missed_when_jobs_wait_and_nobody_asks_for_them() {
        let condition = Condition::default();
        let minute = Duration::from_mins(1);
        let waiting = Stats { queued: 1, ..Stats::default() };
        condition.note_stats(&waiting, Duration::from_secs(59), minute);
        assert_eq!(condition.hindrances(), []);
        condition.note_stats(&waiting, minute, minute);
        assert_eq!(condition.hindrances(), [Hindrance::NoWorker]);
        assert_eq!((condition.waiting_for(), condition.has_room()), (Some("worker"), true));
        // A worker that is busy asks for nothing.
        condition.note_stats(&Stats { running: 1, ..waiting }, minute, minute);
        assert_eq!(condition.waiting_for(), None);
    }

    #[test]
    fn many_stuck_threads_keep_jobs_from_being_begun() {
        let condition = Condition::default();
        for _ in 0..MOST_STUCK {
            assert!(condition.may_begin());
            condition.add_stuck_thread();
        }
        assert!(!condition.may_begin() && condition.has_room());
        condition.remove_stuck_thread();
        assert!(condition.may_begin());
        assert_eq!(condition.hindrances(), [Hindrance::StuckThreads(MOST_STUCK - 1)]);
    }
}
