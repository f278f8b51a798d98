//! Jobs in a SQLite database, for one process.
//!
//! The database is in WAL mode and every commit is written through to the disk, so a status
//! that was answered survives the end of the process and of the machine. The folder is locked:
//! since one process has it, jobs that were running when it is opened have no worker any more
//! and wait again at once, without their lease having to run out.

#[macro_use]
mod rows;
mod callbacks;
mod feed;
mod inspect;
mod many;
mod submit;
mod transaction;
mod worker;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::{Notify, broadcast};

use crate::id::{JobId, WorkerId};
use crate::job::{Artifact, Callback, Claim, Failure, Held, NewJob, Record, Submitted};
use crate::store::{
    AfterFailure, ChangeMessage, Changes, HeldError, JobStore, OneRecord, Page, Reaped, Stats, StoreError,
    StoreOptions,
};

use feed::Feed;
use rows::{damaged, record, store_error};

/// The database in the folder.
const DATABASE: &str = "jobs.sqlite";
/// The file that a process locks for as long as it uses the folder.
const LOCK: &str = "lock";
/// Version of the tables, as `schema.sql` notes it in the database.
const VERSION: i64 = 5;
/// What brings tables of version 1 to version 2, and so on.
const UPDATES: [&str; 4] = [
    "BEGIN; ALTER TABLE jobs ADD COLUMN missing_count INTEGER; PRAGMA user_version = 2; COMMIT;",
    "BEGIN; ALTER TABLE jobs ADD COLUMN title TEXT; PRAGMA user_version = 3; COMMIT;",
    "BEGIN; ALTER TABLE jobs ADD COLUMN sha256 TEXT; ALTER TABLE jobs ADD COLUMN callback TEXT; \
     ALTER TABLE jobs ADD COLUMN callback_attempt INTEGER NOT NULL DEFAULT 0; \
     ALTER TABLE jobs ADD COLUMN callback_due INTEGER NOT NULL DEFAULT 0; \
     CREATE INDEX jobs_calling ON jobs (callback_due) WHERE callback IS NOT NULL; \
     PRAGMA user_version = 4; COMMIT;",
    "BEGIN; ALTER TABLE jobs ADD COLUMN owner TEXT; \
     ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0; UPDATE jobs SET turn = seq; \
     DROP INDEX jobs_waiting; CREATE INDEX jobs_waiting ON jobs (turn, seq) WHERE state = 'queued'; \
     CREATE INDEX jobs_taken ON jobs (turn) WHERE state <> 'queued'; \
     CREATE INDEX jobs_owned ON jobs (owner, turn); PRAGMA user_version = 5; COMMIT;",
];
/// Columns that came later and may be empty, each with what adds it. They make no new version: an earlier
/// program reads the columns that it knows by their names, and goes on with the database.
const LATER_COLUMNS: [(&str, &str); 2] = [
    ("missing_reasons", "ALTER TABLE jobs ADD COLUMN missing_reasons TEXT"),
    ("remote_pictures", "ALTER TABLE jobs ADD COLUMN remote_pictures INTEGER"),
];
/// Longest wait for a connection, after which a request is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A store of jobs in one folder.
#[derive(Debug)]
pub struct SqliteStore {
    /// One connection: SQLite has one writer, and a queue in front of it is fairer than retries.
    writer: SqlitePool,
    readers: SqlitePool,
    options: StoreOptions,
    work: Notify,
    feed: Feed,
    /// When a worker asked for a job for the last time, in milliseconds; 0 before the first.
    claimed: AtomicI64,
    /// Held as long as the store is open.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is made when it is not there.
    ///
    /// [`StoreError::InUse`] when another process has it.
    pub async fn open(folder: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let lock = lock(folder)?;
        let connect = SqliteConnectOptions::new()
            .filename(folder.join(DATABASE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE);
        let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(PATIENCE);
        let writer = pool(1).connect_with(connect.clone()).await.map_err(store_error)?;
        prepare(&writer).await?;
        let readers = pool(4).connect_with(connect.read_only(true)).await.map_err(store_error)?;
        let feed = Feed::new(u64::try_from(now()).unwrap_or(0));
        let store = Self {
            writer,
            readers,
            options,
            work: Notify::new(),
            feed,
            claimed: AtomicI64::new(0),
            _lock: lock,
        };
        store.take_back_all().await?;
        Ok(store)
    }

    /// No worker of an earlier process is left: every lease has run out.
    async fn take_back_all(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let taken = sqlx::query("UPDATE jobs SET lease_until = 0 WHERE state = 'running'")
            .execute(transaction.connection())
            .await
            .map_err(store_error)?;
        // Nor is anybody about to tell the end of a job.
        sqlx::query("UPDATE jobs SET callback_due = 0 WHERE callback IS NOT NULL")
            .execute(transaction.connection())
            .await
            .map_err(store_error)?;
        transaction.commit().await?;
        if taken.rows_affected() > 0 {
            tracing::info!(
                jobs = taken.rows_affected(),
                "taking back jobs that a stopped server was working on"
            );
        }
        self.reap().await.map(|_| ())
    }

    fn ttl(&self) -> i64 {
        millis(self.options.ttl)
    }
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let path: PathBuf = folder.join(LOCK);
    let unavailable =
        |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unavailable)?;
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

/// Makes the tables of a new database, and brings older ones up to date; one of a version to come
/// is not touched.
async fn prepare(writer: &SqlitePool) -> Result<(), StoreError> {
    let version: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await.map_err(store_error)?;
    let done = usize::try_from(version).unwrap_or(0).saturating_sub(1);
    let changes: &[&str] = match version {
        0 => &[include_str!("schema.sql")],
        1..=VERSION => &UPDATES[done..],
        other => {
            return Err(damaged(format!(
                "its tables are of version {other}, and this program reads {VERSION}"
            )));
        }
    };
    for change in changes {
        sqlx::raw_sql(*change).execute(writer).await.map_err(store_error)?;
    }
    add_later_columns(writer).await
}

/// Adds the columns that a database of the same version may lack.
async fn add_later_columns(writer: &SqlitePool) -> Result<(), StoreError> {
    let found: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info('jobs')")
        .fetch_all(writer)
        .await
        .map_err(store_error)?;
    for (name, change) in LATER_COLUMNS {
        if !found.iter().any(|column| column == name) {
            sqlx::raw_sql(change).execute(writer).await.map_err(store_error)?;
        }
    }
    Ok(())
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[async_trait]
impl JobStore for SqliteStore {
    async fn submit(&self, job: &NewJob) -> Result<Submitted, StoreError> {
        self.submit_new(job).await
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        self.claimed.store(now(), Ordering::Relaxed);
        self.claim_for(worker).await
    }

    async fn heartbeat(&self, held: &Held, processed_count: Option<u64>) -> Result<(), HeldError> {
        self.renew(held, processed_count).await?;
        self.feed.note_heartbeat(&held.job_id);
        Ok(())
    }

    async fn is_held(&self, held: &Held) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM jobs WHERE job_id = ? AND attempt = ? AND state = 'running'")
            .bind(held.job_id.as_str())
            .bind(held.attempt)
            .fetch_optional(&self.readers)
            .await;
        Ok(found.map_err(store_error)?.is_some())
    }

    async fn complete(&self, held: &Held, artifact: &Artifact) -> Result<(), HeldError> {
        self.complete_with(held, artifact).await?;
        self.feed.changed(&held.job_id);
        Ok(())
    }

    async fn fail(&self, held: &Held, failure: &Failure) -> Result<AfterFailure, HeldError> {
        let after = self.fail_with(held, failure).await?;
        self.feed.changed(&held.job_id);
        Ok(after)
    }

    async fn release(&self, held: &Held) -> Result<(), HeldError> {
        self.hand_back(held).await?;
        self.feed.changed(&held.job_id);
        Ok(())
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        let sql = concat!("DELETE FROM jobs WHERE job_id = ?1 AND expires_at > ?2 RETURNING ", columns!());
        let mut transaction = self.begin().await?;
        let row =
            sqlx::query(sql).bind(job_id.as_str()).bind(now()).fetch_optional(transaction.connection()).await;
        let row = row.map_err(store_error)?;
        transaction.commit().await?;
        let gone = row.as_ref().map(record).transpose()?;
        if gone.is_some() {
            self.feed.changed(job_id);
        }
        Ok(gone)
    }

    async fn get(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM jobs WHERE job_id = ?1 AND expires_at > ?2");
        let row = sqlx::query(sql).bind(job_id.as_str()).bind(now()).fetch_optional(&self.readers).await;
        row.map_err(store_error)?.as_ref().map(record).transpose()
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        self.read_records(job_ids).await
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        self.read_records(job_ids).await
    }

    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        self.place_in_queue(job_id).await
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        self.places_in_queue(job_ids).await
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE seq < ?1 AND expires_at > ?2 ORDER BY seq DESC LIMIT ?3"
        );
        let before = from.map_or(i64::MAX, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let rows = sqlx::query(sql)
            .bind(before)
            .bind(now())
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let full = rows.len() == limit as usize;
        let next = rows.last().filter(|_| full).map(rows::seq).transpose()?;
        // A row that cannot be read does not hide the others.
        let placed = |row| Some((rows::seq(row).ok()?, record(row).ok()?));
        Ok(Page { records: rows.iter().filter_map(placed).collect(), next })
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        Ok(self.feed.changes(since))
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.feed.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        true
    }

