//! One attempt at one job, from its claim to its end.

use std::sync::Arc;
use std::time::Duration;

use archive::Watch;
use jobs::{AfterFailure, ChangeMessage, Claim, Held, HeldError, JobId, JobStore, WorkerId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tracing::Instrument;
use tracing::field::Empty;

use super::Tools;
use super::end::{Ending, Published};
use super::progress::Progress;
use crate::artifacts::{Name, Unfinished};
use crate::condition::condition;
use crate::export::{Export, ExportCounts, MakeError};
use crate::faults::may_die;
use crate::metrics::metrics;

/// How often a worker looks how far its thread is, which costs the store nothing.
const LOOK: Duration = Duration::from_millis(50);
/// How often a worker asks whether its job is still wanted, though no message says that anything
/// happened to it. Messages may be lost, and other programs send none.
const ASK: Duration = Duration::from_secs(1);
/// The same while no messages come at all.
const ASK_WITHOUT_MESSAGES: Duration = Duration::from_millis(200);
/// Wait before a job that found no file descriptor begins anew.
const DESCRIPTORS: Duration = Duration::from_secs(1);
/// How long a thread may take to see that it is cancelled before it is let go.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same when the process stops.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(2);
/// Progress is written no more often than this: five times a second.
const WRITE: Duration = Duration::from_millis(200);

/// A finished file, which nobody sees yet.
pub struct Made {
    pub unfinished: Unfinished,
    /// What was counted while it was made.
    pub counts: ExportCounts,
    /// The SHA-256 of the file.
    pub sha256: String,
}

/// How an attempt's watch over its thread ended.
enum Watched {
    /// The thread ended by itself.
    Ended(Result<Made, MakeError>),
    /// The job is no longer this worker's.
    Lost,
    /// The process stops, and the job was not done in time.
    HandedBack,
}

pub async fn run(tools: &Tools, worker: &WorkerId, claim: Claim, stopping: watch::Receiver<bool>) {
    let Held { job_id, attempt } = &claim.held;
    let kind = claim.kind.name();
    let span = tracing::info_span!(target: "spans", "job", %job_id, attempt, kind, %worker, otel.status_code = Empty);
    attempt_at(tools, worker, claim, stopping).instrument(span).await;
}

async fn attempt_at(tools: &Tools, worker: &WorkerId, claim: Claim, stopping: watch::Receiver<bool>) {
    let begun = Instant::now();
    let Claim { held, kind, request } = claim;
    may_die!("claimed");
    let (job_id, attempt) = (held.job_id.clone(), held.attempt);
    tracing::info!(%job_id, attempt, %worker, kind = kind.name(), "job claimed");
    let name = Name { kind, held: held.clone() };
    let progress = Arc::new(Progress::default());
    let making = start(tools, name, request, Arc::clone(&progress));
    let outcome = watch_over(tools, &held, &progress, making, stopping.clone()).await;
    let ending = Ending { tools, held: &held, stopping };
    let took_ms = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Watched::Ended(Ok(made)) => match ending.publish(made).await {
            Published::Completed(bytes) => {
                metrics().completed(kind, begun.elapsed(), bytes);
                tracing::info!(%job_id, attempt, %worker, took_ms = took_ms(), "job completed");
            }
            other => {
                metrics().attempt(kind, "lost");
                tracing::warn!(%job_id, attempt, %worker, took_ms = took_ms(), file = ?other, "job not completed");
            }
        },
        Watched::Ended(Err(MakeError::Failed(failure))) => {
            let after = ending.fail(&failure).await;
            metrics().attempt(
                kind,
                match after {
                    Some(AfterFailure::Failed) => "failed",
                    Some(AfterFailure::Retry) => "retried",
                    None => "lost",
                },
            );
            tracing::Span::current().record("otel.status_code", "ERROR");
            let reason = failure.message;
            tracing::warn!(%job_id, attempt, %worker, took_ms = took_ms(), reason, ?after, "attempt failed");
        }
        Watched::Ended(Err(MakeError::Cancelled | MakeError::NoDescriptors)) | Watched::Lost => {
            may_die!("stopped");
            metrics().attempt(kind, "cancelled");
            tracing::info!(%job_id, attempt, %worker, took_ms = took_ms(), "job is no longer wanted; its work was stopped");
        }
        Watched::HandedBack => {
            let done = ending.release().await;
            metrics().attempt(kind, "handed_back");
            tracing::info!(%job_id, attempt, %worker, took_ms = took_ms(), done, "job handed back");
        }
    }
}

