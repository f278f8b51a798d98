//! Workers: each claims one job at a time and makes its file.
//!
//! The file is made on a blocking thread ([`Export::make`](crate::export::Export::make)), so the tasks here
//! (heartbeats, cancellation, the clock) keep running while all cores are busy.

mod clock;
mod end;
mod progress;
mod run;

use std::sync::Arc;
use std::time::Duration;

use archive::Resources;
use jobs::{JobStore, WorkerId};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::artifacts::Artifacts;
use crate::condition::condition;
use crate::datasets::Datasets;
use crate::templates::Templates;

/// Interval between claims without a message, so that a job whose message was lost is found.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The settings of workers.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
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
    pub store: Arc<dyn JobStore>,
    pub artifacts: Artifacts,
    pub datasets: Datasets,
    pub settings: WorkerSettings,
}

/// The running workers of a process.
pub struct WorkerPool {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl WorkerPool {
    /// Starts `workers` workers, and the clock, which every process runs.
    pub fn start(context: &WorkerContext, workers: usize) -> Self {
        let (stop, stopping) = watch::channel(false);
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
        Self { tasks, stop }
    }

    /// Lets running jobs finish within the grace period, then hands the others back.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker panicked");
            }
        }
    }
}

/// Restarts a task after a panic. Without the task, jobs would wait forever.
async fn keep_running<F>(name: &'static str, stopping: watch::Receiver<bool>, task: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(task()).await {
        tracing::error!(%error, "the {name} panicked and is restarted");
        if *stopping.borrow() {
            return;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn run_worker(context: WorkerContext, mut stopping: watch::Receiver<bool>) {
    let worker = WorkerId::random();
    tracing::debug!(%worker, "worker started");
    let mut answered = true;
    while !*stopping.borrow() {
        // Leaves the jobs to other processes, which may have a disk with room and no stuck threads.
        if !condition().may_begin_jobs() {
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                _ = stopping.changed() => {}
            }
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
            Ok(Some(claim)) => run::run_attempt(&context, &worker, claim, stopping.clone()).await,
            none_or_error => {
                tokio::select! {
                    () = context.store.wait_for_work(), if none_or_error.is_ok() => {}
                    () = tokio::time::sleep(POLL_INTERVAL) => {}
                    _ = stopping.changed() => {}
                }
            }
        }
    }
}
