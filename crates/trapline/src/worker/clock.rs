//! What every process does from time to time: leases and lives that ran out, files that no
//! record wants.

use std::time::Duration;

use jobs::{JobId, Reaped, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::Tools;
use crate::faults::may_die;
use crate::metrics::metrics;

/// How often leases and lives are looked at.
const REAP: Duration = Duration::from_secs(1);
/// How often the folder of files is looked through.
const SWEEP: Duration = Duration::from_secs(30);

pub async fn tick(tools: Tools, mut stopping: watch::Receiver<bool>) {
    let mut ticks = interval(REAP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut swept: Option<Instant> = None;
    // A folder on a hung network mount takes its time to say nothing, and leases run out meanwhile.
    let mut sweeping: Option<AbortOnDropHandle<()>> = None;
    let mut outage = Outage::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.changed() => return,
        }
        if !outage.over(&tools).await {
            continue;
        }
        let mut due = swept.is_none_or(|at| at.elapsed() >= SWEEP);
        match tools.store.reap().await {
            Ok(reaped) => {
                tell(&tools, &reaped);
                // A lost worker leaves what it wrote.
                due |= reaped != Reaped::default();
            }
            Err(error) => {
                outage.begins(&error);
                // The store may come back without records that files are waiting for.
                swept = None;
                continue;
            }
        }
        if due && sweeping.as_ref().is_none_or(AbortOnDropHandle::is_finished) {
            sweeping = Some(AbortOnDropHandle::new(tokio::spawn(sweep(tools.clone()))));
            swept = Some(Instant::now());
        }
    }
}

async fn sweep(tools: Tools) {
    match tools.artifacts.sweep(&*tools.store).await {
        Ok(removed) => metrics().swept(removed),
        Err(error) => tracing::warn!(%error, "files without a record could not be looked for"),
    }
}

/// A time in which the store did not answer.
///
/// Leases ran out in it though their workers were at work. They get the time of a heartbeat to
/// say so before their jobs are given to others.
#[derive(Default)]
enum Outage {
    #[default]
    None,
    Lasts,
    Over(Instant),
}

impl Outage {
    fn begins(&mut self, error: &StoreError) {
        tracing::warn!(%error, "the clock of the job store stands still");
        *self = Self::Lasts;
    }

    /// Whether the store answers, and has for long enough.
    async fn over(&mut self, tools: &Tools) -> bool {
        if matches!(self, Self::Lasts) && tools.store.check().await.is_ok() {
            tracing::info!("the job store answers again");
            *self = Self::Over(Instant::now() + tools.heartbeat);
        }
        match self {
            Self::None => true,
            Self::Over(at) if Instant::now() >= *at => {
                *self = Self::None;
                true
            }
            Self::Over(_) | Self::Lasts => false,
        }
    }
}

fn tell(tools: &Tools, reaped: &Reaped) {
    for job_id in &reaped.requeued {
        tracing::warn!(%job_id, "a worker was lost; its job waits again");
    }
    for job_id in &reaped.failed {
        tracing::error!(%job_id, "a worker was lost at the last attempt; the job failed");
    }
    for (job_id, _) in &reaped.expired {
        tracing::info!(%job_id, "job expired");
        may_die!("expired");
    }
    tokio::spawn(remove_expired(tools.clone(), reaped.expired.clone()));
}

async fn remove_expired(tools: Tools, expired: Vec<(JobId, Option<String>)>) {
    for (job_id, filename) in &expired {
        let Some(filename) = filename else { continue };
        if let Err(error) = tools.artifacts.remove(job_id, filename).await {
            tracing::error!(%job_id, %error, "the file of an expired job could not be removed; the sweep tries again");
        }
    }
}
