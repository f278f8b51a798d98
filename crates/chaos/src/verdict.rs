//! Counts of what was done and of how the jobs ended.

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
pub enum JobEnd {
    /// Completed with a whole file.
    Completed,
    /// Failed with a reason.
    Failed,
    /// Deleted by its client.
    Deleted,
    /// It did not end.
    Stuck,
    /// It was accepted, but does not exist any more.
    Lost,
    /// It was deleted, but still exists.
    Returned,
    /// It is completed, but its file is incomplete or missing.
    Broken,
}

/// Counts of everything.
#[derive(Debug, Default)]
pub struct Verdict {
    killed: AtomicU64,
    stopped: AtomicU64,
    terminated: AtomicU64,
    redis_restarted: AtomicU64,
    postgres_restarted: AtomicU64,
    s3_failed: AtomicU64,
    submitted: AtomicU64,
    /// Answers with 503.
    unavailable: AtomicU64,
    /// Answers with another status from 500 on.
    faults: AtomicU64,
    /// Answers to requests that were made to do harm.
    poisoned: AtomicU64,
    poisoned_refused: AtomicU64,
    compared: AtomicU64,
    /// Crops that differ from the reference, or are missing for another reason than there.
    differing: AtomicU64,
    jobs: Mutex<Vec<(String, &'static str, JobEnd)>>,
    /// Jobs whose record does not agree with what their client saw.
    changed: AtomicU64,
    /// Files that no record names.
    left_over: AtomicU64,
    /// Files that a record names and that do not exist.
    missing: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Verdict {
    pub fn count_kill(&self) {
        count(&self.killed);
    }

    pub fn count_stop(&self) {
        count(&self.stopped);
    }

    pub fn count_termination(&self) {
        count(&self.terminated);
    }

    pub fn count_redis_restart(&self) {
        count(&self.redis_restarted);
    }

    pub fn count_postgres_restart(&self) {
        count(&self.postgres_restarted);
    }

    pub fn count_s3_failure(&self) {
        count(&self.s3_failed);
    }

    pub fn count_submission(&self) {
        count(&self.submitted);
    }

    /// Counts an answer with 503.
    pub fn count_unavailable(&self) {
        count(&self.unavailable);
    }

    /// Counts an answer other than 503, if it is a fault of the server.
    pub fn count_answer(&self, status: StatusCode) {
        if status.is_server_error() {
            count(&self.faults);
        }
    }

    /// Counts the answer to a request that was made to do harm.
    pub fn count_poisoned(&self, status: StatusCode) {
        count(&self.poisoned);
        if status.is_client_error() {
            count(&self.poisoned_refused);
        }
    }

    pub fn add_comparison(&self, comparison: Comparison) {
        self.compared.fetch_add(comparison.compared, Ordering::Relaxed);
        self.differing.fetch_add(comparison.differing, Ordering::Relaxed);
    }

    /// Adds a job whose end its client has seen.
    pub fn add_job(&self, job_id: &str, kind: &'static str, end: JobEnd) {
        self.jobs.lock().unwrap().push((job_id.into(), kind, end));
    }

    /// Waits until files and records agree, and counts where they still do not after two minutes.
    pub async fn settle(&self, fleet: &Fleet) {
        let begun = Instant::now();
        let (mut left_over, mut missing) = count_differences(fleet);
        // Servers look for left-over files every 30 seconds.
        while (left_over, missing) != (0, 0) && begun.elapsed() < Duration::from_mins(2) {
            sleep(Duration::from_millis(500)).await;
            (left_over, missing) = count_differences(fleet);
        }
        self.left_over.store(left_over, Ordering::Relaxed);
        self.missing.store(missing, Ordering::Relaxed);
        for (job_id, _, end) in self.jobs.lock().unwrap().iter() {
            let record = fleet.environment.redis.cli(&["GET", &format!("export_job:{job_id}")]);
            let wanted = match end {
                JobEnd::Completed => r#""status":"completed""#,
                JobEnd::Failed => r#""status":"failed""#,
                JobEnd::Deleted => "",
                _ => continue,
            };
            if !record.contains(wanted) || (wanted.is_empty() && !record.is_empty()) {
                count(&self.changed);
            }
        }
    }

    fn count_jobs(&self, end: JobEnd) -> usize {
        self.jobs.lock().unwrap().iter().filter(|(.., other)| *other == end).count()
    }

    /// Whether nothing happened that must not happen.
    pub fn is_clean(&self) -> bool {
        let bad =
            [JobEnd::Stuck, JobEnd::Lost, JobEnd::Returned, JobEnd::Broken].map(|end| self.count_jobs(end));
        let counters = [&self.left_over, &self.missing, &self.changed, &self.faults, &self.differing];
        bad.iter().all(|number| *number == 0)
            && counters.iter().all(|counter| counter.load(Ordering::Relaxed) == 0)
    }
}

/// Counts the files that no completed record names, and the completed records whose file does not exist. A
/// job that waits or runs (whose client gave up) is not counted.
fn count_differences(fleet: &Fleet) -> (u64, u64) {
    let files: BTreeSet<String> = fleet.files().into_iter().collect();
    let keys = fleet.environment.redis.cli(&["--scan", "--pattern", "export_job:*"]);
    let records = keys
        .lines()
        .filter_map(|key| serde_json::from_str::<Value>(&fleet.environment.redis.cli(&["GET", key])).ok());
    let wanted: BTreeSet<String> = records
        .filter(|record| record["status"] == "completed")
        .filter_map(|record| record["filename"].as_str().map(str::to_owned))
        .collect();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    (count(files.difference(&wanted).count()), count(wanted.difference(&files).count()))
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        writeln!(f, "processes killed      {:>6}", value(&self.killed))?;
        writeln!(
            f,
            "processes stopped     {:>6}  (SIGSTOP, and on again later; Redis among them)",
            value(&self.stopped)
        )?;
        writeln!(f, "processes terminated  {:>6}  (SIGTERM)", value(&self.terminated))?;
        writeln!(f, "Redis killed          {:>6}  (and started again)", value(&self.redis_restarted))?;
        writeln!(f, "PostgreSQL killed     {:>6}  (and started again)", value(&self.postgres_restarted))?;
        writeln!(f, "S3 made to fail       {:>6}  (500, cut off, away, slow)", value(&self.s3_failed))?;
        writeln!(f, "requests answered 503 {:>6}", value(&self.unavailable))?;
        writeln!(f, "requests answered 500 {:>6}", value(&self.faults))?;
        writeln!(f, "jobs submitted        {:>6}", value(&self.submitted))?;
        writeln!(
            f,
            "poisoned requests     {:>6}  ({} refused; the others are jobs)",
            value(&self.poisoned),
            value(&self.poisoned_refused)
        )?;
        writeln!(f, "jobs completed        {:>6}  (downloaded whole)", self.count_jobs(JobEnd::Completed))?;
        writeln!(f, "jobs failed           {:>6}", self.count_jobs(JobEnd::Failed))?;
        writeln!(f, "jobs deleted          {:>6}", self.count_jobs(JobEnd::Deleted))?;
        writeln!(f, "jobs lost             {:>6}  (accepted and forgotten)", self.count_jobs(JobEnd::Lost))?;
        writeln!(
            f,
            "jobs returned         {:>6}  (deleted and there again)",
            self.count_jobs(JobEnd::Returned)
        )?;
        writeln!(f, "jobs changed          {:>6}  (ended, and something else later)", value(&self.changed))?;
        writeln!(f, "files broken          {:>6}", self.count_jobs(JobEnd::Broken))?;
        writeln!(f, "files missing         {:>6}", value(&self.missing))?;
        writeln!(
            f,
            "crops compared        {:>6}  (with what their pictures give alone)",
            value(&self.compared)
        )?;
        writeln!(
            f,
            "crops differing       {:>6}  (or missing for another reason than alone)",
            value(&self.differing)
        )?;
        writeln!(f, "jobs stuck            {:>6}", self.count_jobs(JobEnd::Stuck))?;
        write!(f, "files left over       {:>6}", value(&self.left_over))
    }
}
