//! An attempt at a job, from its claim to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jobs::{AfterFailure, ChangeMessage, Claim, JobId, JobQueue, Lease, LeaseError, WorkerId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;

use super::end::{EndingAttempt, FinishedFile, PublishOutcome};
use super::{WorkerContext, WorkerSettings};
use crate::condition::condition;
use crate::export::{Export, ExportOutput, MakeError};
use crate::export_compatibility::update_stored;
use artifacts::ArtifactName;
use jobs::crash_point;
use metrics::metrics;

/// Interval between looks at the progress of the thread, which do not call the store.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);
/// Interval between checks whether the worker still holds its job, even without a message about it. Messages
/// may be lost, and other programs send none.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The same while the store sends no messages at all.
const CHECK_INTERVAL_WITHOUT_MESSAGES: Duration = Duration::from_millis(200);
/// Wait before a job that found no file descriptor starts over.
const DESCRIPTOR_DELAY: Duration = Duration::from_secs(1);
/// How long a cancelled thread may take to end before it is abandoned.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);
/// The same while the process stops.
const CANCEL_TIMEOUT_AT_STOP: Duration = Duration::from_secs(2);
/// The shortest interval between two writes of the progress: five times a second.
const WRITE_INTERVAL: Duration = Duration::from_millis(200);

/// How the supervision of a thread ended.
enum AttemptOutcome {
    /// The thread ended by itself.
    Ended(Result<FinishedFile, MakeError>),
    /// The attempt has lost the job.
    Lost,
    /// The process stops, and the job did not finish in time.
    HandedBack,
}

/// Runs an attempt at a claimed job to its end.
#[tracing::instrument(target = "spans", name = "job", skip_all, fields(
    job_id = %claim.held.job_id, attempt = claim.held.attempt, kind = claim.kind.name(), %worker,
    otel.status_code = Empty
))]
pub async fn run_attempt(
    context: &WorkerContext,
    worker: &WorkerId,
    claim: Claim,
    stopping: &CancellationToken,
) {
    let begun = Instant::now();
    let Claim { held, kind, request } = claim;
    crash_point!("claimed");
    let (job_id, attempt) = (held.job_id.clone(), held.attempt);
    tracing::info!(%job_id, attempt, %worker, kind = kind.name(), "job claimed");
    let name = ArtifactName { kind, held: held.clone() };
    let thread = MakingThread::start(context, name, request);
    let outcome = supervise(context, &held, thread, stopping).await;
    let ending = EndingAttempt { context, held: &held, stopping };
    let took_ms = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        AttemptOutcome::Ended(Ok(file)) => match ending.publish(file).await {
            PublishOutcome::Completed(bytes) => {
                metrics().count_completion(kind, begun.elapsed(), bytes);
                tracing::info!(%job_id, attempt, %worker, took_ms = took_ms(), "job completed");
            }
            other => {
                metrics().count_attempt(kind, "lost");
                tracing::warn!(%job_id, attempt, %worker, took_ms = took_ms(), outcome = ?other, "job not completed");
            }
        },
        AttemptOutcome::Ended(Err(MakeError::Failed(failure))) => {
            let after = ending.fail(&failure).await;
            let result = match after {
                Some(AfterFailure::Failed) => "failed",
                Some(AfterFailure::Retry) => "retried",
                None => "lost",
            };
            metrics().count_attempt(kind, result);
            tracing::Span::current().record("otel.status_code", "ERROR");
            let reason = failure.message;
            tracing::warn!(%job_id, attempt, %worker, took_ms = took_ms(), reason, ?after, "attempt failed");
        }
        AttemptOutcome::Ended(Err(MakeError::Cancelled | MakeError::NoDescriptors))
        | AttemptOutcome::Lost => {
            crash_point!("stopped");
            metrics().count_attempt(kind, "cancelled");
            tracing::info!(%job_id, attempt, %worker, took_ms = took_ms(), "job was deleted or lost; its work was stopped");
        }
        AttemptOutcome::HandedBack => {
            let done = ending.release().await;
            metrics().count_attempt(kind, "handed_back");
            tracing::info!(%job_id, attempt, %worker, took_ms = took_ms(), done, "job handed back");
        }
    }
}