/// Starts the thread that makes the file.
fn start(
    tools: &Tools,
    name: Name,
    request: serde_json::Value,
    progress: Arc<Progress>,
) -> JoinHandle<Result<Made, MakeError>> {
    let tools = tools.clone();
    tokio::task::spawn_blocking(move || {
        let export: Export = serde_json::from_value(request).map_err(|error| {
            MakeError::wrong(format!("the request cannot be read ({error}); submit it again"))
        })?;
        loop {
            match make(&tools, &name, &export, &progress) {
                // Heartbeats go on meanwhile, and the attempt stays the same.
                Err(MakeError::NoDescriptors) if !progress.is_cancelled() => {
                    let job_id = &name.held.job_id;
                    tracing::warn!(%job_id, "no file descriptor is left; the job waits for one");
                    std::thread::sleep(DESCRIPTORS);
                }
                made => return made,
            }
        }
    })
}

/// Makes the file, from its beginning.
fn make(tools: &Tools, name: &Name, export: &Export, progress: &Progress) -> Result<Made, MakeError> {
    let (mut unfinished, file) =
        tools.artifacts.begin(name.clone()).map_err(|error| MakeError::disk(&error))?;
    may_die!("begun");
    let folder = tools.artifacts.scratch();
    let counts = export.make(&tools.datasets, &tools.templates, file, folder, &tools.limits, progress)?;
    may_die!("made");
    // Here, where heartbeats go on: a large file takes its time.
    let sha256 = unfinished.finish(&|| progress.is_cancelled()).map_err(|error| match error.kind() {
        std::io::ErrorKind::Interrupted if progress.is_cancelled() => MakeError::Cancelled,
        _ => MakeError::disk(&error),
    })?;
    Ok(Made { unfinished, counts, sha256 })
}

/// Keeps the lease, writes how far the job is, and ends it when nobody waits any more.
async fn watch_over(
    tools: &Tools,
    held: &Held,
    progress: &Progress,
    mut making: JoinHandle<Result<Made, MakeError>>,
    mut stopping: watch::Receiver<bool>,
) -> Watched {
    // A short life needs heartbeats as well as a short lease.
    let heartbeat = tools.heartbeat.min(tools.store.options().ttl / 3);
    let mut looks = interval(LOOK.min(heartbeat / 2));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.reset();
    // What happened before is in the answer to the claim.
    let mut messages = tools.store.subscribe();
    let (mut renewed, mut written, mut asked) = (Instant::now(), 0, Instant::now());
    let mut deadline: Option<Instant> = None;
    loop {
        let has_changed = tokio::select! {
            ended = &mut making => return Watched::Ended(ended.unwrap_or_else(|panic| Err(fault(&panic)))),
            () = wait_for_change(&mut messages, &held.job_id) => true,
            _ = looks.tick() => false,
            _ = stopping.changed(), if deadline.is_none() => {
                deadline = Some(Instant::now() + tools.grace);
                continue;
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                return stop(held, progress, making, &stopping, Watched::HandedBack).await;
            }
        };
        let done = progress.done();
        let since = renewed.elapsed();
        let due = (done != written && since >= WRITE) || since >= heartbeat;
        let pause = if tools.store.is_subscribed() { ASK } else { ASK_WITHOUT_MESSAGES };
        if !due && !has_changed && asked.elapsed() < pause {
            continue;
        }
        asked = Instant::now();
        match look(&*tools.store, held, due.then_some(done)).await {
            Ok(()) if due => {
                may_die!("renewed");
                (renewed, written) = (Instant::now(), done);
            }
            Ok(()) => {}
            Err(HeldError::Lost) => return stop(held, progress, making, &stopping, Watched::Lost).await,
            // Work goes on: the store may come back before the lease runs out, and if
            // not, the end of the job finds out that it was lost.
            Err(HeldError::Store(error)) => tracing::warn!(job_id = %held.job_id, %error, "no heartbeat"),
        }
    }
}

