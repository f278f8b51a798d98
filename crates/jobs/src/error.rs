//! The errors of stores. Each variant says what the caller does.

use std::fmt;
use std::io;
use std::path::Path;

use crate::id::JobId;

/// Why an operation of the store failed. After `Unavailable`, the transition may or may not have happened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The store does not answer: try again later.
    #[error("the job store does not answer ({0})")]
    Unavailable(String),
    /// The store contains something that cannot be read: an operator has to look at it.
    #[error("the job store is damaged ({0})")]
    Damaged(String),
}

impl StoreError {
    pub(crate) fn from_damage(what: impl fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }

    /// Converts errors of the files in `folder`.
    pub(crate) fn unavailable(folder: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Unavailable(format!("{}: {error}", folder.display()))
    }
}

/// Why a job was not submitted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// Another job has the id of the new job: submit it with another id.
    #[error("there is a job {0} already")]
    Exists(JobId),
    /// The queue is full: try again later.
    #[error("the queue is full")]
    Full,
    /// The owner's share of the queue is full: try again later, or delete some of the owner's jobs.
    #[error("the owner has too many jobs in the queue")]
    OwnerFull,
    /// The idempotency key was used for another request: submit the job with a new key.
    #[error("the idempotency key was used for another request")]
    KeyTaken,
    /// The store failed, and the job may have been submitted: submit it again with the same idempotency key.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a store cannot be opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the store, which is made for one process: stop that one, or choose another folder.
    #[error("the job store in {0} is in use by another process; stop that one, or choose another folder")]
    InUse(String),
    /// The store refuses the connection: an operator has to change a setting.
    #[error("the job store refuses ({0}); check its address, user and password")]
    Refused(String),
    /// The store failed, as any operation may.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a worker's transition did not happen.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The job was deleted, has ended, or belongs to another attempt: stop, and remove what was written.
    #[error("the worker no longer holds the job")]
    Lost,
    /// The store did not answer: try again until the lease expires.
    #[error(transparent)]
    Store(#[from] StoreError),
}
