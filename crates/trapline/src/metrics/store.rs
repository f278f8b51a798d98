//! A job store that times its operations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jobs::{
    AfterFailure, Artifact, Callback, ChangeMessage, Changes, Claim, Failure, JobId, JobRecord, JobStore,
    Lease, LeaseError, NewJob, Page, ReapReport, RecordResult, Stats, StoreError, StoreOptions, Submission,
    WorkerId,
};
use tokio::sync::broadcast;

use super::{OperationLabels, metrics, result_label};

/// Times the operations of another store.
pub struct TimedStore(pub Arc<dyn JobStore>);

/// Times an operation. That a worker has lost its job does not count as an error.
async fn time<T, E: StoreFailure>(
    operation: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begun = Instant::now();
    let answer = work.await;
    let answered = answer.as_ref().err().is_none_or(|error| !error.is_store_failure());
    let labels = OperationLabels { operation, result: result_label(answered) };
    metrics().store.get_or_create(&labels).observe(begun.elapsed().as_secs_f64());
    answer
}

/// Tells errors of the store itself from refusals of an operation.
trait StoreFailure {
    /// Whether the store did not answer, or gave a damaged answer.
    fn is_store_failure(&self) -> bool;
}

impl StoreFailure for StoreError {
    fn is_store_failure(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Refused(_) | Self::Damaged(_))
    }
}

impl StoreFailure for LeaseError {
    fn is_store_failure(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_store_failure())
    }
}

#[async_trait]
impl JobStore for TimedStore {
    async fn submit(&self, job: &NewJob) -> Result<Submission, StoreError> {
        time("submit", self.0.submit(job)).await
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        time("claim", self.0.claim(worker)).await
    }

    async fn heartbeat(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError> {
        time("heartbeat", self.0.heartbeat(held, processed_count)).await
    }

    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError> {
        time("is_held", self.0.is_held(held)).await
    }

    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        time("complete", self.0.complete(held, artifact)).await
    }

    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError> {
        time("fail", self.0.fail(held, failure)).await
    }

    async fn release(&self, held: &Lease) -> Result<(), LeaseError> {
        time("release", self.0.release(held)).await
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        time("delete", self.0.delete(job_id)).await
    }

    async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        time("get", self.0.get(job_id)).await
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        time("get_many", self.0.get_many(job_ids)).await
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        time("peek_many", self.0.peek_many(job_ids)).await
    }

    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        time("queue_position", self.0.queue_position(job_id)).await
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        time("queue_positions", self.0.queue_positions(job_ids)).await
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        time("list", self.0.list(from, limit)).await
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        time("changes", self.0.changes(since)).await
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.0.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        self.0.is_subscribed()
    }

    async fn claim_callback(&self, reservation: Duration) -> Result<Option<Callback>, StoreError> {
        time("callback", self.0.claim_callback(reservation)).await
    }

    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError> {
        time("callback_done", self.0.settle_callback(job_id, retry_in)).await
    }

    async fn reap(&self) -> Result<ReapReport, StoreError> {
        time("reap", self.0.reap()).await
    }

    async fn wait_for_work(&self) {
        self.0.wait_for_work().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        time("check", self.0.ping()).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        time("stats", self.0.stats()).await
    }

    fn options(&self) -> &StoreOptions {
        self.0.options()
    }
}
