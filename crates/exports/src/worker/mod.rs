//! Workers: each claims one job at a time and makes its file.
//!
//! The file is made on a blocking thread ([`Export::make`](crate::export::Export::make)), so the tasks here
//! (heartbeats, cancellation, the clock) keep running while all cores are busy.

mod clock;
mod end;
mod run;

use std::sync::Arc;
use std::time::Duration;

use archive::Resources;
use jobs::{JobQueue, WorkerId};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::condition::condition;
use crate::datasets::Datasets;
use crate::templates::Templates;
use artifacts::Artifacts;

/// Interval between claims without a message, so that a job whose message was lost is found.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The settings of workers.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Where templates and fonts are found.
    pub templates: Templates,
    /// What one export may use of the machine.
    pub limits: Resources,
    /// Interval between heartbeats.
    pub heartbeat: Duration,
    /// How long a running job may continue after the signal to stop, before it is handed back.
    pub grace: Duration,
}

/// Everything that workers use.
#[derive(Clone)]
pub struct WorkerContext {
    /// Where jobs are kept.
    pub store: Arc<dyn JobQueue>,
    /// Where finished files are kept.
    pub artifacts: Artifacts,
    /// The data that jobs are made of.
    pub datasets: Datasets,
    /// How jobs are run.
    pub settings: WorkerSettings,
}

/// The running workers of a process.
pub struct WorkerPool {
    tasks: JoinSet<()>,
    /// Dropping it stops the workers and the clock.
    stopping: DropGuard,
}

impl WorkerPool {
    /// Starts `workers` workers, and the clock, which every process runs.
    pub fn start(context: &WorkerContext, workers: usize) -> Self {
        let stopping = CancellationToken::new();
        let guard = stopping.clone().drop_guard();
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(keep_running("worker", stopping.clone(), {
                let (context, stopping) = (context.clone(), stopping.clone());
                move || run_worker(context.clone(), stopping.clone())
            }));
        }
        tasks.spawn(keep_running("clock", stopping.clone(), {
            let context = context.clone();
            move || clock::run_clock(context.clone(), stopping.clone())
        }));
        Self { tasks, stopping: guard }
    }

    /// Lets running jobs finish within the grace period, then hands the others back.
    pub async fn stop(self) {
        let Self { mut tasks, stopping } = self;
        drop(stopping);
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker panicked");
            }
        }
    }
}

/// Restarts a task after a panic. Without the task, jobs would wait forever.
async fn keep_running<F>(name: &'static str, stopping: CancellationToken, task: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(task()).await {
        tracing::error!(%error, "the {name} panicked and is restarted");
        if stopping.is_cancelled() {
            return;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn run_worker(context: WorkerContext, stopping: CancellationToken) {
    let worker = WorkerId::random();
    tracing::debug!(%worker, "worker started");
    let mut answered = true;
    while !stopping.is_cancelled() {
        // Leaves the jobs to other processes, which may have a disk with room and no stuck threads.
        if !condition().may_begin_jobs() {
            stopping.run_until_cancelled(tokio::time::sleep(POLL_INTERVAL)).await;
            continue;
        }
        let claimed = context.store.claim(&worker).await;
        match (&claimed, answered) {
            // Once for each outage.
            (Err(error), true) => {
                tracing::error!(%worker, %error, "jobs cannot be claimed; retrying every second");
            }
            (Ok(_), false) => tracing::info!(%worker, "jobs can be claimed again"),
            _ => {}
        }
        answered = claimed.is_ok();
        match claimed {
            Ok(Some(claim)) => run::run_attempt(&context, &worker, claim, &stopping).await,
            none_or_error => {
                tokio::select! {
                    () = context.store.wait_for_work(), if none_or_error.is_ok() => {}
                    () = tokio::time::sleep(POLL_INTERVAL) => {}
                    () = stopping.cancelled() => {}
                }
            }
        }
    }
}
