//! A read-only transaction.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use tokio_util::sync::CancellationToken;

use super::error::DatabaseError;
use super::inner::Inner;
use super::sql::Statement;

/// Waits for a future unless the call is cancelled.
pub(super) async fn wait_unless_cancelled<T>(
    cancellation: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, DatabaseError> {
    cancellation.run_until_cancelled(work).await.ok_or(DatabaseError::Cancelled)
}

/// The longest text that is read. Names, paths and boxes are shorter.
pub(super) const MAX_TEXT_BYTES: usize = 64 << 10;

/// A read-only transaction that can be cancelled.
pub(super) struct Session<'a> {
    pub connection: &'a mut PgConnection,
    pub inner: &'a Inner,
    pub cancellation: &'a CancellationToken,
    /// The most rows that one statement may return.
    pub max_rows: u64,
}

/// Bytes that a row takes in memory: without texts (for reports), and with them (for archives).
const ROW_BYTES: [u64; 2] = [48, 256];

impl Session<'_> {
    /// Limits the number of rows to what fits into memory, with or without texts.
    pub fn limit_rows(&mut self, texts: bool) {
        self.max_rows = self.inner.options.most_memory / ROW_BYTES[usize::from(texts)];
    }

    /// Begins the transaction. `limit` is the statement timeout, and `lock` the lock timeout; without one
    /// the setting of the role applies.
    pub(super) async fn begin(
        &mut self,
        limit: Duration,
        lock: Option<Duration>,
    ) -> Result<(), DatabaseError> {
        // Each statement runs once, so compiling its plan (JIT) does not pay off. Servers that support it
        // check whether the client is still connected.
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
        wait_unless_cancelled(self.cancellation, executed)
            .await?
            .map(drop)
            .map_err(|error| self.inner.map_error(&error))
    }

    /// Fetches all rows of a statement that returns few.
    pub async fn fetch_all(&mut self, statement: &Statement) -> Result<Vec<PgRow>, DatabaseError> {
        let mut rows = Vec::new();
        self.for_each_row(statement, |row| {
            rows.push(row);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// Fetches the rows of a statement whose columns are a name and a number.
    pub async fn fetch_counts(&mut self, statement: &Statement) -> Result<Vec<(String, u64)>, DatabaseError> {
        let mut counts = Vec::new();
        self.for_each_row(statement, |row| {
            let number: i64 = row.try_get(1)?;
            // `read_text` ignores such names for the detections as well.
            let name =
                row.try_get(0).ok().filter(|name: &String| name.len() <= MAX_TEXT_BYTES).unwrap_or_default();
            counts.push((name, number.unsigned_abs()));
            Ok(())
        })
        .await?;
        Ok(counts)
    }

    /// Calls `take` with each row as it arrives.
    pub async fn for_each_row(
        &mut self,
        statement: &Statement,
        mut take: impl FnMut(PgRow) -> Result<(), sqlx::Error>,
    ) -> Result<(), DatabaseError> {
        let mut rows = std::pin::pin!(statement.to_query().fetch(&mut *self.connection));
        // Checking the clock for each of a million rows would take longer than reading them.
        let max_rows = self.max_rows;
        for number in 1_u64.. {
            if number > max_rows {
                return Err(DatabaseError::TooLarge(self.inner.options.most_memory));
            }
            let row = match number % 512 {
                0 => wait_unless_cancelled(self.cancellation, rows.next()).await?,
                _ => next_row(self.cancellation, &mut rows).await?,
            };
            match row {
                Some(row) => row.and_then(&mut take).map_err(|error| self.inner.map_error(&error))?,
                None => break,
            }
        }
        Ok(())
    }

    /// The types of a statement's columns, without running it.
    pub async fn describe_columns(&mut self, statement: &Statement) -> Result<Vec<String>, DatabaseError> {
        use sqlx::{Column, Executor, SqlSafeStr, Statement as _, TypeInfo};
        let sql = AssertSqlSafe(statement.sql.clone()).into_sql_str();
        let prepared = wait_unless_cancelled(self.cancellation, self.connection.prepare(sql)).await?;
        let prepared = prepared.map_err(|error| self.inner.map_error(&error))?;
        Ok(prepared.columns().iter().map(|column| column.type_info().name().to_owned()).collect())
    }
}

/// The next row, without waiting if it has arrived.
async fn next_row<T: Stream + Unpin>(
    cancellation: &CancellationToken,
    rows: &mut T,
) -> Result<Option<T::Item>, DatabaseError> {
    use futures_util::FutureExt;
    match rows.next().now_or_never() {
        Some(row) => Ok(row),
        None => wait_unless_cancelled(cancellation, rows.next()).await,
    }
}
