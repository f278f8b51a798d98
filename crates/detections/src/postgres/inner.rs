//! The state that all clones of a database share.

use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use sqlx::PgPool;
use tokio::sync::Semaphore;

use super::cached_outline::CachedOutline;
use super::error::DatabaseError;
use super::options::DatabaseOptions;
use crate::media_files::MediaFiles;
use crate::options::ReadOptions;

/// The state that all clones of a database share.
pub(super) struct Inner {
    pub pool: PgPool,
    /// Interactive requests that may run at once: half of the connections, so that the others are left
    /// for exports.
    pub turns: Semaphore,
    /// Interactive requests that may run or queue.
    pub queue_slots: Semaphore,
    /// The name of the database.
    pub name: String,
    /// Host, port and database name, without the user.
    pub address: String,
    pub options: DatabaseOptions,
    pub time_zone: Option<TimeZone>,
    pub read: ReadOptions,
    pub files: MediaFiles,
    /// The outline that was read last.
    pub outline: Mutex<Option<Arc<CachedOutline>>>,
}

impl Inner {
    /// Maps an error, and logs the message of the server.
    pub fn map_error(&self, error: &sqlx::Error) -> DatabaseError {
        let database = &self.address;
        let meaning = DatabaseError::from_sqlx(error, self.options.statement_timeout);
        if matches!(meaning, DatabaseError::Refused(_)) {
            tracing::error!(%database, %error, "the database cannot be read");
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
