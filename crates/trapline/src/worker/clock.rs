//! What every process does from time to time: leases and lives that ran out, files that no
//! record wants.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Tools;

/// How often leases and lives are looked at.
const REAP: Duration = Duration::from_secs(1);
/// How often the folder of files is looked through.
const SWEEP: Duration = Duration::from_secs(30);

pub async fn tick(tools: Tools, mut stopping: watch::Receiver<bool>) {
    let mut ticks = interval(REAP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut swept: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.changed() => return,
        }
        reap(&tools).await;
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            if let Err(error) = tools.artifacts.sweep(&*tools.store).await {
                tracing::warn!(%error, "files without a record could not be looked for");
            }
            swept = Some(Instant::now());
        }
    }
}

async fn reap(tools: &Tools) {
    let reaped = match tools.store.reap().await {
        Ok(reaped) => reaped,
        Err(error) => {
            tracing::warn!(%error, "the clock of the job store stands still");
            return;
        }
    };
    for job_id in &reaped.requeued {
        tracing::warn!(%job_id, "a worker was lost; its job waits again");
    }
    for job_id in &reaped.failed {
        tracing::error!(%job_id, "a worker was lost at the last attempt; the job failed");
    }
    for (job_id, filename) in &reaped.expired {
        tracing::info!(%job_id, "job expired");
        let removed = filename.as_ref().map_or(Ok(()), |filename| tools.artifacts.remove(filename));
        if let Err(error) = removed {
            tracing::error!(%job_id, %error, "the file of an expired job could not be removed; the sweep tries again");
        }
    }
}
