//! Transitions as transactions: each is on the disk as a whole before it is answered, or not there.

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection};

use super::SqliteStore;
use super::rows::store_error;
use crate::store::StoreError;

/// A transaction on the one connection that writes.
///
/// A statement or a `COMMIT` that failed, as on a full disk, can leave a connection inside its
/// transaction. Everything later would then be answered and never reach the disk. So a connection
/// whose transaction did not end well is closed, which rolls it back, and the next caller gets a
/// new one. The same happens when a caller is gone in the middle.
pub(super) struct WriteTransaction {
    connection: PoolConnection<Sqlite>,
    has_ended: bool,
}

impl SqliteStore {
    /// Begins a transaction, with the lock that writing takes.
    pub(super) async fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let connection = self.writer.acquire().await.map_err(store_error)?;
        let mut transaction = WriteTransaction { connection, has_ended: false };
        transaction.run("BEGIN IMMEDIATE").await?;
        Ok(transaction)
    }
}

impl WriteTransaction {
    /// Where the statements of the transaction are executed.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Writes what was done through to the disk.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.run("COMMIT").await?;
        self.has_ended = true;
        Ok(())
    }

    /// Undoes what was done.
    pub async fn roll_back(mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK").await?;
        self.has_ended = true;
        Ok(())
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(statement).execute(&mut *self.connection).await.map(|_| ()).map_err(store_error)
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        if !self.has_ended {
            self.connection.close_on_drop();
        }
    }
}
