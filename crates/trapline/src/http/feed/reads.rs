//! Reads of jobs that requests which wait share.
//!
//! A request that comes while a read is on its way waits for the next: what it is told was read
//! after it asked. A read that nobody else asks for at the same time begins at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jobs::{JobId, JobStore, Record, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::shared_status::{SharedStatus, read_statuses};
use super::watchers::Watchers;

/// Between two reads, so that a crowd makes 25 a second.
const PACE: Duration = Duration::from_millis(40);

/// What is told of one job.
type One<T> = Result<Option<Arc<T>>, StoreError>;
/// Where an answer goes.
type Answer<T> = oneshot::Sender<One<T>>;
/// Answers that are waited for, by job.
type Wanted<T> = Vec<(JobId, Answer<T>)>;

enum Request {
    Peek(JobId, Answer<Record>),
    Read(JobId, Answer<SharedStatus>),
}

/// Asks on behalf of many.
#[derive(Clone)]
pub struct SharedReads(mpsc::UnboundedSender<Request>);

impl SharedReads {
    /// Reads from `store`, for as long as there is anybody to ask.
    pub fn start(store: Arc<dyn JobStore>, watchers: Arc<Watchers>) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        tokio::spawn(answer_all(received, store, watchers));
        Self(requests)
    }

    pub async fn peek(&self, job_id: &JobId) -> One<Record> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Peek(job_id.clone(), answer), answered).await
    }

    pub async fn read(&self, job_id: &JobId) -> One<SharedStatus> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Read(job_id.clone(), answer), answered).await
    }

    async fn ask<T>(&self, request: Request, answered: oneshot::Receiver<One<T>>) -> One<T> {
        // Nobody is there to answer only when the process ends; the request is then dropped.
        let _ = self.0.send(request);
        answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the server stops".into())))
    }
}

async fn answer_all(
    mut requests: mpsc::UnboundedReceiver<Request>,
    store: Arc<dyn JobStore>,
    watchers: Arc<Watchers>,
) {
    while let Some(first) = requests.recv().await {
        let (mut peeks, mut reads) = (Wanted::new(), Wanted::new());
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Peek(job_id, answer) => peeks.push((job_id, answer)),
                Request::Read(job_id, answer) => reads.push((job_id, answer)),
            }
            next = requests.try_recv().ok();
        }
        let job_ids = unique_jobs(&peeks);
        let records = peek(&*store, &watchers, &job_ids).await;
        give(peeks, &job_ids, records);
        let job_ids = unique_jobs(&reads);
        let statuses = read_statuses(&*store, &job_ids).await;
        give(reads, &job_ids, statuses);
        sleep(PACE).await;
    }
}

/// Records as they are after everybody who watches is told of changes.
async fn peek(
    store: &dyn JobStore,
    watchers: &Watchers,
    job_ids: &[JobId],
) -> Result<Vec<One<Record>>, StoreError> {
    if job_ids.is_empty() {
        return Ok(Vec::new());
    }
    if watchers.since().is_none() {
        watchers.begin_at(store.changes(None).await?.now);
    }
    let records = store.peek_many(job_ids).await?;
    Ok(records.into_iter().map(|record| record.map(|found| found.map(Arc::new))).collect())
}

/// The jobs that are asked for, each once.
fn unique_jobs<T>(wanted: &[(JobId, Answer<T>)]) -> Vec<JobId> {
    let mut job_ids: Vec<JobId> = wanted.iter().map(|(job_id, _)| job_id.clone()).collect();
    job_ids.sort_unstable();
    job_ids.dedup();
    job_ids
}

/// Answers everybody.
fn give<T>(wanted: Wanted<T>, job_ids: &[JobId], read: Result<Vec<One<T>>, StoreError>) {
    let found: Result<HashMap<&JobId, One<T>>, StoreError> =
        read.map(|all| job_ids.iter().zip(all).collect());
    for (job_id, answer) in wanted {
        let one = match &found {
            Ok(found) => found.get(&job_id).cloned().unwrap_or(Ok(None)),
            Err(error) => Err(error.clone()),
        };
        // Somebody who is gone hears nothing.
        let _ = answer.send(one);
    }
}
