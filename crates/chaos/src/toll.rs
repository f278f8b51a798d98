//! What was done, and what became of the jobs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::sleep;

use crate::processes::Fleet;
use crate::reference::Comparison;

/// How a job ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a whole file.
    Completed,
    /// With a reason.
    Failed,
    /// By its client's wish.
    Deleted,
    /// It did not end.
    Stuck,
    /// It was accepted, and nobody knows of it any more.
    Lost,
    /// It was deleted, and is there.
    Returned,
    /// It is completed, and its file is not whole or not there.
    Broken,
}

/// Counts of everything.
#[derive(Debug, Default)]
pub struct Toll {
    killed: AtomicU64,
    stopped: AtomicU64,
    terminated: AtomicU64,
    redis_restarted: AtomicU64,
    postgres_restarted: AtomicU64,
    s3_failed: AtomicU64,
    submitted: AtomicU64,
    refused: AtomicU64,
    faults: AtomicU64,
    /// Requests that were made to do harm, and were answered.
    poisoned: AtomicU64,
    poisoned_refused: AtomicU64,
    compared: AtomicU64,
    /// Crops that are not what their picture gives alone, or are missing for another reason.
    differing: AtomicU64,
    jobs: Mutex<Vec<(String, &'static str, End)>>,
    /// Completed for a client, and something else later.
    changed: AtomicU64,
    left_over: AtomicU64,
    missing: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Toll {
    pub fn killed(&self) {
        count(&self.killed);
    }

    pub fn stopped(&self) {
        count(&self.stopped);
    }

    pub fn terminated(&self) {
        count(&self.terminated);
    }

    pub fn redis_restarted(&self) {
        count(&self.redis_restarted);
    }

    pub fn postgres_restarted(&self) {
        count(&self.postgres_restarted);
    }

    pub fn s3_failed(&self) {
        count(&self.s3_failed);
    }

    pub fn submitted(&self) {
        count(&self.submitted);
    }

    /// A request was told to come again.
    pub fn refused(&self) {
        count(&self.refused);
    }

    /// A request was answered; with a fault of the server, that is counted.
    pub fn answered(&self, status: StatusCode) {
        if status.is_server_error() {
            count(&self.faults);
        }
    }

    /// A request that was made to do harm was answered.
    pub fn poisoned(&self, status: StatusCode) {
        count(&self.poisoned);
        if status.is_client_error() {
            count(&self.poisoned_refused);
        }
    }

    /// The crops of an archive were compared with what their pictures give alone.
    pub fn compared(&self, comparison: Comparison) {
        self.compared.fetch_add(comparison.compared, Ordering::Relaxed);
        self.differing.fetch_add(comparison.differing, Ordering::Relaxed);
    }

    pub fn ended(&self, job_id: &str, kind: &'static str, end: End) {
        self.jobs.lock().unwrap().push((job_id.into(), kind, end));
    }

    /// Waits until files and records agree, and counts where they do not in the end.
    pub async fn settle(&self, fleet: &Fleet) {
        let begun = Instant::now();
        let (mut left_over, mut missing) = differences(fleet);
        // The folder is looked through every 30 seconds.
        while (left_over, missing) != (0, 0) && begun.elapsed() < Duration::from_mins(2) {
            sleep(Duration::from_millis(500)).await;
            (left_over, missing) = differences(fleet);
        }
        self.left_over.store(left_over, Ordering::Relaxed);
        self.missing.store(missing, Ordering::Relaxed);
        for (job_id, _, end) in self.jobs.lock().unwrap().iter() {
            let record = fleet.ground.redis.cli(&["GET", &format!("export_job:{job_id}")]);
            let wanted = match end {
                End::Completed => r#""status":"completed""#,
                End::Failed => r#""status":"failed""#,
                End::Deleted => "",
                _ => continue,
            };
            if !record.contains(wanted) || (wanted.is_empty() && !record.is_empty()) {
                count(&self.changed);
            }
        }
    }

    fn many(&self, end: End) -> usize {
        self.jobs.lock().unwrap().iter().filter(|(.., other)| *other == end).count()
    }

    /// Nothing happened that must not.
    pub fn is_clean(&self) -> bool {
        let bad = [End::Stuck, End::Lost, End::Returned, End::Broken].map(|end| self.many(end));
        let counters = [&self.left_over, &self.missing, &self.changed, &self.faults, &self.differing];
        bad.iter().all(|many| *many == 0)
            && counters.iter().all(|counter| counter.load(Ordering::Relaxed) == 0)
    }
}

/// Files that no completed record names, and completed records whose file is not there. A job
/// that waits or runs (whose client gave up on it) has neither.
fn differences(fleet: &Fleet) -> (u64, u64) {
    let files: BTreeSet<String> = fleet.files().into_iter().collect();
    let keys = fleet.ground.redis.cli(&["--scan", "--pattern", "export_job:*"]);
    let records = keys
        .lines()
        .filter_map(|key| serde_json::from_str::<Value>(&fleet.ground.redis.cli(&["GET", key])).ok());
    let wanted: BTreeSet<String> = records
        .filter(|record| record["status"] == "completed")
        .filter_map(|record| record["filename"].as_str().map(str::to_owned))
        .collect();
    let many = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    (many(files.difference(&wanted).count()), many(wanted.difference(&files).count()))
}

impl fmt::Display for Toll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        writeln!(f, "processes killed      {:>6}", of(&self.killed))?;
        writeln!(
            f,
            "processes stopped     {:>6}  (SIGSTOP, and on again later; Redis among them)",
            of(&self.stopped)
        )?;
        writeln!(f, "processes terminated  {:>6}  (SIGTERM)", of(&self.terminated))?;
        writeln!(f, "Redis killed          {:>6}  (and started again)", of(&self.redis_restarted))?;
        writeln!(f, "PostgreSQL killed     {:>6}  (and started again)", of(&self.postgres_restarted))?;
        writeln!(f, "S3 made to fail       {:>6}  (500, cut off, away, slow)", of(&self.s3_failed))?;
        writeln!(f, "requests answered 503 {:>6}", of(&self.refused))?;
        writeln!(f, "requests answered 500 {:>6}", of(&self.faults))?;
        writeln!(f, "jobs submitted        {:>6}", of(&self.submitted))?;
        writeln!(
            f,
            "poisoned requests     {:>6}  ({} refused; the others are jobs)",
            of(&self.poisoned),
            of(&self.poisoned_refused)
        )?;
        writeln!(f, "jobs completed        {:>6}  (downloaded whole)", self.many(End::Completed))?;
        writeln!(f, "jobs failed           {:>6}", self.many(End::Failed))?;
        writeln!(f, "jobs deleted          {:>6}", self.many(End::Deleted))?;
        writeln!(f, "jobs lost             {:>6}  (accepted and forgotten)", self.many(End::Lost))?;
        writeln!(f, "jobs returned         {:>6}  (deleted and there again)", self.many(End::Returned))?;
        writeln!(f, "jobs changed          {:>6}  (ended, and something else later)", of(&self.changed))?;
        writeln!(f, "files broken          {:>6}", self.many(End::Broken))?;
        writeln!(f, "files missing         {:>6}", of(&self.missing))?;
        writeln!(
            f,
            "crops compared        {:>6}  (with what their pictures give alone)",
            of(&self.compared)
        )?;
        writeln!(
            f,
            "crops differing       {:>6}  (or missing for another reason than alone)",
            of(&self.differing)
        )?;
        writeln!(f, "jobs stuck            {:>6}", self.many(End::Stuck))?;
        write!(f, "files left over       {:>6}", of(&self.left_over))
    }
}
