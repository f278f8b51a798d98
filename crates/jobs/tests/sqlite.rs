//! The SQLite store keeps the contract, and what it promises beyond it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jobs::contract::Harness;
use jobs::{
    Artifact, JobId, JobState, JobStore, Kind, MissingReason, NewJob, SqliteStore, StoreError, StoreOptions,
    WorkerId,
};
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
        details: None,
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
    assert!(matches!(opened, Err(StoreError::Damaged(_))), "{opened:?}");
}

/// Names in a folder, sorted.
fn names(folder: &tempfile::TempDir) -> Vec<String> {
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

    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let before = names(&folder);
    let inspected = SqliteStore::inspect(folder.path());
    assert!(matches!(inspected, Err(StoreError::InUse(_))), "{inspected:?}");
    assert_eq!(names(&folder), before);
    drop(store);
    SqliteStore::inspect(folder.path()).unwrap();
    SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_told_without_opening_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.sqlite");
    std::fs::write(&path, "this is no database, ".repeat(100)).unwrap();
    let inspected = SqliteStore::inspect(folder.path());
    assert!(matches!(inspected, Err(StoreError::Damaged(_))), "{inspected:?}");
    std::fs::remove_file(&path).unwrap();
    let file = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = SqlitePool::connect_with(file).await.unwrap();
    sqlx::raw_sql("CREATE TABLE jobs (job_id TEXT); PRAGMA user_version = 99").execute(&pool).await.unwrap();
    pool.close().await;
    let told = SqliteStore::inspect(folder.path()).unwrap_err().to_string();
    assert!(told.contains("its tables are of version 99"), "{told}");
    assert_eq!(names(&folder), ["jobs.sqlite"]);
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
        CREATE INDEX jobs_waiting ON jobs (seq) WHERE state = 'queued'; ALTER TABLE jobs DROP COLUMN owner; \
        ALTER TABLE jobs DROP COLUMN missing_reasons; ALTER TABLE jobs DROP COLUMN remote_pictures; \
        ALTER TABLE jobs DROP COLUMN details; \
        PRAGMA user_version = 1;";
    sqlx::raw_sql(back).execute(&pool).await.unwrap();
    pool.close().await;

    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let held = store.claim(&WorkerId::random()).await.unwrap().unwrap().held;
    let artifact = Artifact { filename: "a.zip".into(), size: 1, missing: Some(2), ..Artifact::default() };
    store.complete(&held, &artifact).await.unwrap();
    let record = store.get(&before.job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.missing_count), (JobState::Completed, Some(2)));
}

/// Columns that came later need no new version: the program before, which does not know them, goes on.
#[tokio::test]
async fn a_database_without_reasons_gets_room_for_them_and_keeps_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let [before, after] = [job(), job()];
    let complete = async |store: &SqliteStore, artifact: &Artifact| {
        let held = store.claim(&WorkerId::random()).await.unwrap().unwrap().held;
        store.complete(&held, artifact).await.unwrap();
    };
    store.submit(&before).await.unwrap();
    let old = Artifact { filename: "a.zip".into(), size: 1, missing: Some(2), ..Artifact::default() };
    complete(&store, &old).await;
    drop(store);
    let database = async || {
        let file = SqliteConnectOptions::new().filename(folder.path().join("jobs.sqlite"));
        SqlitePool::connect_with(file).await.unwrap()
    };
    let pool = database().await;
    let back = "ALTER TABLE jobs DROP COLUMN missing_reasons; ALTER TABLE jobs DROP COLUMN remote_pictures; \
        ALTER TABLE jobs DROP COLUMN details;";
    sqlx::raw_sql(back).execute(&pool).await.unwrap();
    pool.close().await;

    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let record = store.get(&before.job_id).await.unwrap().unwrap();
    assert_eq!(
        (record.missing_count, record.missing_reasons.len(), record.remote_pictures),
        (Some(2), 0, None)
    );
    store.submit(&after).await.unwrap();
    let reason = MissingReason {
        reason: "remote".into(),
        count: 2,
        message: "2 pictures are on the web only".into(),
        hint: Some("add --fetch-media".into()),
    };
    let new = Artifact {
        filename: "b.zip".into(),
        missing_reasons: vec![reason.clone()],
        remote_pictures: Some(7),
        ..old
    };
    complete(&store, &new).await;
    drop(store);
    let pool = database().await;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&pool).await.unwrap();
    assert_eq!(version, 5);
    pool.close().await;

    // Another process finds them.
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).await.unwrap();
    let record = store.get(&after.job_id).await.unwrap().unwrap();
    assert_eq!((record.missing_reasons, record.remote_pictures), (vec![reason], Some(7)));
}
