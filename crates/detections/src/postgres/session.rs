//! A transaction that reads.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::error::DatabaseError;
use super::link::Inner;
use super::sql::Statement;

/// How often it is asked whether a slice is still wanted.
pub(super) const LOOK: Duration = Duration::from_millis(100);

/// Waits for something as long as it is wanted.
pub(super) async fn wanted<T>(
    stop: &(dyn Fn() -> bool + Sync),
    work: impl Future<Output = T>,
) -> Result<T, DatabaseError> {
    let mut work = std::pin::pin!(work);
    loop {
        if stop() {
            return Err(DatabaseError::Stopped);
        }
        if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
            return Ok(done);
        }
    }
}

/// Bytes of a text. What is longer is no name, no path and no box.
pub(super) const LONGEST: usize = 64 << 10;

/// A transaction, and whether what it reads is still wanted.
pub(super) struct Session<'a> {
    pub connection: &'a mut PgConnection,
    pub inner: &'a Inner,
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Rows of one statement.
    pub most: u64,
}

/// Memory that a row takes: as numbers for a report, and with its texts for an archive.
const ROW: [u64; 2] = [48, 256];

impl Session<'_> {
    /// Takes no more rows than fit into memory, of which each is kept with its texts or without.
    pub fn limit(&mut self, texts: bool) {
        self.most = self.inner.options.most_memory / ROW[usize::from(texts)];
    }

    /// Begins the transaction. A statement of it may take `limit`, and wait for a table that somebody has
    /// locked for `lock`; without one as long as the role may.
    pub(super) async fn begin(
        &mut self,
        limit: Duration,
        lock: Option<Duration>,
    ) -> Result<(), DatabaseError> {
        // Plans are for one use, which compiling them is not worth. A server that can finds out for
        // itself that nobody waits any more.
        let locks = lock
            .map(|lock| format!("SET LOCAL lock_timeout = {}; ", lock.as_millis().max(1)))
            .unwrap_or_default();
        let first = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL statement_timeout = {}; {locks}SET LOCAL jit = off; \
             SET LOCAL bytea_output = hex; \
             SELECT set_config(name, '2s', true) FROM pg_settings WHERE name = 'client_connection_check_interval'",
            limit.as_millis().max(1),
        );
        let executed = sqlx::raw_sql(AssertSqlSafe(first)).execute(&mut *self.connection);
        wanted(self.stop, executed).await?.map(drop).map_err(|error| self.inner.told(&error))
    }

    /// All rows of a statement that has few.
    pub async fn all(&mut self, statement: &Statement) -> Result<Vec<PgRow>, DatabaseError> {
        let mut rows = Vec::new();
        self.each(statement, |row| {
            rows.push(row);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// The rows of a statement whose columns are a name and a number.
    pub async fn counts(&mut self, statement: &Statement) -> Result<Vec<(String, u64)>, DatabaseError> {
        let mut counts = Vec::new();
        self.each(statement, |row| {
            let number: i64 = row.try_get(1)?;
            // What cannot be a name is none for its detections either.
            let name = row.try_get(0).ok().filter(|name: &String| name.len() <= LONGEST).unwrap_or_default();
            counts.push((name, number.unsigned_abs()));
            Ok(())
        })
        .await?;
        Ok(counts)
    }

    /// Hands over the rows of a statement as they come.
    pub async fn each(
        &mut self,
        statement: &Statement,
        mut take: impl FnMut(PgRow) -> Result<(), sqlx::Error>,
    ) -> Result<(), DatabaseError> {
        let mut rows = std::pin::pin!(statement.query().fetch(&mut *self.connection));
        // Asking the clock for each of a million rows would take longer than they do.
        let most = self.most;
        for number in 1_u64.. {
            if number > most {
                return Err(DatabaseError::TooLarge(self.inner.options.most_memory));
            }
            let row = match number % 512 {
                0 => wanted(self.stop, rows.next()).await?,
                _ => next(self.stop, &mut rows).await?,
            };
            match row {
                Some(row) => row.and_then(&mut take).map_err(|error| self.inner.told(&error))?,
                None => break,
            }
        }
        Ok(())
    }

    /// The types of the columns of a statement, without running it.
    pub async fn types(&mut self, statement: &Statement) -> Result<Vec<String>, DatabaseError> {
        use sqlx::{Column, Executor, SqlSafeStr, Statement as _, TypeInfo};
        let sql = AssertSqlSafe(statement.sql.clone()).into_sql_str();
        let prepared = wanted(self.stop, self.connection.prepare(sql)).await?;
        let prepared = prepared.map_err(|error| self.inner.told(&error))?;
        Ok(prepared.columns().iter().map(|column| column.type_info().name().to_owned()).collect())
    }
}

/// The next row, at once when it is there.
async fn next<T: Stream + Unpin>(
    stop: &(dyn Fn() -> bool + Sync),
    rows: &mut T,
) -> Result<Option<T::Item>, DatabaseError> {
    use futures_util::FutureExt;
    match rows.next().now_or_never() {
        Some(row) => Ok(row),
        None => wanted(stop, rows.next()).await,
    }
}
