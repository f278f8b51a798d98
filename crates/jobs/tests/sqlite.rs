//! The SQLite store keeps the contract, and what it promises beyond it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jobs::contract::Harness;
use jobs::{Artifact, JobId, JobStore, Kind, NewJob, SqliteStore, State, StoreError, StoreOptions, WorkerId};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

/// Each store in a folder of its own, which goes with the harness.
#[derive(Default)]
struct Folders(Mutex<Vec<tempfile::TempDir>>);

#[async_trait]
impl Harness for Folders {
    async fn open(&self, options: StoreOptions) -> Arc<dyn JobStore> {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), options).await.unwrap();
        self.0.lock().unwrap().push(folder);
        Arc::new(store)
    }
}

jobs::contract_tests!(Folders::default());

fn job() -> NewJob {
    NewJob {
        job_id: JobId::random(),
        kind: Kind::Pdf,
        title: "A report".into(),
        request: serde_json::json!({}),
        total_detections: None,
        owner: None,
        callback_url: None,
        idempotency: None,
    }
}

#[tokio::test]
async fn a_folder_is_opened_by_one_process_only() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let second = SqliteStore::open(folder.path(), StoreOptions::default()).await;
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    drop(first);
    SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
}

#[tokio::test]
async fn jobs_of_a_stopped_process_wait_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let (running, waiting) = (job(), job());
    store.submit(&running).await.unwrap();
    store.submit(&waiting).await.unwrap();
    store.claim(&WorkerId::random()).await.unwrap().unwrap();
    drop(store);

    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    for expected in [&running, &waiting] {
        let record = store.get(&expected.job_id).await.unwrap().unwrap();
        assert_eq!(record.state, State::Queued);
        let claim = store.claim(&WorkerId::random()).await.unwrap().unwrap();
        assert_eq!(claim.held.job_id, expected.job_id);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jobs.sqlite"), "this is no database, ".repeat(100)).unwrap();
    let opened = SqliteStore::open(folder.path(), StoreOptions::default()).await;
    assert!(matches!(opened, Err(StoreError::Damaged(_))), "{opened:?}");
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let before = job();
    store.submit(&before).await.unwrap();
    drop(store);
    let file = SqliteConnectOptions::new().filename(folder.path().join("jobs.sqlite"));
    let pool = SqlitePool::connect_with(file).await.unwrap();
    let back = "ALTER TABLE jobs DROP COLUMN missing_count; ALTER TABLE jobs DROP COLUMN title; \
        DROP INDEX jobs_calling; ALTER TABLE jobs DROP COLUMN sha256; ALTER TABLE jobs DROP COLUMN callback; \
        ALTER TABLE jobs DROP COLUMN callback_attempt; ALTER TABLE jobs DROP COLUMN callback_due; \
        DROP INDEX jobs_owned; DROP INDEX jobs_taken; DROP INDEX jobs_waiting; ALTER TABLE jobs DROP COLUMN turn; \
        CREATE INDEX jobs_waiting ON jobs (seq) WHERE state = 'queued'; ALTER TABLE jobs DROP COLUMN owner; PRAGMA user_version = 1;";
    sqlx::raw_sql(back).execute(&pool).await.unwrap();
    pool.close().await;

    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let held = store.claim(&WorkerId::random()).await.unwrap().unwrap().held;
    let artifact = Artifact { filename: "a.zip".into(), size: 1, missing: Some(2), sha256: None };
    store.complete(&held, &artifact).await.unwrap();
    let record = store.get(&before.job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.missing_count), (State::Completed, Some(2)));
}
