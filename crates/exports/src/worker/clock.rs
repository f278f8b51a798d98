//! The clock: the periodic tasks of every process. It expires leases and jobs, and sweeps files without a
//! record.

use std::time::Duration;

use jobs::{JobId, ReapReport, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::WorkerContext;
use crate::condition::condition;
use jobs::crash_point;
use metrics::metrics;

/// Interval between checks for expired leases and jobs.
const REAP_INTERVAL: Duration = Duration::from_secs(1);
/// Interval between sweeps of files.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// Runs the clock until `stopping` is cancelled.
pub async fn run_clock(context: WorkerContext, stopping: CancellationToken) {
    let mut ticks = interval(REAP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut swept: Option<Instant> = None;
    // On a task of its own, since a folder on a hung network mount must not delay the expiry of leases.
    let mut sweeping: Option<AbortOnDropHandle<()>> = None;
    let mut outage = StoreOutage::default();
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        if !outage.has_ended(&context).await {
            continue;
        }
        let mut due = swept.is_none_or(|at| at.elapsed() >= SWEEP_INTERVAL);
        match context.store.reap().await {
            Ok(reaped) => {
                handle_reaped(&context, &reaped);
                // A lost worker leaves its unfinished file.
                due |= reaped != ReapReport::default();
            }
            Err(error) => {
                outage.begin(&error);
                // The store may have lost records, so the first sweep afterwards must not wait.
                swept = None;
                continue;
            }
        }
        if due && sweeping.as_ref().is_none_or(AbortOnDropHandle::is_finished) {
            sweeping = Some(AbortOnDropHandle::new(tokio::spawn(sweep(context.clone()))));
            swept = Some(Instant::now());
        }
    }
}

async fn sweep(context: WorkerContext) {
    let swept = context.artifacts.sweep(&*context.store).await;
    condition().set_folder_of_another(context.artifacts.is_of_another());
    match swept {
        Ok(removed) => {
            metrics().swept.inc_by(removed as u64);
        }
        Err(error) => tracing::warn!(%error, "the sweep of files without a record failed"),
    }
}

/// An outage of the store.
///
/// Leases expire during an outage although their workers are still running. So these workers get the time for
/// a heartbeat before their jobs are given to others.
#[derive(Default)]
enum StoreOutage {
    #[default]
    None,
    /// The store does not answer.
    Ongoing,
    /// The store answers again; leases may expire from this moment on.
    EndsAt(Instant),
}

impl StoreOutage {
    fn begin(&mut self, error: &StoreError) {
        tracing::warn!(%error, "the job store does not answer; leases and jobs do not expire meanwhile");
        *self = Self::Ongoing;
    }

    /// Whether the store answers, and has for long enough.
    async fn has_ended(&mut self, context: &WorkerContext) -> bool {
        if matches!(self, Self::Ongoing) && context.store.ping().await.is_ok() {
            tracing::info!("the job store answers again");
            *self = Self::EndsAt(Instant::now() + context.settings.heartbeat);
        }
        match self {
            Self::None => true,
            Self::EndsAt(at) if Instant::now() >= *at => {
                *self = Self::None;
                true
            }
            Self::EndsAt(_) | Self::Ongoing => false,
        }
    }
}

/// Logs what the store reaped, and removes the files of expired jobs.
fn handle_reaped(context: &WorkerContext, reaped: &ReapReport) {
    for job_id in &reaped.requeued {
        tracing::warn!(%job_id, "a worker was lost; its job is queued again");
    }
    for job_id in &reaped.failed {
        tracing::error!(%job_id, "a worker was lost at the last attempt; the job failed");
    }
    for (job_id, _) in &reaped.expired {
        tracing::info!(%job_id, "job expired");
        crash_point!("expired");
    }
    tokio::spawn(remove_expired_files(context.clone(), reaped.expired.clone()));
}

async fn remove_expired_files(context: WorkerContext, expired: Vec<(JobId, Option<String>)>) {
    for (job_id, filename) in &expired {
        let Some(filename) = filename else { continue };
        if let Err(error) = context.artifacts.remove(job_id, filename).await {
            tracing::error!(%job_id, %error, "the file of an expired job could not be removed; the sweep tries again");
        }
    }
}