/// The thread that makes the file.
struct MakingThread {
    ended: JoinHandle<Result<FinishedFile, MakeError>>,
    /// How many detections have been processed.
    done: Arc<AtomicU64>,
    /// Ends the thread at its next check.
    cancellation: CancellationToken,
}

impl MakingThread {
    fn start(context: &WorkerContext, name: ArtifactName, request: serde_json::Value) -> Self {
        let (done, cancellation) = (Arc::<AtomicU64>::default(), CancellationToken::new());
        let ended = tokio::task::spawn_blocking({
            let (context, done, cancellation) = (context.clone(), Arc::clone(&done), cancellation.clone());
            move || {
                let export: Export = serde_json::from_value(update_stored(request)).map_err(|error| {
                    MakeError::permanent(format!("the request cannot be read ({error}); submit it again"))
                })?;
                loop {
                    match make_file(&context, &name, &export, &done, &cancellation) {
                        // Heartbeats continue meanwhile, and this does not count as another attempt.
                        Err(MakeError::NoDescriptors) if !cancellation.is_cancelled() => {
                            let job_id = &name.held.job_id;
                            tracing::warn!(%job_id, "no file descriptor is left; the job waits for one");
                            std::thread::sleep(DESCRIPTOR_DELAY);
                        }
                        outcome => return outcome,
                    }
                }
            }
        });
        Self { ended, done, cancellation }
    }

    /// Waits for the end of the thread. A file that it has finished all the same is removed, which may block
    /// as well.
    async fn discard(self) {
        if let Ok(result) = self.ended.await {
            // It fails only if the process ends.
            let _ = tokio::task::spawn_blocking(move || drop(result)).await;
        }
    }
}

/// Makes the file from the start.
fn make_file(
    context: &WorkerContext,
    name: &ArtifactName,
    export: &Export,
    done: &AtomicU64,
    cancellation: &CancellationToken,
) -> Result<FinishedFile, MakeError> {
    let (mut unfinished, file) = context.artifacts.create(name.clone())?;
    crash_point!("begun");
    let output = ExportOutput { file, folder: context.artifacts.scratch_folder() };
    let WorkerSettings { templates, limits, .. } = &context.settings;
    let progress = |number| done.store(number, Ordering::Relaxed);
    let counts = export.make(&context.datasets, templates, output, limits, &progress, cancellation)?;
    crash_point!("made");
    // On this thread, where heartbeats continue, since a large file takes a while.
    let sha256 = unfinished.finish(cancellation)?;
    Ok(FinishedFile { unfinished, counts, sha256 })
}

/// Supervises the thread: renews the lease, writes the progress, and cancels the thread once the job is lost.
async fn supervise(
    context: &WorkerContext,
    held: &Lease,
    mut thread: MakingThread,
    stopping: &CancellationToken,
) -> AttemptOutcome {
    let WorkerContext { store, settings, .. } = context;
    // Heartbeats also keep the record alive, so a short time to live needs frequent ones.
    let heartbeat = settings.heartbeat.min(store.options().ttl / 3);
    let mut ticks = interval(PROGRESS_INTERVAL.min(heartbeat / 2));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    // Changes before this moment are known from the answer to the claim.
    let mut messages = store.subscribe();
    let (mut renewed, mut written, mut checked) = (Instant::now(), 0, Instant::now());
    let mut deadline: Option<Instant> = None;
    loop {
        let has_changed = tokio::select! {
            ended = &mut thread.ended => {
                return AttemptOutcome::Ended(ended.unwrap_or_else(|panic| Err(report_panic(&panic))));
            }
            () = wait_for_change(&mut messages, &held.job_id) => true,
            _ = ticks.tick() => false,
            () = stopping.cancelled(), if deadline.is_none() => {
                deadline = Some(Instant::now() + settings.grace);
                continue;
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                return cancel(held, thread, stopping, AttemptOutcome::HandedBack).await;
            }
        };
        let done = thread.done.load(Ordering::Relaxed);
        let since = renewed.elapsed();
        let is_due = (done != written && since >= WRITE_INTERVAL) || since >= heartbeat;
        let pause = if store.is_subscribed() { CHECK_INTERVAL } else { CHECK_INTERVAL_WITHOUT_MESSAGES };
        if !is_due && !has_changed && checked.elapsed() < pause {
            continue;
        }
        checked = Instant::now();
        match check_held(&**store, held, is_due.then_some(done)).await {
            Ok(()) if is_due => {
                crash_point!("renewed");
                (renewed, written) = (Instant::now(), done);
            }
            Ok(()) => {}
            Err(LeaseError::Lost) => {
                return cancel(held, thread, stopping, AttemptOutcome::Lost).await;
            }
            // The work continues: the store may answer again before the lease expires. If it does not,
            // completing the job fails because it is lost.
            Err(LeaseError::Store(error)) => {
                tracing::warn!(job_id = %held.job_id, %error, "heartbeat failed");
            }
        }
    }
}

