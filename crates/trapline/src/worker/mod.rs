//! Workers: each claims one job at a time and makes its file.
//!
//! The work itself runs on a thread of its own ([`Export::make`](crate::export::Export::make)),
//! so the tasks here (heartbeats, deletion, the clock) go on while all cores are busy.

mod clock;
mod end;
mod progress;
mod run;

use std::sync::Arc;
use std::time::Duration;

use jobs::{JobStore, WorkerId};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::artifacts::Artifacts;
use crate::condition::condition;
use crate::datasets::Datasets;
use crate::limits::Limits;
use crate::templates::Templates;

/// A job whose message was lost is found after this at the latest.
const POLL: Duration = Duration::from_secs(1);

/// What workers work with.
#[derive(Clone)]
pub struct Tools {
    pub store: Arc<dyn JobStore>,
    pub artifacts: Artifacts,
    pub datasets: Datasets,
    pub templates: Templates,
    /// What one export may use of the machine.
    pub limits: Limits,
    /// How often a worker says that it is at work.
    pub heartbeat: Duration,
    /// How long a running job may go on after the signal to stop, before it is handed back.
    pub grace: Duration,
}

/// Workers at work.
pub struct Pool {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Pool {
    /// Starts `workers` workers, and the clock that every process keeps.
    pub fn start(tools: &Tools, workers: usize) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(keep_running("worker", stopping.clone(), {
                let (tools, stopping) = (tools.clone(), stopping.clone());
                move || work(tools.clone(), stopping.clone())
            }));
        }
        tasks.spawn(keep_running("clock", stopping.clone(), {
            let tools = tools.clone();
            move || clock::tick(tools.clone(), stopping.clone())
        }));
        Self { tasks, stop }
    }

    /// Lets running jobs finish for the time of grace, then hands them back.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker met a fault of the program");
            }
        }
    }
}

/// Starts a task again when it met a fault of the program: without it jobs would wait for ever.
async fn keep_running<F>(name: &'static str, stopping: watch::Receiver<bool>, task: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(task()).await {
        tracing::error!(%error, "the {name} met a fault of the program and is started again");
        if *stopping.borrow() {
            return;
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn work(tools: Tools, mut stopping: watch::Receiver<bool>) {
    let worker = WorkerId::random();
    tracing::debug!(%worker, "worker started");
    let mut answered = true;
    while !*stopping.borrow() {
        // Another process may have more of a disk, and threads that are not stuck.
        if !condition().may_begin() {
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = stopping.changed() => {}
            }
            continue;
        }
        let claimed = tools.store.claim(&worker).await;
        match (&claimed, answered) {
            // Once for each outage.
            (Err(error), true) => {
                tracing::error!(%worker, %error, "no job can be claimed; trying again each second");
            }
            (Ok(_), false) => tracing::info!(%worker, "jobs can be claimed again"),
            _ => {}
        }
        answered = claimed.is_ok();
        match claimed {
            Ok(Some(claim)) => run::run(&tools, &worker, claim, stopping.clone()).await,
            nothing => {
                tokio::select! {
                    () = tools.store.work(), if nothing.is_ok() => {}
                    () = tokio::time::sleep(POLL) => {}
                    _ = stopping.changed() => {}
                }
            }
        }
    }
}
