//! Problems of this process for operators: in `/readyz`, on the page, in the statuses of queued jobs, in
//! metrics and in the log.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use archive::count;
use jobs::{JobReader, Stats};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use artifacts::Artifacts;

/// Interval between checks of the disk.
const DISK_INTERVAL: Duration = Duration::from_secs(1);
/// Interval between checks for running workers.
const WORKER_INTERVAL: Duration = Duration::from_secs(5);
/// A disk that does not report its free space within this time counts as silent.
const DISK_TIMEOUT: Duration = Duration::from_secs(5);
/// With so many stuck threads no further jobs are begun, since each keeps memory and a thread of the runtime.
const MAX_STUCK_THREADS: u64 = 32;

/// A problem that keeps a process from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The disk where files are made has less free space than `--keep-free`.
    DiskFull,
    /// The folder of files does not answer.
    DiskSilent,
    /// The folder or bucket of files has the marker of another service, or none.
    FolderOfAnother,
    /// Jobs are queued, and no process has asked for one for a while.
    NoWorker,
    /// Abandoned threads of jobs have not ended.
    StuckThreads(u64),
}

impl Hindrance {
    /// The problem and what to do about it, for people.
    pub fn message(self) -> String {
        let text = match self {
            Self::DiskFull => {
                "The disk for files is nearly full (--keep-free): free some space. Until then no export is \
                 accepted or begun"
            }
            Self::DiskSilent => "The folder of files does not answer: check its disk or network mount",
            Self::FolderOfAnother => {
                "The folder of files no longer has the marker of this service, so nothing is removed from it: \
                 see the log for what to do"
            }
            Self::NoWorker => {
                "Exports are waiting and no worker is running: start trapline worker, or trapline serve with \
                 --workers"
            }
            Self::StuckThreads(number) => {
                return format!(
                    "{} stuck in a file that does not answer, such as one on a hung network mount: check the \
                     mounts of the data sets, then restart this process",
                    count(number, "thread is", "threads are")
                );
            }
        };
        text.into()
    }

    /// Whether it keeps the server from accepting exports.
    pub fn stops_submissions(self) -> bool {
        matches!(self, Self::DiskFull | Self::DiskSilent)
    }
}

/// What holds up all queued jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitingFor {
    /// No worker is running.
    Worker,
    /// The disk has no room for files.
    Disk,
}

/// The current problems of a process.
#[derive(Debug, Default)]
pub struct Condition {
    disk_full: AtomicBool,
    disk_silent: AtomicBool,
    folder_of_another: AtomicBool,
    no_worker: AtomicBool,
    stuck_threads: AtomicU64,
}

static CONDITION: LazyLock<Condition> = LazyLock::new(Condition::default);

/// The condition of this process.
pub fn condition() -> &'static Condition {
    &CONDITION
}

impl Condition {
    /// All problems.
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

    /// Whether the disk has room for files.
    pub fn has_room(&self) -> bool {
        !self.hindrances().into_iter().any(Hindrance::stops_submissions)
    }

    /// Whether workers may begin jobs.
    pub fn may_begin_jobs(&self) -> bool {
        self.has_room() && self.stuck_threads() < MAX_STUCK_THREADS
    }

    /// What holds up all queued jobs.
    pub fn waiting_for(&self) -> Option<WaitingFor> {
        let hindrances = self.hindrances();
        if hindrances.iter().any(|hindrance| hindrance.stops_submissions()) {
            Some(WaitingFor::Disk)
        } else if hindrances.contains(&Hindrance::NoWorker) {
            Some(WaitingFor::Worker)
        } else {
            None
        }
    }

    /// Notes whether the folder of files has the marker of another service, or none.
    pub fn set_folder_of_another(&self, is_so: bool) {
        self.folder_of_another.store(is_so, Ordering::Relaxed);
    }

    /// The number of abandoned threads that have not ended.
    pub fn stuck_threads(&self) -> u64 {
        self.stuck_threads.load(Ordering::Relaxed)
    }

