//! The Redis store keeps the contract, and what it promises beyond it, on a real server of each
//! test's own.

mod foreign_records;
mod records;
mod refusals;
mod sentinel;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jobs::contract::Harness;
use jobs::{
    JobId, JobQueue, JobReader, JobRecord, JobStore, JobSubmitter, Kind, Lease, NewJob, RedisStore,
    StoreOptions, WorkerId,
};
use testkit::RedisServer;

use support::new_job;

/// Each store on a server of its own, which goes with the harness.
#[derive(Default)]
struct Servers(Mutex<Vec<RedisServer>>);

#[async_trait]
impl Harness for Servers {
    async fn open(&self, options: StoreOptions) -> Arc<dyn JobStore> {
        let server = RedisServer::start();
        let store = RedisStore::open(&server.url().parse().unwrap(), options).await.unwrap();
        self.0.lock().unwrap().push(server);
        Arc::new(store)
    }
}

jobs::contract_tests!(Servers::default());

/// A server and a store on it in which nothing runs out.
async fn store() -> (RedisServer, RedisStore) {
    let server = RedisServer::start();
    let hour = Duration::from_hours(1);
    let options =
        StoreOptions { ttl: hour, lease: hour, retry_delay: Duration::ZERO, ..StoreOptions::default() };
    let store = RedisStore::open(&server.url().parse().unwrap(), options).await.unwrap();
    (server, store)
}

fn job() -> NewJob {
    NewJob {
        kind: Kind::Zip,
        title: "Herons".into(),
        request: serde_json::json!({"what": [1, "ä\n\"}"]}),
        total_detections: Some(10),
        owner: Some("anna".into()),
        ..new_job()
    }
}

/// A job that is submitted.
async fn submit(store: &RedisStore) -> NewJob {
    let new = job();
    store.submit(&new).await.unwrap();
    new
}

/// The next job, for a new worker.
async fn claim(store: &RedisStore) -> Lease {
    store.claim(&WorkerId::random()).await.unwrap().expect("a job").held
}

/// The record of a job.
async fn get(store: &RedisStore, job_id: &JobId) -> Option<JobRecord> {
    store.get(job_id).await.unwrap()
}

fn record_key(job_id: &JobId) -> String {
    format!("export_job:{job_id}")
}

/// Asks until the answer is yes. A test that would wait for ever ends after a minute.
async fn wait_until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited a minute for: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
