//! The end of an attempt: what the store is told, and what becomes of the file.

use std::time::Duration;

use jobs::{AfterFailure, Failure, Held, HeldError, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Tools;
use super::run::Made;
use crate::export::MakeError;
use crate::faults::may_die;

/// The longest that a finished file may take to become visible. The lease runs out long before.
const PUBLISH: Duration = Duration::from_mins(2);
/// Wait before the store is told again.
const AGAIN: Duration = Duration::from_millis(250);
/// What a process that stops gives a store that does not answer, at the least.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An attempt whose work is over.
pub struct Ending<'a> {
    pub tools: &'a Tools,
    pub held: &'a Held,
    pub stopping: watch::Receiver<bool>,
}

/// What became of a finished file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The job is completed, and has it: so many bytes.
    Completed(u64),
    /// The job was another's by then; the file was removed.
    Lost,
    /// It could not be made visible.
    Failed,
    /// The store did not say. The record may want the file, so it stays until the sweep finds
    /// out.
    Unknown,
}

impl Ending<'_> {
    /// Makes the file visible and the job completed; when the job is no longer ours, the file
    /// goes.
    pub async fn publish(&self, Made { unfinished, counts, sha256 }: Made) -> Published {
        let job_id = &self.held.job_id;
        let publishing = tokio::task::spawn_blocking(move || unfinished.publish(counts, sha256));
        let Ok(published) = timeout(PUBLISH, publishing).await else {
            tracing::error!(%job_id, "the folder of files does not answer; its file is left to the sweep");
            return Published::Unknown;
        };
        let artifact = match published {
            Ok(Ok(artifact)) => artifact,
            Ok(Err(error)) => {
                if let MakeError::Failed(failure) = MakeError::disk(&error) {
                    self.fail(&failure).await;
                }
                return Published::Failed;
            }
            Err(panic) => {
                tracing::error!(%job_id, %panic, "publishing a file met a fault of the program");
                return Published::Failed;
            }
        };
        may_die!("published");
        match self.insist(|| self.tools.store.complete(self.held, &artifact)).await {
            Ok(()) => {
                may_die!("completed");
                Published::Completed(artifact.size)
            }
            Err(HeldError::Lost) => {
                may_die!("lost");
                if let Err(error) = self.tools.artifacts.remove(job_id, &artifact.filename).await {
                    tracing::error!(%job_id, %error, "the file of a lost job could not be removed");
                }
                Published::Lost
            }
            Err(HeldError::Store(error)) => {
                tracing::error!(%job_id, %error, "a job was done and the job store did not take it");
                Published::Unknown
            }
        }
    }

    /// Tells why there is no file; `None` when nobody wants to know any more.
    pub async fn fail(&self, failure: &Failure) -> Option<AfterFailure> {
        may_die!("failing");
        let after = self.insist(|| self.tools.store.fail(self.held, failure)).await.ok();
        may_die!("failed");
        after
    }

    /// Hands the job back, for another worker to begin anew.
    pub async fn release(&self) -> bool {
        may_die!("releasing");
        let released = self.insist(|| self.tools.store.release(self.held)).await.is_ok();
        may_die!("released");
        released
    }

    /// Says something to the store until it answers. The work is done and worth keeping, so this
    /// goes on for as long as the record may live; once the process stops, for the time of grace.
    async fn insist<T, F>(&self, say: impl Fn() -> F) -> Result<T, HeldError>
    where
        F: Future<Output = Result<T, HeldError>>,
    {
        let mut give_up = Instant::now() + self.tools.store.options().ttl;
        let (mut told, mut stops) = (false, false);
        loop {
            match say().await {
                // What is damaged stays so, and others wait for this worker.
                Err(HeldError::Store(error))
                    if !matches!(error, StoreError::Damaged(_)) && Instant::now() < give_up =>
                {
                    if !told {
                        tracing::warn!(job_id = %self.held.job_id, %error, "the job store did not take the end of a job; trying again");
                    }
                    told = true;
                    sleep(AGAIN).await;
                }
                answer => return answer,
            }
            if !stops && *self.stopping.borrow() {
                stops = true;
                give_up = give_up.min(Instant::now() + self.tools.grace.max(LAST_WORDS));
            }
        }
    }
}