    async fn callback(&self, hold: Duration) -> Result<Option<Callback>, StoreError> {
        self.next_callback(hold).await
    }

    async fn callback_done(&self, job_id: &JobId, again: Option<Duration>) -> Result<(), StoreError> {
        self.settle_callback(job_id, again).await
    }

    async fn reap(&self) -> Result<Reaped, StoreError> {
        let reaped = self.reap_now().await?;
        let gone = reaped.expired.iter().map(|(job_id, _)| job_id);
        reaped.failed.iter().chain(&reaped.requeued).chain(gone).for_each(|job_id| self.feed.changed(job_id));
        if !reaped.requeued.is_empty() {
            self.work.notify_one();
        }
        Ok(reaped)
    }

    async fn work(&self) {
        self.work.notified().await;
    }

    async fn check(&self) -> Result<(), StoreError> {
        // Writes nothing, and takes the lock that a write takes.
        self.begin().await?.roll_back().await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let sql = "SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'running'), \
                   count(*) FILTER (WHERE state NOT IN ('queued', 'running')), (SELECT created_at FROM jobs \
                   WHERE state = 'queued' ORDER BY turn, seq LIMIT 1) FROM jobs WHERE expires_at > ?1";
        let row =
            sqlx::query_as::<_, (i64, i64, i64, Option<i64>)>(sql).bind(now()).fetch_one(&self.readers).await;
        let (queued, running, ended, created) = row.map_err(store_error)?;
        Ok(Stats {
            queued: queued.unsigned_abs(),
            running: running.unsigned_abs(),
            ended: ended.unsigned_abs(),
            since_claim: Some(self.claimed.load(Ordering::Relaxed))
                .filter(|at| *at > 0)
                .map(|at| Duration::from_millis(now().saturating_sub(at).max(0).unsigned_abs())),
            waited: created.map(|at| Duration::from_millis(now().saturating_sub(at).max(0).unsigned_abs())),
        })
    }

    fn options(&self) -> &StoreOptions {
        &self.options
    }
}
