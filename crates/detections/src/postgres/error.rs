//! Errors of a database.

use std::time::Duration;

/// Why a database gives no data. The message of the server is only logged, since it may contain
/// confidential details.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// The server does not answer, or it is restarting. A retry may help.
    #[error("the database of the data set does not answer; try again in a moment")]
    Unavailable,
    /// The queue for the database is full. A retry after a moment may help.
    #[error("too many requests to the database of the data set; try again in a moment")]
    Busy,
    /// The statement timed out. A shorter period or fewer detections may succeed.
    #[error(
        "ask for a shorter period or fewer detections, or have the administrator check the database's indexes: the \
         database of the data set did not answer within {} s", .0.as_secs_f64()
    )]
    TooSlow(Duration),
    /// The server refuses the statement, and a retry would fail too: a table, a column or a permission is
    /// missing.
    #[error("the database of the data set cannot be read; ask the administrator to look into the log")]
    Refused(String),
    /// The result needs more memory than one export may use.
    #[error(
        "ask for a shorter period or fewer detections: the export needs more than the {} MiB of memory that an \
         export may have", .0 >> 20
    )]
    TooLarge(u64),
    /// The data set was rejected when it was read, because its numbers would be wrong.
    #[error("this data set cannot be used: {0}")]
    Unusable(String),
    /// The request was cancelled.
    #[error("it was cancelled")]
    Cancelled,
}

impl DatabaseError {
    /// Maps an error of the client library.
    pub(super) fn from_sqlx(error: &sqlx::Error, limit: Duration) -> Self {
        match error {
            sqlx::Error::Database(said) => match said.code().as_deref() {
                // The statement timeout. A cancellation by an administrator has the same code.
                Some("57014") => Self::TooSlow(limit),
                // The server is starting or stopping, is out of connections or another resource, or had to
                // cancel the statement (on a standby, or because of a lock or another transaction).
                Some("57P01" | "57P02" | "57P03" | "57P05" | "25006" | "40001" | "40P01" | "55P03") => {
                    Self::Unavailable
                }
                Some(code) if code.starts_with("53") || code.starts_with("08") || code.starts_with("58") => {
                    Self::Unavailable
                }
                _ => Self::Refused(said.message().to_owned()),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable,
            other => Self::Refused(other.to_string()),
        }
    }

    /// Whether a retry may succeed.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Busy | Self::TooSlow(_))
    }
}