/// Waits until something happened to a job that may have taken it from its worker, or may have without
/// a word.
async fn wait_for_change(messages: &mut Receiver<ChangeMessage>, job_id: &JobId) {
    loop {
        match messages.recv().await {
            // A heartbeat of another worker comes after the loss of the job, which is told as well.
            Ok(ChangeMessage::Changed { is_heartbeat: true, .. }) => {}
            Ok(ChangeMessage::Changed { job_id: changed, .. }) if changed != *job_id => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            // The store is gone, and says nothing more.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// A heartbeat when one is due, else only the question whether the job is still this worker's.
async fn look(store: &dyn JobStore, held: &Held, heartbeat: Option<u64>) -> Result<(), HeldError> {
    match heartbeat {
        Some(done) => store.heartbeat(held, Some(done)).await,
        None if store.is_held(held).await? => Ok(()),
        None => Err(HeldError::Lost),
    }
}

/// Waits for the thread to see that it is cancelled. A file that it finished is dropped here,
/// and so removed. A thread that does not come back, as from a file on a hung network mount, is let
/// go, so that its worker can begin another job.
async fn stop(
    held: &Held,
    progress: &Progress,
    mut making: JoinHandle<Result<Made, MakeError>>,
    stopping: &watch::Receiver<bool>,
    outcome: Watched,
) -> Watched {
    progress.cancel();
    let begun = Instant::now();
    loop {
        let patience = if *stopping.borrow() { PATIENCE_AT_THE_END } else { PATIENCE };
        tokio::select! {
            ended = &mut making => {
                drop(ended);
                return outcome;
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        if begun.elapsed() >= patience {
            let_go(held, making);
            return outcome;
        }
    }
}

/// Leaves a thread to itself. What it makes after all is removed.
fn let_go(held: &Held, making: JoinHandle<Result<Made, MakeError>>) {
    let Held { job_id, attempt } = held.clone();
    condition().add_stuck_thread();
    let stuck = condition().stuck_threads();
    tracing::error!(%job_id, attempt, stuck, "a thread did not stop, and is let go; its worker goes on");
    tokio::spawn(async move {
        drop(making.await);
        condition().remove_stuck_thread();
        tracing::info!(%job_id, attempt, "a thread that was let go has come back");
    });
}

fn fault(panic: &tokio::task::JoinError) -> MakeError {
    tracing::error!(%panic, "an export met a fault of the program");
    MakeError::wrong("the export met a fault of the program; please report it with the server's log")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::broadcast;

    use super::*;

    #[test]
    fn a_worker_asks_after_a_message_about_its_job_or_a_lost_one() {
        let (sender, mut messages) = broadcast::channel(8);
        let own: JobId = "own".parse().unwrap();
        let changed = |job_id: &str, is_heartbeat| ChangeMessage::Changed {
            number: 1,
            job_id: job_id.parse().unwrap(),
            is_heartbeat,
        };
        let mut asks_after = |message: ChangeMessage| {
            sender.send(message).unwrap();
            wait_for_change(&mut messages, &own).now_or_never().is_some()
        };
        assert!(!asks_after(changed("other", false)));
        assert!(!asks_after(changed("own", true)));
        assert!(asks_after(changed("own", false)));
        assert!(asks_after(ChangeMessage::Missed));
    }
}
