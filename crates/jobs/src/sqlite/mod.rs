//! Jobs in a SQLite database, for one process.
//!
//! The database is in WAL mode and every commit is written to the disk, so a status that was answered
//! survives a crash of the process and of the machine. The folder is locked for one process. So jobs that are
//! running when the store is opened have no worker any more, and are queued again at once, before their lease
//! expires.

#[macro_use]
mod rows;
mod batches;
mod callbacks;
mod change_log;
mod inspect;
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
use crate::job::{Artifact, Callback, Claim, Failure, JobRecord, Lease, NewJob, Submission};
use crate::store::{
    AfterFailure, ChangeMessage, Changes, JobStore, LeaseError, Page, ReapReport, RecordResult, Stats,
    StoreError, StoreOptions,
};

use change_log::ChangeLog;
use rows::{damage_error, read_record, store_error};

/// The name of the database in the folder.
const DATABASE: &str = "jobs.sqlite";
/// The name of the file that a process locks while it uses the folder.
const LOCK: &str = "lock";
/// The version of the tables, which `schema.sql` stores in the database.
const VERSION: i64 = 5;
/// The migrations from version 1 to version 2, and so on.
const MIGRATIONS: [&str; 4] = [
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
/// Later columns that may be empty, with the statements that add them. They do not need a new version: an
/// earlier program reads its columns by name, so it can still use the database.
const LATER_COLUMNS: [(&str, &str); 3] = [
    ("missing_reasons", "ALTER TABLE jobs ADD COLUMN missing_reasons TEXT"),
    ("remote_pictures", "ALTER TABLE jobs ADD COLUMN remote_pictures INTEGER"),
    ("details", "ALTER TABLE jobs ADD COLUMN details TEXT"),
];
/// The longest wait for a connection or a lock, after which an operation fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store of jobs in one folder.
#[derive(Debug)]
pub struct SqliteStore {
    /// A single connection: SQLite allows one writer, and waiting for it in a queue is fairer than retries.
    writer: SqlitePool,
    readers: SqlitePool,
    options: StoreOptions,
    work: Notify,
    changes: ChangeLog,
    /// The time of the last claim in milliseconds; 0 before the first.
    last_claim: AtomicI64,
    /// Held while the store is open.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in `folder`, and creates a missing folder.
    ///
    /// [`StoreError::InUse`] if another process uses it.
    pub async fn open(folder: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let lock = lock_folder(folder)?;
        let connect = SqliteConnectOptions::new()
            .filename(folder.join(DATABASE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(BUSY_TIMEOUT);
        let writer = pool(1).connect_with(connect.clone()).await.map_err(store_error)?;
        migrate(&writer).await?;
        let readers = pool(4).connect_with(connect.read_only(true)).await.map_err(store_error)?;
        let changes = ChangeLog::new(u64::try_from(now()).unwrap_or(0));
        let store = Self {
            writer,
            readers,
            options,
            work: Notify::new(),
            changes,
            last_claim: AtomicI64::new(0),
            _lock: lock,
        };
        store.requeue_running_jobs().await?;
        Ok(store)
    }

    /// Queues running jobs again and makes reserved callbacks due, since the process that had them is gone.
    async fn requeue_running_jobs(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let requeued = sqlx::query("UPDATE jobs SET lease_until = 0 WHERE state = 'running'")
            .execute(transaction.connection())
            .await
            .map_err(store_error)?;
        sqlx::query("UPDATE jobs SET callback_due = 0 WHERE callback IS NOT NULL")
            .execute(transaction.connection())
            .await
            .map_err(store_error)?;
        transaction.commit().await?;
        if requeued.rows_affected() > 0 {
            tracing::info!(
                jobs = requeued.rows_affected(),
                "queued jobs again that a stopped server was running"
            );
        }
        self.reap().await.map(|_| ())
    }

    fn ttl(&self) -> i64 {
        to_millis(self.options.ttl)
    }
}

fn lock_folder(folder: &Path) -> Result<File, StoreError> {
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

/// Creates the tables of a new database, and migrates an older one. Refuses a later version.
async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let version: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await.map_err(store_error)?;
    let done = usize::try_from(version).unwrap_or(0).saturating_sub(1);
    let changes: &[&str] = match version {
        0 => &[include_str!("schema.sql")],
        1..=VERSION => &MIGRATIONS[done..],
        other => {
            return Err(damage_error(format!(
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

fn to_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[async_trait]
impl JobStore for SqliteStore {
    async fn submit(&self, job: &NewJob) -> Result<Submission, StoreError> {
        self.submit_new(job).await
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        self.last_claim.store(now(), Ordering::Relaxed);
        self.claim_for(worker).await
    }

    async fn heartbeat(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError> {
        self.renew(held, processed_count).await?;
        self.changes.add_heartbeat(&held.job_id);
        Ok(())
    }

    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM jobs WHERE job_id = ? AND attempt = ? AND state = 'running'")
            .bind(held.job_id.as_str())
            .bind(held.attempt)
            .fetch_optional(&self.readers)
            .await;
        Ok(found.map_err(store_error)?.is_some())
    }

    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        self.complete_with(held, artifact).await?;
        self.changes.add_change(&held.job_id);
        Ok(())
    }

    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError> {
        let after = self.fail_attempt(held.job_id.as_str(), held.attempt, failure).await?;
        self.changes.add_change(&held.job_id);
        Ok(after)
    }

    async fn release(&self, held: &Lease) -> Result<(), LeaseError> {
        self.hand_back(held).await?;
        self.changes.add_change(&held.job_id);
        Ok(())
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let sql = concat!("DELETE FROM jobs WHERE job_id = ?1 AND expires_at > ?2 RETURNING ", columns!());
        let mut transaction = self.begin().await?;
        let row =
            sqlx::query(sql).bind(job_id.as_str()).bind(now()).fetch_optional(transaction.connection()).await;
        let row = row.map_err(store_error)?;
        transaction.commit().await?;
        let deleted = row.as_ref().map(read_record).transpose()?;
        if deleted.is_some() {
            self.changes.add_change(job_id);
        }
        Ok(deleted)
    }

    async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM jobs WHERE job_id = ?1 AND expires_at > ?2");
        let row = sqlx::query(sql).bind(job_id.as_str()).bind(now()).fetch_optional(&self.readers).await;
        row.map_err(store_error)?.as_ref().map(read_record).transpose()
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        self.read_records(job_ids).await
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        self.read_records(job_ids).await
    }

    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        self.read_queue_position(job_id).await
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        self.read_queue_positions(job_ids).await
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
        let is_full = rows.len() == limit as usize;
        let next = rows.last().filter(|_| is_full).map(rows::read_place).transpose()?;
        // Skips rows that cannot be read.
        let read = |row| Some((rows::read_place(row).ok()?, read_record(row).ok()?));
        Ok(Page { records: rows.iter().filter_map(read).collect(), next })
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        Ok(self.changes.changes(since))
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.changes.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        true
    }

    async fn claim_callback(&self, reservation: Duration) -> Result<Option<Callback>, StoreError> {
        self.reserve_callback(reservation).await
    }

    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError> {
        self.update_callback(job_id, retry_in).await
    }

    async fn reap(&self) -> Result<ReapReport, StoreError> {
        let reaped = self.reap_now().await?;
        let expired = reaped.expired.iter().map(|(job_id, _)| job_id);
        let changed = reaped.failed.iter().chain(&reaped.requeued).chain(expired);
        changed.for_each(|job_id| self.changes.add_change(job_id));
        if !reaped.requeued.is_empty() {
            self.work.notify_one();
        }
        Ok(reaped)
    }

    async fn wait_for_work(&self) {
        self.work.notified().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Takes the write lock without writing anything.
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
            since_claim: Some(self.last_claim.load(Ordering::Relaxed))
                .filter(|at| *at > 0)
                .map(|at| Duration::from_millis(now().saturating_sub(at).max(0).unsigned_abs())),
            waited: created.map(|at| Duration::from_millis(now().saturating_sub(at).max(0).unsigned_abs())),
        })
    }

    fn options(&self) -> &StoreOptions {
        &self.options
    }
}
