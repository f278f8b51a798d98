//! Jobs in a SQLite database, for one process.
//!
//! The database is in WAL mode and every commit is written to the disk, so a status that was answered
//! survives a crash of the process and of the machine. The folder is locked for one process. So jobs that are
//! running when the store is opened have no worker any more, and are queued again at once, before their lease
//! expires.

#[macro_use]
mod rows;
mod change_log;
mod inspect;
mod migrations;
mod submit;
mod transaction;
mod worker;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use tokio::sync::{Notify, broadcast};

use crate::id::{JobId, WorkerId};
use crate::job::{Artifact, Callback, Claim, Failure, JobRecord, Lease, NewJob, Submission};
use crate::missing_reason::write_reasons;
use crate::store::{
    AfterFailure, ChangeMessage, Changes, JobStore, LeaseError, Page, ReapReport, RecordResult, Stats,
    StoreError, StoreOptions,
};

use change_log::ChangeLog;
use rows::{read_claim, read_job_id, read_place, read_record};

/// The name of the database in the folder.
const DATABASE: &str = "jobs.sqlite";
/// The name of the file that a process locks while it uses the folder.
const LOCK: &str = "lock";
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
        let writer = pool(1).connect_with(connect.clone()).await?;
        migrations::migrate(&writer).await?;
        let readers = pool(4).connect_with(connect.read_only(true)).await?;
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
            .await?;
        sqlx::query("UPDATE jobs SET callback_due = 0 WHERE callback IS NOT NULL")
            .execute(transaction.connection())
            .await?;
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
    let unavailable = StoreError::unavailable(folder);
    std::fs::create_dir_all(folder).map_err(&unavailable)?;
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = options.open(folder.join(LOCK)).map_err(unavailable)?;
    lock_file(&file, folder)?;
    Ok(file)
}

/// Locks the file of `folder` until it is closed.
fn lock_file(file: &File, folder: &Path) -> Result<(), StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StoreError::unavailable(folder)(error)),
    }
}

