//! A job store that times its operations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jobs::{
    AfterFailure, Artifact, Callback, CallbackQueue, ChangeMessage, Changes, Claim, Failure, JobId, JobQueue,
    JobReader, JobRecord, JobStore, JobSubmitter, Lease, LeaseError, NewJob, Page, PlacedResult, ReapReport,
    RecordResult, Stats, StoreError, StoreOptions, Submission, SubmitError, WorkerId,
};
use tokio::sync::broadcast;

use super::{metrics, operation_labels};

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
    let labels = operation_labels(operation, answered);
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
        true
    }
}

impl StoreFailure for SubmitError {
    fn is_store_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

impl StoreFailure for LeaseError {
    fn is_store_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

/// Implements a role: operations that are timed under a name, and then those that only wait or look.
macro_rules! timed_role {
    ($role:ident {
        $($label:literal $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
    } $($rest:tt)*) => {
        #[async_trait]
        impl $role for TimedStore {
            $(
                async fn $name(&self, $($argument: $type),*) -> $answer {
                    time($label, self.0.$name($($argument),*)).await
                }
            )*
            $($rest)*
        }
    };
}

timed_role! {
    JobReader {
        "get" get(job_id: &JobId) -> Result<Option<JobRecord>, StoreError>;
        "get_many" get_many(job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError>;
        "peek_many" peek_many(job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError>;
        "get_placed" get_placed(job_ids: &[JobId]) -> Result<Vec<PlacedResult>, StoreError>;
        "queue_position" queue_position(job_id: &JobId) -> Result<Option<u64>, StoreError>;
        "queue_positions" queue_positions(job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError>;
        "list" list(from: Option<u64>, limit: u32) -> Result<Page, StoreError>;
        "changes" changes(since: Option<u64>) -> Result<Changes, StoreError>;
        "check" ping() -> Result<(), StoreError>;
        "stats" stats() -> Result<Stats, StoreError>;
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.0.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        self.0.is_subscribed()
    }
}

timed_role! {
    JobSubmitter {
        "submit" submit(job: &NewJob) -> Result<Submission, SubmitError>;
        "delete" delete(job_id: &JobId) -> Result<Option<JobRecord>, StoreError>;
    }
}

timed_role! {
    JobQueue {
        "claim" claim(worker: &WorkerId) -> Result<Option<Claim>, StoreError>;
        "heartbeat" heartbeat(held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError>;
        "is_held" is_held(held: &Lease) -> Result<bool, StoreError>;
        "complete" complete(held: &Lease, artifact: &Artifact) -> Result<(), LeaseError>;
        "fail" fail(held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError>;
        "release" release(held: &Lease) -> Result<(), LeaseError>;
        "reap" reap() -> Result<ReapReport, StoreError>;
    }

    async fn wait_for_work(&self) {
        self.0.wait_for_work().await;
    }

    fn options(&self) -> &StoreOptions {
        self.0.options()
    }
}

timed_role! {
    CallbackQueue {
        "callback" claim_callback(reservation: Duration) -> Result<Option<Callback>, StoreError>;
        "callback_done" settle_callback(job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError>;
    }
}
