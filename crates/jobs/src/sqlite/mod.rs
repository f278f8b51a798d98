//! Jobs in a SQLite database, for one process.
//!
//! The database is in WAL mode and every commit is written to the disk, so a status that was answered
//! survives a crash of the process and of the machine. The folder is locked for one process. So jobs that are
//! running when the store is opened have no worker any more, and are queued again at once, before their lease
//! expires.
//!
//! Where a statement finds its rows by something else, it says `+expires_at`, so that SQLite does not go through
//! the index of the times at which all records expire.

#[macro_use]
mod rows;
mod callbacks;
mod change_log;
mod claim;
mod inspect;
mod migrations;
mod queue;
mod reader;
mod submit;
mod transaction;

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use files::regular_file::open_to_write;
use files::timed_call::call_with_timeout;
use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::Notify;

use crate::error::{OpenError, StoreError};
use crate::options::StoreOptions;
use crate::store::JobQueue;
use change_log::ChangeLog;

/// The name of the database in the folder.
const DATABASE: &str = "jobs.sqlite";
/// The name of the file that a process locks while it uses the folder.
const LOCK: &str = "lock";
/// The longest wait for a connection or a lock, after which an operation fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pages that each reading connection keeps, in KiB as SQLite counts them: those of some thousand jobs, and of the
/// index that leads to them out of a million.
const READER_CACHE: &str = "-8192";

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
    /// [`OpenError::InUse`] if another process uses it, [`StoreError::Unavailable`] if the folder does not
    /// answer, as on a hung network mount.
    pub async fn open(folder: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        let owned = folder.to_owned();
        let locked = call_with_timeout(move || lock_folder(&owned)).await;
        let lock = locked.map_err(StoreError::unavailable(folder))??;
        let connect = SqliteConnectOptions::new()
            .filename(folder.join(DATABASE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(BUSY_TIMEOUT);
        let writer = pool(1).connect_with(connect.clone()).await?;
        migrations::migrate(&writer).await?;
        let reader = connect.read_only(true).pragma("cache_size", READER_CACHE);
        let readers = pool(4).connect_with(reader).await?;
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

fn lock_folder(folder: &Path) -> Result<File, OpenError> {
    let unavailable = StoreError::unavailable(folder);
    std::fs::create_dir_all(folder).map_err(unavailable)?;
    let path = folder.join(LOCK);
    let file = open_to_write(&path).map_err(|error| file_error(&path, error))?;
    lock_file(&file, folder)?;
    Ok(file)
}

/// The error of a file that cannot be opened. An operator has to look at a pipe or a folder in its place.
fn file_error(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::InvalidData => StoreError::from_damage(format!("{}: {error}", path.display())),
        _ => StoreError::unavailable(path)(error),
    }
}

/// Locks the file of `folder` until it is closed.
fn lock_file(file: &File, folder: &Path) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StoreError::unavailable(folder)(error).into()),
    }
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
