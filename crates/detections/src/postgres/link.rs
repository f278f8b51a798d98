//! Connections to a database.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::tz::TimeZone;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use super::error::DatabaseError;
use super::mapping::Mapping;
use super::outline::Known;
use super::session::{LOOK, Session, wanted};
use crate::error::SourceError;
use crate::media_files::MediaFiles;
use crate::source::ReadOptions;

/// Waits between attempts to reach a server, the first and the longest.
const WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// Of those who wait for an answer, how many more than may ask at once may wait for their turn.
const WAITING: usize = 24;

/// How a database is used.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// Connections at once; who wants one more waits.
    pub connections: u32,
    /// The longest that one statement may take.
    pub statement_timeout: Duration,
    /// How long a server that does not answer is waited for.
    pub patience: Duration,
    /// The most memory that the rows of one slice may take, in bytes; about, since names differ in length.
    pub most_memory: u64,
    /// How its tables are read.
    pub mapping: Mapping,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            statement_timeout: Duration::from_mins(5),
            patience: Duration::from_mins(1),
            most_memory: 2 << 30,
            mapping: Mapping::default(),
        }
    }
}

/// A database that is asked for slices. Copies share its connections.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    /// How long a server that does not answer is waited for.
    patience: Duration,
    /// Somebody is waiting for an answer.
    is_hurried: bool,
}

pub(super) struct Inner {
    pool: PgPool,
    /// Of those who wait for an answer, those who may ask at once: half of the connections, so that the
    /// others are left for exports.
    turns: Semaphore,
    /// Those who may ask at once or wait for their turn.
    places: Semaphore,
    /// The name of the database.
    name: String,
    /// Host, port and name, without who connects.
    address: String,
    pub options: DatabaseOptions,
    pub time_zone: Option<TimeZone>,
    pub read: ReadOptions,
    pub files: MediaFiles,
    /// What was found the last time.
    pub known: Mutex<Option<Arc<Known>>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.inner.address).finish()
    }
}

impl Database {
    /// A database at an address such as `postgres://user@host/name?sslmode=verify-full`, of which
    /// `PGPASSWORD`, `PGSSLROOTCERT` and their like, and `~/.pgpass`, may say more. It is spoken to when
    /// it is first asked for something.
    pub fn at(url: &str, options: DatabaseOptions, read: &ReadOptions) -> Result<Self, SourceError> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|error| SourceError::Address(error.to_string()))?
            .application_name("trapline")
            // Statements are made anew for each slice, and a pooler in between keeps none.
            .statement_cache_capacity(0);
        let name = connect.get_database().unwrap_or(connect.get_username()).to_owned();
        let address = format!("postgres://{}:{}/{name}", connect.get_host(), connect.get_port());
        let pool = PgPoolOptions::new()
            .min_connections(0)
            .max_connections(options.connections)
            .acquire_timeout(options.patience)
            .idle_timeout(Duration::from_mins(5))
            .connect_lazy_with(connect);
        let turns = usize::try_from(options.connections / 2).unwrap_or(0).max(1);
        let inner = Inner {
            pool,
            turns: Semaphore::new(turns),
            places: Semaphore::new(turns + WAITING),
            name,
            address,
            options,
            time_zone: read.time_zone.clone(),
            read: read.clone(),
            files: MediaFiles::elsewhere(read)?,
            known: Mutex::new(None),
        };
        Ok(Self { patience: inner.options.patience, is_hurried: false, inner: Arc::new(inner) })
    }

    /// The same for somebody who is waiting for an answer: a server that does not answer, or whose tables
    /// somebody has locked, is waited for at most this long. Of many who do so at once some wait for their
    /// turn, and the others are sent away ([`DatabaseError::Busy`]); what exports ask is not held up.
    #[must_use]
    pub fn hurried(&self, patience: Duration) -> Self {
        Self { patience, is_hurried: true, ..self.clone() }
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Does something in a transaction that writes nothing and sees one moment, again from the start
    /// when the server goes away meanwhile, for as long as patience lasts and it is wanted.
    pub(super) async fn within<T>(
        &self,
        stop: &(dyn Fn() -> bool + Sync),
        work: impl AsyncFn(&mut Session<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let _turn = self.take_turn(stop).await?;
        let give_up = Instant::now() + self.patience;
        let mut wait = WAITS[0];
        loop {
            match Box::pin(self.once(stop, &work)).await {
                Err(DatabaseError::Unavailable) if Instant::now() + wait < give_up => {
                    tracing::warn!(
                        database = self.inner.address,
                        "the database does not answer; trying again"
                    );
                }
                answer => return answer,
            }
            let again = Instant::now() + wait;
            while Instant::now() < again {
                if stop() {
                    return Err(DatabaseError::Stopped);
                }
                sleep(LOOK.min(wait)).await;
            }
            wait = (wait * 2).min(WAITS[1]);
        }
    }

    /// Waits for the turn of somebody who waits for an answer. Whoever else asks needs none.
    async fn take_turn(
        &self,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<[SemaphorePermit<'_>; 2]>, DatabaseError> {
        if !self.is_hurried {
            return Ok(None);
        }
        let place = self.inner.places.try_acquire().map_err(|_| DatabaseError::Busy)?;
        let turn = tokio::time::timeout(self.patience, self.inner.turns.acquire());
        match wanted(stop, turn).await? {
            Ok(Ok(turn)) => Ok(Some([place, turn])),
            _ => Err(DatabaseError::Busy),
        }
    }

    async fn once<T>(
        &self,
        stop: &(dyn Fn() -> bool + Sync),
        work: &impl AsyncFn(&mut Session<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let limit = self.inner.options.statement_timeout;
        let free = tokio::time::timeout(self.patience, Box::pin(self.inner.pool.acquire()));
        let mut connection = match wanted(stop, free).await? {
            Ok(connection) => connection.map_err(|error| self.inner.told(&error))?,
            Err(_) => return Err(DatabaseError::Unavailable),
        };
        let mut session = Session { connection: &mut connection, inner: &self.inner, stop, most: u64::MAX };
        let lock = self.is_hurried.then_some(self.patience);
        let done = match session.begin(limit, lock).await {
            Ok(()) => work(&mut session).await,
            Err(error) => Err(error),
        };
        match &done {
            Ok(_) => end(connection).await,
            // A statement may still be at work, or its rows on their way: the server notices that nobody
            // is there any more.
            Err(_) => connection.close_on_drop(),
        }
        done
    }
}

/// Gives a connection back.
async fn end(mut connection: PoolConnection<Postgres>) {
    if sqlx::raw_sql("COMMIT").execute(&mut *connection).await.is_err() {
        connection.close_on_drop();
    }
}

impl Inner {
    /// What an error means. What the server said is logged here.
    pub fn told(&self, error: &sqlx::Error) -> DatabaseError {
        let database = &self.address;
        let meaning = DatabaseError::of(error, self.options.statement_timeout);
        if matches!(meaning, DatabaseError::Refused(_)) {
            tracing::error!(%database, %error, "the database refuses to be read");
        } else {
            tracing::warn!(%database, %error, "the database did not answer as it should");
        }
        meaning
    }

    /// The title of the data set.
    pub fn title(&self) -> String {
        self.options.mapping.title.clone().unwrap_or_else(|| self.name.clone())
    }
}
