//! The SQLite store keeps the contract, and what it promises beyond it.

mod support;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jobs::contract::Harness;
use jobs::{
    Artifact, JobId, JobQueue, JobReader, JobRecord, JobState, JobStore, JobSubmitter, MissingReason,
    OpenError, SqliteStore, StoreError, StoreOptions, WorkerId,
};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use support::new_job;

/// Each store in a folder of its own, which goes with the harness.
#[derive(Default)]
struct Folders(Mutex<Vec<TempDir>>);

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

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap()
}

/// The tables in the folder of a store that is not open.
async fn connect(folder: &TempDir) -> SqlitePool {
    let file = SqliteConnectOptions::new().filename(folder.path().join("jobs.sqlite"));
    SqlitePool::connect_with(file.create_if_missing(true)).await.unwrap()
}

/// Changes the tables as an earlier or later program would have them.
async fn change_tables(folder: &TempDir, statements: &'static str) {
    let pool = connect(folder).await;
    sqlx::raw_sql(statements).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn get(store: &SqliteStore, job_id: &JobId) -> JobRecord {
    store.get(job_id).await.unwrap().unwrap()
}

async fn complete(store: &SqliteStore, artifact: &Artifact) {
    let held = store.claim(&WorkerId::random()).await.unwrap().unwrap().held;
    store.complete(&held, artifact).await.unwrap();
}

#[tokio::test]
async fn a_folder_is_opened_by_one_process_only() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(&folder).await;
    let second = SqliteStore::open(folder.path(), StoreOptions::default()).await;
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    drop(first);
    open(&folder).await;
}

#[tokio::test]
async fn jobs_of_a_stopped_process_wait_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let (running, waiting) = (new_job(), new_job());
    store.submit(&running).await.unwrap();
    store.submit(&waiting).await.unwrap();
    store.claim(&WorkerId::random()).await.unwrap().unwrap();
    drop(store);

    let store = open(&folder).await;
    for expected in [&running, &waiting] {
        let record = get(&store, &expected.job_id).await;
        assert_eq!(record.state, JobState::Queued);
        let claim = store.claim(&WorkerId::random()).await.unwrap().unwrap();
        assert_eq!(claim.held.job_id, expected.job_id);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jobs.sqlite"), "this is no database, ".repeat(100)).unwrap();
    let opened = SqliteStore::open(folder.path(), StoreOptions::default()).await;
    assert!(matches!(opened, Err(OpenError::Store(StoreError::Damaged(_)))), "{opened:?}");
}

/// Names in a folder, sorted.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn whether_a_store_can_be_opened_is_found_out_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::inspect(folder.path()).unwrap();
    assert_eq!(names(&folder), [] as [String; 0]);

    let store = open(&folder).await;
    let before = names(&folder);
    let inspected = SqliteStore::inspect(folder.path());
    assert!(matches!(inspected, Err(OpenError::InUse(_))), "{inspected:?}");
    assert_eq!(names(&folder), before);
    drop(store);
    SqliteStore::inspect(folder.path()).unwrap();
    open(&folder).await;
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_told_without_opening_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.sqlite");
    std::fs::write(&path, "this is no database, ".repeat(100)).unwrap();
    let inspected = SqliteStore::inspect(folder.path());
    assert!(matches!(inspected, Err(OpenError::Store(StoreError::Damaged(_)))), "{inspected:?}");
    std::fs::remove_file(&path).unwrap();
    change_tables(&folder, "CREATE TABLE jobs (job_id TEXT); PRAGMA user_version = 99").await;
    let told = SqliteStore::inspect(folder.path()).unwrap_err().to_string();
    assert!(told.contains("its tables are of version 99"), "{told}");
    assert_eq!(names(&folder), ["jobs.sqlite"]);
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let before = new_job();
    store.submit(&before).await.unwrap();
    drop(store);
    let back = "ALTER TABLE jobs DROP COLUMN missing_count; ALTER TABLE jobs DROP COLUMN title; \
        DROP INDEX jobs_calling; ALTER TABLE jobs DROP COLUMN sha256; ALTER TABLE jobs DROP COLUMN callback; \
        ALTER TABLE jobs DROP COLUMN callback_attempt; ALTER TABLE jobs DROP COLUMN callback_due; \
        DROP INDEX jobs_owned; DROP INDEX jobs_taken; DROP INDEX jobs_waiting; ALTER TABLE jobs DROP COLUMN turn; \
        CREATE INDEX jobs_waiting ON jobs (seq) WHERE state = 'queued'; ALTER TABLE jobs DROP COLUMN owner; \
        ALTER TABLE jobs DROP COLUMN missing_reasons; ALTER TABLE jobs DROP COLUMN remote_pictures; \
        ALTER TABLE jobs DROP COLUMN details; \
        PRAGMA user_version = 1;";
    change_tables(&folder, back).await;

    let store = open(&folder).await;
    let artifact = Artifact { filename: "a.zip".into(), size: 1, missing: Some(2), ..Artifact::default() };
    complete(&store, &artifact).await;
    let record = get(&store, &before.job_id).await;
    assert_eq!((record.state, record.missing_count), (JobState::Completed, Some(2)));
}

/// Columns that came later need no new version: the program before, which does not know them, goes on.
#[tokio::test]
async fn a_database_without_reasons_gets_room_for_them_and_keeps_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let [before, after] = [new_job(), new_job()];
    store.submit(&before).await.unwrap();
    let old = Artifact { filename: "a.zip".into(), size: 1, missing: Some(2), ..Artifact::default() };
    complete(&store, &old).await;
    drop(store);
    let back = "ALTER TABLE jobs DROP COLUMN missing_reasons; ALTER TABLE jobs DROP COLUMN remote_pictures; \
        ALTER TABLE jobs DROP COLUMN details;";
    change_tables(&folder, back).await;

    let store = open(&folder).await;
    let record = get(&store, &before.job_id).await;
    assert_eq!((record.missing_count, record.remote_pictures), (Some(2), None));
    assert!(record.missing_reasons.is_empty());
    store.submit(&after).await.unwrap();
    let reason = MissingReason {
        reason: "remote".into(),
        count: 2,
        message: "2 pictures are on the web only".into(),
        hint: Some("add --fetch-media".into()),
    };
    let missing_reasons = vec![reason.clone()];
    let new = Artifact { filename: "b.zip".into(), missing_reasons, remote_pictures: Some(7), ..old };
    complete(&store, &new).await;
    drop(store);
    let pool = connect(&folder).await;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&pool).await.unwrap();
    assert_eq!(version, 5);
    pool.close().await;

    // Another process finds them.
    let store = open(&folder).await;
    let record = get(&store, &after.job_id).await;
    assert_eq!((record.missing_reasons, record.remote_pictures), (vec![reason], Some(7)));
}
