//! A database and its connections.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::error::DatabaseError;
use super::inner::Inner;
use super::options::DatabaseOptions;
use super::session::{Session, wait_unless_cancelled};
use crate::error::SourceError;
use crate::media_files::MediaFiles;
use crate::options::ReadOptions;

/// The first and the longest wait between attempts to reach the server.
const RETRY_WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// How many interactive requests may queue for the database, beyond those that it works on.
const MAX_WAITING: usize = 24;

/// A database that slices are read from. Clones share its connections.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    /// How long to wait for a server that does not answer.
    timeout: Duration,
    /// The caller is an interactive request, so the number of concurrent calls and the waits for locks
    /// are limited.
    is_interactive: bool,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.inner.address).finish()
    }
}

impl Database {
    /// A database at an address such as `postgres://user@host/name?sslmode=verify-full`. `PGPASSWORD`,
    /// `PGSSLROOTCERT` and similar variables, and `~/.pgpass`, complete it. The first call connects.
    pub fn new(url: &str, options: DatabaseOptions, read: &ReadOptions) -> Result<Self, SourceError> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|error| SourceError::Address(error.to_string()))?
            .application_name("trapline")
            // Each slice has statements of its own, and a pooler such as PgBouncer keeps no prepared
            // statements.
            .statement_cache_capacity(0);
        let name = connect.get_database().unwrap_or(connect.get_username()).to_owned();
        let address = format!("postgres://{}:{}/{name}", connect.get_host(), connect.get_port());
        let pool = PgPoolOptions::new()
            .min_connections(0)
            .max_connections(options.connections)
            .acquire_timeout(options.timeout)
            .idle_timeout(Duration::from_mins(5))
            .connect_lazy_with(connect);
        let turns = usize::try_from(options.connections / 2).unwrap_or(0).max(1);
        let inner = Inner {
            pool,
            turns: Semaphore::new(turns),
            queue_slots: Semaphore::new(turns + MAX_WAITING),
            name,
            address,
            options,
            time_zone: read.time_zone.clone(),
            read: read.clone(),
            files: MediaFiles::without_package(read)?,
            outline: Mutex::new(None),
        };
        Ok(Self { timeout: inner.options.timeout, is_interactive: false, inner: Arc::new(inner) })
    }

    /// The same database for interactive requests: they wait at most `timeout` for a server that does not
    /// answer or for a locked table. Only some of them run at once, some queue, and the others get
    /// [`DatabaseError::Busy`], so that exports are not delayed.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, is_interactive: true, ..self.clone() }
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Runs `work` in a read-only transaction that sees one snapshot. If the server goes away meanwhile,
    /// the work starts again until the timeout.
    pub(super) async fn run_in_transaction<T>(
        &self,
        cancellation: &CancellationToken,
        work: impl AsyncFn(&mut Session<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let _turn = self.take_turn(cancellation).await?;
        let give_up = Instant::now() + self.timeout;
        let mut wait = RETRY_WAITS[0];
        loop {
            match Box::pin(self.try_transaction(cancellation, &work)).await {
                Err(DatabaseError::Unavailable) if Instant::now() + wait < give_up => {
                    tracing::warn!(
                        database = self.inner.address,
                        "the database does not answer; trying again"
                    );
                }
                answer => return answer,
            }
            wait_unless_cancelled(cancellation, sleep(wait)).await?;
            wait = (wait * 2).min(RETRY_WAITS[1]);
        }
    }

    /// Takes a slot for an interactive request. Exports need none.
    async fn take_turn(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<Option<[SemaphorePermit<'_>; 2]>, DatabaseError> {
        if !self.is_interactive {
            return Ok(None);
        }
        let slot = self.inner.queue_slots.try_acquire().map_err(|_| DatabaseError::Busy)?;
        let turn = tokio::time::timeout(self.timeout, self.inner.turns.acquire());
        match wait_unless_cancelled(cancellation, turn).await? {
            Ok(Ok(turn)) => Ok(Some([slot, turn])),
            _ => Err(DatabaseError::Busy),
        }
    }

    async fn try_transaction<T>(
        &self,
        cancellation: &CancellationToken,
        work: &impl AsyncFn(&mut Session<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let limit = self.inner.options.statement_timeout;
        let free = tokio::time::timeout(self.timeout, Box::pin(self.inner.pool.acquire()));
        let mut connection = match wait_unless_cancelled(cancellation, free).await? {
            Ok(connection) => connection.map_err(|error| self.inner.map_error(&error))?,
            Err(_) => return Err(DatabaseError::Unavailable),
        };
        let mut session =
            Session { connection: &mut connection, inner: &self.inner, cancellation, max_rows: u64::MAX };
        let lock = self.is_interactive.then_some(self.timeout);
        let done = match session.begin(limit, lock).await {
            Ok(()) => work(&mut session).await,
            Err(error) => Err(error),
        };
        match &done {
            Ok(_) => commit(connection).await,
            // A statement may still be running, or its rows arriving. The server notices the closed
            // connection.
            Err(_) => connection.close_on_drop(),
        }
        done
    }
}

/// Ends the transaction and returns the connection to the pool.
async fn commit(mut connection: PoolConnection<Postgres>) {
    if sqlx::raw_sql("COMMIT").execute(&mut *connection).await.is_err() {
        connection.close_on_drop();
    }
}
