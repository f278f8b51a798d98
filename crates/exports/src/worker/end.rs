//! The end of an attempt: publishing its file and reporting the outcome to the store.

use std::time::Duration;

use jobs::{AfterFailure, Artifact, Failure, Lease, LeaseError, StoreError};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::WorkerContext;
use crate::export::{ExportCounts, MakeError};
use artifacts::UnfinishedFile;
use jobs::crash_point;

/// The longest that publishing a file may take. The lease expires long before.
const PUBLISH_TIMEOUT: Duration = Duration::from_mins(2);
/// Wait before a call of the store is retried.
const RETRY_DELAY: Duration = Duration::from_millis(250);
/// The shortest time for these retries while the process stops.
const MIN_RETRY_TIME: Duration = Duration::from_secs(2);

/// A finished file that is not published yet.
pub struct FinishedFile {
    pub unfinished: UnfinishedFile,
    /// What was counted while the file was made.
    pub counts: ExportCounts,
    /// The SHA-256 of the file.
    pub sha256: String,
}

/// An attempt whose thread has ended.
pub struct EndingAttempt<'a> {
    pub context: &'a WorkerContext,
    pub held: &'a Lease,
    pub stopping: &'a CancellationToken,
}

/// The outcome of publishing a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// The job is completed with a file of so many bytes.
    Completed(u64),
    /// The attempt had lost the job by then; the file was removed.
    Lost,
    /// The file could not be published.
    Failed,
    /// The store did not answer. The record may refer to the file, so the file stays until a sweep knows.
    Unknown,
}

impl EndingAttempt<'_> {
    /// Publishes the file and completes the job, or removes the file if the attempt has lost the job.
    pub async fn publish(&self, file: FinishedFile) -> PublishOutcome {
        let FinishedFile { unfinished, counts, sha256 } = file;
        let job_id = &self.held.job_id;
        let publishing = tokio::task::spawn_blocking(move || unfinished.publish());
        let Ok(published) = timeout(PUBLISH_TIMEOUT, publishing).await else {
            tracing::error!(%job_id, "the folder of files does not answer; a sweep will remove the file");
            return PublishOutcome::Unknown;
        };
        let (filename, size) = match published {
            Ok(Ok(published)) => published,
            Ok(Err(error)) => {
                if let MakeError::Failed(failure) = MakeError::from(error) {
                    self.fail(&failure).await;
                }
                return PublishOutcome::Failed;
            }
            Err(panic) => {
                tracing::error!(%job_id, %panic, "publishing a file panicked");
                return PublishOutcome::Failed;
            }
        };
        let ExportCounts { missing, missing_reasons, remote_pictures } = counts;
        let artifact =
            Artifact { filename, size, missing, missing_reasons, remote_pictures, sha256: Some(sha256) };
        crash_point!("published");
        match self.retry(|| self.context.store.complete(self.held, &artifact)).await {
            Ok(()) => {
                crash_point!("completed");
                PublishOutcome::Completed(artifact.size)
            }
            Err(LeaseError::Lost) => {
                crash_point!("lost");
                if let Err(error) = self.context.artifacts.remove(job_id, &artifact.filename).await {
                    tracing::error!(%job_id, %error, "the file of a lost job could not be removed");
                }
                PublishOutcome::Lost
            }
            Err(LeaseError::Store(error)) => {
                tracing::error!(%job_id, %error, "a file is finished, and the job store did not answer");
                PublishOutcome::Unknown
            }
        }
    }

    /// Reports why the attempt failed; `None` if it has lost the job.
    pub async fn fail(&self, failure: &Failure) -> Option<AfterFailure> {
        crash_point!("failing");
        let after = self.retry(|| self.context.store.fail(self.held, failure)).await.ok();
        crash_point!("failed");
        after
    }

    /// Hands the job back, so that another worker begins it again.
    pub async fn release(&self) -> bool {
        crash_point!("releasing");
        let released = self.retry(|| self.context.store.release(self.held)).await.is_ok();
        crash_point!("released");
        released
    }

    /// Calls the store until it answers. The finished work is worth keeping, so this continues for as long as
    /// the record may live, or for the grace period once the process stops.
    async fn retry<T, F>(&self, call: impl Fn() -> F) -> Result<T, LeaseError>
    where
        F: Future<Output = Result<T, LeaseError>>,
    {
        let mut deadline = Instant::now() + self.context.store.options().ttl;
        let (mut is_logged, mut is_stopping) = (false, false);
        loop {
            match call().await {
                // A damaged store stays damaged, and other jobs wait for this worker.
                Err(LeaseError::Store(error))
                    if !matches!(error, StoreError::Damaged(_)) && Instant::now() < deadline =>
                {
                    if !is_logged {
                        tracing::warn!(job_id = %self.held.job_id, %error, "the end of a job could not be stored; retrying");
                    }
                    is_logged = true;
                    sleep(RETRY_DELAY).await;
                }
                answer => return answer,
            }
            if !is_stopping && self.stopping.is_cancelled() {
                is_stopping = true;
                deadline = deadline.min(Instant::now() + self.context.settings.grace.max(MIN_RETRY_TIME));
            }
        }
    }
}