/// The condition of callbacks that are due.
macro_rules! due {
    () => {
        "callback IS NOT NULL AND callback_due <= ?1 AND state IN ('completed', 'failed') AND expires_at > ?1"
    };
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

fn to_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl JobStore for SqliteStore {
    async fn submit(&self, job: &NewJob) -> Result<Submission, StoreError> {
        let mut transaction = self.begin().await?;
        let submitted = self.insert(job, transaction.connection()).await;
        match submitted {
            Ok(submitted) => {
                transaction.commit().await?;
                if let Submission::New(record) = &submitted {
                    self.changes.add_change(&record.job_id);
                    self.work.notify_one();
                }
                Ok(submitted)
            }
            // For errors of the caller the connection is kept.
            Err(
                error @ (StoreError::Exists(_)
                | StoreError::Full
                | StoreError::OwnerFull
                | StoreError::KeyTaken),
            ) => {
                transaction.roll_back().await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        self.last_claim.store(now(), Ordering::Relaxed);
        loop {
            let Some(row) = self.claim_row(worker).await? else { return Ok(None) };
            // A permit wakes one worker, which wakes the next one, until there is nothing left to claim.
            self.work.notify_one();
            match read_claim(&row) {
                Ok(claim) => {
                    self.changes.add_change(&claim.held.job_id);
                    return Ok(Some(claim));
                }
                // Otherwise this worker would get the same job again and again.
                Err(error) => self.fail_unreadable(&row, &error).await?,
            }
        }
    }

    async fn heartbeat(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError> {
        let sql = "UPDATE jobs SET lease_until = ?3 + ?5, expires_at = ?3 + ?4, \
                   processed_count = CASE WHEN total_detections IS NULL THEN NULL ELSE COALESCE(?6, processed_count) END \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'";
        let statement = self.build_transition(sql, held.job_id.as_str(), held.attempt);
        let statement = statement.bind(to_millis(self.options.lease)).bind(processed_count.map(to_i64));
        if self.execute_write(statement).await? == 0 {
            return Err(LeaseError::Lost);
        }
        self.changes.add_heartbeat(&held.job_id);
        Ok(())
    }

    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM jobs WHERE job_id = ? AND attempt = ? AND state = 'running'")
            .bind(held.job_id.as_str())
            .bind(held.attempt)
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        let sql = "UPDATE jobs SET state = 'completed', completed_at = ?3, expires_at = ?3 + ?4, filename = ?5, \
                   file_size_bytes = ?6, missing_count = ?7, sha256 = ?8, missing_reasons = ?9, remote_pictures = ?10, \
                   processed_count = total_detections, worker = NULL, lease_until = NULL \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'";
        let statement = self
            .build_transition(sql, held.job_id.as_str(), held.attempt)
            .bind(&artifact.filename)
            .bind(to_i64(artifact.size))
            .bind(artifact.missing.map(to_i64))
            .bind(&artifact.sha256)
            .bind(write_reasons(&artifact.missing_reasons))
            .bind(artifact.remote_pictures.map(to_i64));
        if self.execute_write(statement).await? == 0 && !self.has_completed(held, artifact).await? {
            return Err(LeaseError::Lost);
        }
        self.changes.add_change(&held.job_id);
        Ok(())
    }

    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError> {
        let after = self.fail_attempt(held.job_id.as_str(), held.attempt, failure).await?;
        self.changes.add_change(&held.job_id);
        Ok(after)
    }

    async fn release(&self, held: &Lease) -> Result<(), LeaseError> {
        let sql = "UPDATE jobs SET state = 'queued', handed_back = handed_back + 1, not_before = 0, \
                   expires_at = ?3 + ?4, worker = NULL, lease_until = NULL \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'";
        let statement = self.build_transition(sql, held.job_id.as_str(), held.attempt);
        if self.execute_write(statement).await? == 0 {
            return Err(LeaseError::Lost);
        }
        self.work.notify_one();
        self.changes.add_change(&held.job_id);
        Ok(())
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let sql = concat!("DELETE FROM jobs WHERE job_id = ?1 AND expires_at > ?2 RETURNING ", columns!());
        let row = self.fetch_write(sqlx::query(sql).bind(job_id.as_str()).bind(now())).await?;
        let deleted = row.as_ref().map(read_record).transpose()?;
        if deleted.is_some() {
            self.changes.add_change(job_id);
        }
        Ok(deleted)
    }

    async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM jobs WHERE job_id = ?1 AND expires_at > ?2");
        let row = sqlx::query(sql).bind(job_id.as_str()).bind(now()).fetch_optional(&self.readers).await?;
        row.as_ref().map(read_record).transpose()
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE job_id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2"
        );
        let ids = json!(job_ids).to_string();
        let rows = sqlx::query(sql).bind(ids).bind(now()).fetch_all(&self.readers).await?;
        let mut found: HashMap<String, Result<JobRecord, StoreError>> = HashMap::new();
        for row in &rows {
            found.insert(row.try_get("job_id")?, read_record(row));
        }
        Ok(job_ids.iter().map(|job_id| found.get(job_id.as_str()).cloned().transpose()).collect())
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        self.get_many(job_ids).await
    }

    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        let position: Option<i64> = sqlx::query_scalar(
            "SELECT (SELECT COUNT(*) FROM jobs AS other WHERE other.state = 'queued' \
             AND (other.turn, other.seq) <= (jobs.turn, jobs.seq)) \
             AS place FROM jobs WHERE job_id = ?1 AND state = 'queued' AND expires_at > ?2",
        )
        .bind(job_id.as_str())
        .bind(now())
        .fetch_optional(&self.readers)
        .await?;
        Ok(position.and_then(|position| u64::try_from(position).ok()))
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT job_id, place FROM (SELECT job_id, expires_at, \
             ROW_NUMBER() OVER (ORDER BY turn, seq) AS place FROM jobs WHERE state = 'queued') \
             WHERE job_id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2",
        )
        .bind(json!(job_ids).to_string())
        .bind(now())
        .fetch_all(&self.readers)
        .await?;
        let positions: HashMap<String, i64> = rows.into_iter().collect();
        let find = |job_id: &JobId| positions.get(job_id.as_str()).copied().map(i64::unsigned_abs);
        Ok(job_ids.iter().map(find).collect())
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE seq < ?1 AND expires_at > ?2 ORDER BY seq DESC LIMIT ?3"
        );
        let before = from.map_or(i64::MAX, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let rows = sqlx::query(sql).bind(before).bind(now()).bind(limit).fetch_all(&self.readers).await?;
        let is_full = rows.len() == limit as usize;
        let next = rows.last().filter(|_| is_full).map(read_place).transpose()?;
        // Skips rows that cannot be read.
        let read = |row| Some((read_place(row).ok()?, read_record(row).ok()?));
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
        let now = now();
        // Checks without a lock first, since most calls find none.
        let sql = concat!("SELECT 1 FROM jobs WHERE ", due!(), " LIMIT 1");
        if sqlx::query(sql).bind(now).fetch_optional(&self.readers).await?.is_none() {
            return Ok(None);
        }
        let sql = concat!(
            "UPDATE jobs SET callback_attempt = callback_attempt + 1, callback_due = ?1 + ?2 WHERE seq = \
             (SELECT seq FROM jobs WHERE ",
            due!(),
            " ORDER BY callback_due LIMIT 1) RETURNING job_id, callback, callback_attempt"
        );
        let row = self.fetch_write(sqlx::query(sql).bind(now).bind(to_millis(reservation))).await?;
        let Some(row) = row else { return Ok(None) };
        let (job_id, url, attempt) =
            (read_job_id(&row)?, row.try_get("callback")?, row.try_get("callback_attempt")?);
        Ok(Some(Callback { job_id, url, attempt }))
    }

    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError> {
        let sql = "UPDATE jobs SET callback = CASE WHEN ?2 IS NULL THEN NULL ELSE callback END, \
                   callback_due = COALESCE(?2, 0) WHERE job_id = ?1";
        let due = retry_in.map(|delay| now() + to_millis(delay));
        self.execute_write(sqlx::query(sql).bind(job_id.as_str()).bind(due)).await?;
        Ok(())
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
        let (queued, running, ended, created): (i64, i64, i64, Option<i64>) =
            sqlx::query_as(sql).bind(now()).fetch_one(&self.readers).await?;
        let since = |at: i64| Duration::from_millis(now().saturating_sub(at).max(0).unsigned_abs());
        let last_claim = self.last_claim.load(Ordering::Relaxed);
        Ok(Stats {
            queued: queued.unsigned_abs(),
            running: running.unsigned_abs(),
            ended: ended.unsigned_abs(),
            since_claim: (last_claim > 0).then(|| since(last_claim)),
            waited: created.map(since),
        })
    }

    fn options(&self) -> &StoreOptions {
        &self.options
    }
}