    /// Notes that a thread was abandoned.
    pub fn add_stuck_thread(&self) {
        self.stuck_threads.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that an abandoned thread has ended.
    pub fn remove_stuck_thread(&self) {
        self.stuck_threads.fetch_sub(1, Ordering::Relaxed);
    }

    /// Checks the free space of the disk.
    pub async fn check_disk(&self, artifacts: &Artifacts, keep_free: u64) {
        let free = timeout(DISK_TIMEOUT, artifacts.free_space()).await.ok().and_then(Result::ok);
        self.disk_silent.store(free.is_none(), Ordering::Relaxed);
        let is_full = free.is_some_and(|free| free < keep_free);
        let was_full = self.disk_full.swap(is_full, Ordering::Relaxed);
        match free {
            Some(free) if is_full && !was_full => {
                tracing::error!(free, "no jobs are begun while the disk is nearly full (--keep-free)");
            }
            Some(free) if !is_full && was_full => tracing::info!(free, "the disk has room again"),
            None => tracing::error!("the folder of files does not answer"),
            _ => {}
        }
    }

    /// Notes whether no worker is running: jobs are queued, none runs, and no process has asked for one for
    /// `silent_for`.
    fn note_stats(&self, stats: &Stats, silent_for: Duration, max_silence: Duration) {
        let no_worker = stats.queued > 0 && stats.running == 0 && silent_for >= max_silence;
        if no_worker && !self.no_worker.swap(no_worker, Ordering::Relaxed) {
            tracing::error!(queued = stats.queued, "jobs are queued and no worker is running");
        }
        self.no_worker.store(no_worker, Ordering::Relaxed);
    }

    /// Checks the disk and for running workers until `stopping` is cancelled. `max_silence` is how long
    /// queued jobs may wait without any worker asking for one.
    pub async fn run_checks(
        &self,
        store: &dyn JobReader,
        artifacts: &Artifacts,
        keep_free: u64,
        max_silence: Duration,
        stopping: &CancellationToken,
    ) {
        let (begun, mut checked) = (Instant::now(), Instant::now());
        let mut ticks = interval(DISK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
            self.check_disk(artifacts, keep_free).await;
            if checked.elapsed() < WORKER_INTERVAL.min(max_silence) {
                continue;
            }
            checked = Instant::now();
            // If the store does not answer, everything else reports it.
            if let Ok(stats) = store.stats().await {
                let silent_for = stats.since_claim.unwrap_or_else(|| begun.elapsed()).min(begun.elapsed());
                self.note_stats(&stats, silent_for, max_silence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_missed_when_jobs_wait_and_none_asks_for_them() {
        let condition = Condition::default();
        let minute = Duration::from_mins(1);
        let waiting = Stats { queued: 1, ..Stats::default() };
        condition.note_stats(&waiting, Duration::from_secs(59), minute);
        assert_eq!(condition.hindrances(), []);
        condition.note_stats(&waiting, minute, minute);
        assert_eq!(condition.hindrances(), [Hindrance::NoWorker]);
        assert_eq!((condition.waiting_for(), condition.has_room()), (Some(WaitingFor::Worker), true));
        // A busy worker does not ask for jobs.
        condition.note_stats(&Stats { running: 1, ..waiting }, minute, minute);
        assert_eq!(condition.waiting_for(), None);
    }

    #[test]
    fn many_stuck_threads_keep_jobs_from_being_begun() {
        let condition = Condition::default();
        for _ in 0..MAX_STUCK_THREADS {
            assert!(condition.may_begin_jobs());
            condition.add_stuck_thread();
        }
        assert!(!condition.may_begin_jobs() && condition.has_room());
        condition.remove_stuck_thread();
        assert!(condition.may_begin_jobs());
        assert_eq!(condition.hindrances(), [Hindrance::StuckThreads(MAX_STUCK_THREADS - 1)]);
    }
}
