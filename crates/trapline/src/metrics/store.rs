//! A job store whose answers are timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jobs::{
    AfterFailure, Artifact, Callback, ChangeMessage, Changes, Claim, Failure, Held, HeldError, JobId,
    JobStore, NewJob, OneRecord, Page, Reaped, Record, Stats, StoreError, StoreOptions, Submitted, WorkerId,
};
use tokio::sync::broadcast;

use super::{Asked, metrics, result};

/// Another store, with a clock.
pub struct Timed(pub Arc<dyn JobStore>);

/// Times an answer. That a job is another's is an answer like any other.
async fn timed<T, E: Fault>(
    operation: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begun = Instant::now();
    let answer = work.await;
    let answered = answer.as_ref().err().is_none_or(|error| !error.is_fault());
    let asked = Asked { operation, result: result(answered) };
    metrics().store.get_or_create(&asked).observe(begun.elapsed().as_secs_f64());
    answer
}

trait Fault {
    /// The store did not answer, or not as it should.
    fn is_fault(&self) -> bool;
}

impl Fault for StoreError {
    fn is_fault(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Refused(_) | Self::Damaged(_))
    }
}

impl Fault for HeldError {
    fn is_fault(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_fault())
    }
}

#[async_trait]
impl JobStore for Timed {
    async fn submit(&self, job: &NewJob) -> Result<Submitted, StoreError> {
        timed("submit", self.0.submit(job)).await
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        timed("claim", self.0.claim(worker)).await
    }

    async fn heartbeat(&self, held: &Held, processed_count: Option<u64>) -> Result<(), HeldError> {
        timed("heartbeat", self.0.heartbeat(held, processed_count)).await
    }

    async fn is_held(&self, held: &Held) -> Result<bool, StoreError> {
        timed("is_held", self.0.is_held(held)).await
    }

    async fn complete(&self, held: &Held, artifact: &Artifact) -> Result<(), HeldError> {
        timed("complete", self.0.complete(held, artifact)).await
    }

    async fn fail(&self, held: &Held, failure: &Failure) -> Result<AfterFailure, HeldError> {
        timed("fail", self.0.fail(held, failure)).await
    }

    async fn release(&self, held: &Held) -> Result<(), HeldError> {
        timed("release", self.0.release(held)).await
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        timed("delete", self.0.delete(job_id)).await
    }

    async fn get(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        timed("get", self.0.get(job_id)).await
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        timed("get_many", self.0.get_many(job_ids)).await
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        timed("peek_many", self.0.peek_many(job_ids)).await
    }

    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        timed("queue_position", self.0.queue_position(job_id)).await
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        timed("queue_positions", self.0.queue_positions(job_ids)).await
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        timed("list", self.0.list(from, limit)).await
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        timed("changes", self.0.changes(since)).await
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.0.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        self.0.is_subscribed()
    }

    async fn callback(&self, hold: Duration) -> Result<Option<Callback>, StoreError> {
        timed("callback", self.0.callback(hold)).await
    }

    async fn callback_done(&self, job_id: &JobId, again: Option<Duration>) -> Result<(), StoreError> {
        timed("callback_done", self.0.callback_done(job_id, again)).await
    }

    async fn reap(&self) -> Result<Reaped, StoreError> {
        timed("reap", self.0.reap()).await
    }

    async fn work(&self) {
        self.0.work().await;
    }

    async fn check(&self) -> Result<(), StoreError> {
        timed("check", self.0.check()).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        timed("stats", self.0.stats()).await
    }

    fn options(&self) -> &StoreOptions {
        self.0.options()
    }
}
