//! Reads of jobs that requests share.
//!
//! A request that comes during a read waits for the next one, so its answer was read after it asked. Without
//! other requests at the same time a read begins at once.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use jobs::{JobId, JobReader, JobRecord, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::shared_status::{SharedStatus, read_statuses};
use super::watchers::Watchers;

/// Interval between two reads of waiting requests, so that any number of them cause at most 25 a second.
const READ_INTERVAL: Duration = Duration::from_millis(40);

/// The most statuses in one read.
const MAX_STATUSES: usize = 256;
/// How long the next read of statuses waits for the last one. A store that does not answer delays nothing else.
const PATIENCE: Duration = Duration::from_millis(20);

/// The answer to the read of one job; `None` if there is no such job.
type Answer<T> = Result<Option<Arc<T>>, StoreError>;
type AnswerSender<T> = oneshot::Sender<Answer<T>>;
/// Reads that were not answered yet.
type PendingReads<T> = Vec<(JobId, AnswerSender<T>)>;

enum ReadRequest {
    Peek(JobId, AnswerSender<JobRecord>),
    Read(JobId, AnswerSender<SharedStatus>),
}

/// A handle to the task that reads for all waiting requests.
#[derive(Clone)]
pub struct SharedReads(mpsc::UnboundedSender<ReadRequest>);

/// A handle to the task that reads statuses for all requests that do not wait for a change.
#[derive(Clone)]
pub struct StatusReads(mpsc::UnboundedSender<(JobId, AnswerSender<SharedStatus>)>);

impl SharedReads {
    /// Starts a task that reads from `store` until the last handle is dropped.
    pub fn start(store: Arc<dyn JobReader>, watchers: Arc<Watchers>) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        tokio::spawn(answer_all(received, store, watchers));
        Self(requests)
    }

    pub async fn peek(&self, job_id: &JobId) -> Answer<JobRecord> {
        let (sender, receiver) = oneshot::channel();
        self.send(ReadRequest::Peek(job_id.clone(), sender), receiver).await
    }

    pub async fn read(&self, job_id: &JobId) -> Answer<SharedStatus> {
        let (sender, receiver) = oneshot::channel();
        self.send(ReadRequest::Read(job_id.clone(), sender), receiver).await
    }

    async fn send<T>(&self, request: ReadRequest, receiver: oneshot::Receiver<Answer<T>>) -> Answer<T> {
        // Fails only while the process stops, when the task has ended. The receiver then fails as well.
        let _ = self.0.send(request);
        receive(receiver).await
    }
}

impl StatusReads {
    /// Starts a task that reads from `store` until the last handle is dropped.
    pub fn start(store: Arc<dyn JobReader>) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        tokio::spawn(answer_statuses(received, store));
        Self(requests)
    }

    pub async fn read(&self, job_id: &JobId) -> Answer<SharedStatus> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.0.send((job_id.clone(), sender));
        receive(receiver).await
    }
}

async fn receive<T>(receiver: oneshot::Receiver<Answer<T>>) -> Answer<T> {
    receiver.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the server stops".into())))
}

async fn answer_statuses(
    mut requests: mpsc::UnboundedReceiver<(JobId, AnswerSender<SharedStatus>)>,
    store: Arc<dyn JobReader>,
) {
    let mut pending = PendingReads::new();
    while requests.recv_many(&mut pending, MAX_STATUSES).await > 0 {
        let mut read = Box::pin(answer_reads(Arc::clone(&store), mem::take(&mut pending)));
        if timeout(PATIENCE, &mut read).await.is_err() {
            tokio::spawn(read);
        }
    }
}

async fn answer_reads(store: Arc<dyn JobReader>, reads: PendingReads<SharedStatus>) {
    let job_ids = unique_jobs(&reads);
    let statuses = read_statuses(&*store, &job_ids).await;
    send_answers(reads, &job_ids, statuses);
}

async fn answer_all(
    mut requests: mpsc::UnboundedReceiver<ReadRequest>,
    store: Arc<dyn JobReader>,
    watchers: Arc<Watchers>,
) {
    while let Some(first) = requests.recv().await {
        let (mut peeks, mut reads) = (PendingReads::new(), PendingReads::new());
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                ReadRequest::Peek(job_id, sender) => peeks.push((job_id, sender)),
                ReadRequest::Read(job_id, sender) => reads.push((job_id, sender)),
            }
            next = requests.try_recv().ok();
        }
        let job_ids = unique_jobs(&peeks);
        let records = peek(&*store, &watchers, &job_ids).await;
        send_answers(peeks, &job_ids, records);
        answer_reads(Arc::clone(&store), reads).await;
        sleep(READ_INTERVAL).await;
    }
}

/// Reads records, after making sure that watchers are sent all changes from now on.
async fn peek(
    store: &dyn JobReader,
    watchers: &Watchers,
    job_ids: &[JobId],
) -> Result<Vec<Answer<JobRecord>>, StoreError> {
    if job_ids.is_empty() {
        return Ok(Vec::new());
    }
    if watchers.position().is_none() {
        watchers.begin_at(store.changes(None).await?.now);
    }
    let records = store.peek_many(job_ids).await?;
    Ok(records.into_iter().map(|record| record.map(|record| record.map(Arc::new))).collect())
}

/// The jobs that requests ask for, each once and in order.
fn unique_jobs<T>(pending: &[(JobId, AnswerSender<T>)]) -> Vec<JobId> {
    let mut job_ids: Vec<JobId> = pending.iter().map(|(job_id, _)| job_id.clone()).collect();
    job_ids.sort_unstable();
    job_ids.dedup();
    job_ids
}

/// Answers all requests with what was read of `job_ids`, which are in order.
fn send_answers<T>(pending: PendingReads<T>, job_ids: &[JobId], read: Result<Vec<Answer<T>>, StoreError>) {
    for (job_id, sender) in pending {
        let answer = match &read {
            Ok(answers) => {
                let place = job_ids.binary_search(&job_id).ok();
                place.and_then(|place| answers.get(place)).cloned().unwrap_or(Ok(None))
            }
            Err(error) => Err(error.clone()),
        };
        // Fails if the request has been dropped meanwhile.
        let _ = sender.send(answer);
    }
}
