//! Why a database gives no data.

use std::time::Duration;

/// Why a database gives no data, for whoever asked. What the server said is in the log: it may name
/// what is nobody's business.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// It does not answer, or restarts. Trying again may help.
    #[error("the database of the data set does not answer; try again in a moment")]
    Unavailable,
    /// As many who wait for an answer ask it as may. Trying again in a moment may help.
    #[error("too many ask the database of the data set at once; try again in a moment")]
    Busy,
    /// It took too long. A shorter period or fewer detections may be found in time.
    #[error(
        "the database of the data set did not answer within {} s; ask for a shorter period or fewer detections, or \
         have its operator look at its indexes", .0.as_secs_f64()
    )]
    TooSlow(Duration),
    /// It refuses what it is asked, and will again: a table, a column or a right is missing.
    #[error("the database of the data set refuses to be read; its operator finds the reason in the log")]
    Refused(String),
    /// What is asked for needs more memory than an export may have.
    #[error(
        "the export needs more than the {} MiB of memory that one may have; ask for a shorter period or fewer \
         detections", .0 >> 20
    )]
    TooLarge(u64),
    /// The data set was refused when it was read: its numbers would be wrong.
    #[error("this data set cannot be used: {0}")]
    Unusable(String),
    /// Nobody wants it any more.
    #[error("it is no longer wanted")]
    Stopped,
}

impl DatabaseError {
    /// What an error of the client library means.
    pub(super) fn of(error: &sqlx::Error, limit: Duration) -> Self {
        match error {
            sqlx::Error::Database(said) => match said.code().as_deref() {
                // The statement timeout; a person who cancels it looks the same.
                Some("57014") => Self::TooSlow(limit),
                // Starting, stopping, too many connections, out of some resource; a standby that had to
                // cancel; what another transaction was in the way of, or has locked.
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

    /// Whether the same may be had later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Busy | Self::TooSlow(_))
    }
}
