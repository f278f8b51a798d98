//! Transactions for transitions: each is completely on the disk before it is answered, or not at all.

use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqliteConnection};

use super::SqliteStore;
use crate::error::StoreError;

/// A statement that writes.
pub(super) type WriteStatement = Query<'static, Sqlite, SqliteArguments>;

/// A transaction on the only writing connection.
///
/// A failed statement or `COMMIT`, for example on a full disk, can leave the connection inside its
/// transaction. All later transitions would then be answered and never reach the disk. So a connection whose
/// transaction failed is closed, which rolls back, and the next caller gets a new connection. The same
/// happens if the caller is cancelled.
pub(super) struct WriteTransaction {
    connection: PoolConnection<Sqlite>,
    has_ended: bool,
}

impl SqliteStore {
    /// Begins a transaction, and takes the write lock.
    pub(super) async fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let connection = self.writer.acquire().await?;
        let mut transaction = WriteTransaction { connection, has_ended: false };
        transaction.run("BEGIN IMMEDIATE").await?;
        Ok(transaction)
    }

    /// Runs one statement in a transaction, and returns the number of rows that it changed.
    pub(super) async fn execute_write(&self, statement: WriteStatement) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let done = statement.execute(transaction.connection()).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// Runs one statement in a transaction, and returns the row that it returns.
    pub(super) async fn fetch_write(
        &self,
        statement: WriteStatement,
    ) -> Result<Option<SqliteRow>, StoreError> {
        let mut transaction = self.begin().await?;
        let row = statement.fetch_optional(transaction.connection()).await?;
        transaction.commit().await?;
        Ok(row)
    }
}

impl WriteTransaction {
    /// The connection for the statements of the transaction.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Commits, and waits until the changes are on the disk.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.run("COMMIT").await?;
        self.has_ended = true;
        Ok(())
    }

    /// Undoes the changes.
    pub async fn roll_back(mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK").await?;
        self.has_ended = true;
        Ok(())
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(statement).execute(&mut *self.connection).await?;
        Ok(())
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        if !self.has_ended {
            self.connection.close_on_drop();
        }
    }
}