/// Waits for a message about a change that may have taken the job from its worker, or for a sign of lost
/// messages.
async fn wait_for_change(messages: &mut Receiver<ChangeMessage>, job_id: &JobId) {
    loop {
        match messages.recv().await {
            // A heartbeat of another worker comes after a message about the loss of the job.
            Ok(ChangeMessage::Changed { is_heartbeat: true, .. }) => {}
            Ok(ChangeMessage::Changed { job_id: changed, .. }) if changed != *job_id => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            // The store was dropped and sends no more messages.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Sends a heartbeat if one is due, else only checks whether the worker still holds the job.
async fn check_held(store: &dyn JobQueue, held: &Lease, heartbeat: Option<u64>) -> Result<(), LeaseError> {
    match heartbeat {
        Some(done) => store.heartbeat(held, Some(done)).await,
        None if store.is_held(held).await? => Ok(()),
        None => Err(LeaseError::Lost),
    }
}

/// Cancels the thread and waits for its end, and for the removal of a file that it finished meanwhile.
/// A thread that does not end, for example because it reads from a hung network mount, is abandoned, so that
/// its worker can begin another job.
async fn cancel(
    held: &Lease,
    thread: MakingThread,
    stopping: &CancellationToken,
    outcome: AttemptOutcome,
) -> AttemptOutcome {
    thread.cancellation.cancel();
    let mut ended = tokio::spawn(thread.discard());
    let begun = Instant::now();
    loop {
        let timeout = if stopping.is_cancelled() { CANCEL_TIMEOUT_AT_STOP } else { CANCEL_TIMEOUT };
        tokio::select! {
            _ = &mut ended => return outcome,
            () = tokio::time::sleep(PROGRESS_INTERVAL) => {}
        }
        if begun.elapsed() >= timeout {
            abandon(held, ended);
            return outcome;
        }
    }
}

/// Abandons a thread. A file that it still finishes is removed.
fn abandon(held: &Lease, ended: JoinHandle<()>) {
    let Lease { job_id, attempt } = held.clone();
    condition().add_stuck_thread();
    let stuck = condition().stuck_threads();
    tracing::error!(%job_id, attempt, stuck, "a thread did not stop and was abandoned; its worker continues");
    tokio::spawn(async move {
        drop(ended.await);
        condition().remove_stuck_thread();
        tracing::info!(%job_id, attempt, "an abandoned thread has ended");
    });
}

fn report_panic(panic: &tokio::task::JoinError) -> MakeError {
    tracing::error!(%panic, "an export panicked");
    MakeError::permanent("the export failed because of a bug; please report it with the server's log")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::broadcast;

    use super::*;

    #[test]
    fn a_worker_checks_after_a_message_about_its_job_or_a_lost_one() {
        let (sender, mut messages) = broadcast::channel(8);
        let own: JobId = "own".parse().unwrap();
        let changed = |job_id: &str, is_heartbeat| ChangeMessage::Changed {
            number: 1,
            job_id: job_id.parse().unwrap(),
            is_heartbeat,
        };
        let mut checks_after = |message: ChangeMessage| {
            sender.send(message).unwrap();
            wait_for_change(&mut messages, &own).now_or_never().is_some()
        };
        assert!(!checks_after(changed("other", false)));
        assert!(!checks_after(changed("own", true)));
        assert!(checks_after(changed("own", false)));
        assert!(checks_after(ChangeMessage::Missed));
    }
}
