//! Removing what no record wants.

use std::io;

use jobs::{JobStore, Record, State, StoreError};

use super::{Artifacts, Name};

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Artifacts {
    /// Removes every file that no record wants: of deleted and expired jobs, of attempts that
    /// were lost, of processes that were killed. Returns how many.
    ///
    /// Files are listed first and records read after, so a file that is published in between is
    /// not taken for one that nobody wants. When the store does not answer nothing is removed.
    pub async fn sweep(&self, store: &dyn JobStore) -> Result<usize, SweepError> {
        let mut removed = 0;
        let listed = match self {
            Self::Folder(folder) => folder.list()?,
            Self::Bucket(bucket) => bucket.list().await?,
        };
        for file_name in listed {
            let Some((name, unfinished)) = Name::of_any(&file_name) else { continue };
            let record = match store.get(&name.held.job_id).await {
                // Nobody can tell whether it wants the file.
                Err(StoreError::Damaged(_)) => continue,
                record => record?,
            };
            if record.is_some_and(|record| wants(&record, &name, unfinished)) {
                continue;
            }
            let gone = match self {
                Self::Folder(folder) => folder.remove(&file_name),
                Self::Bucket(bucket) if unfinished => bucket.give_up(&name).await,
                Self::Bucket(bucket) => bucket.remove(&file_name).await,
            };
            if let Err(error) = gone {
                // The others go all the same.
                tracing::warn!(job_id = %name.held.job_id, %error, "a file without a record could not be removed");
                continue;
            }
            tracing::info!(job_id = %name.held.job_id, attempt = name.held.attempt, "removed a file without a record");
            removed += 1;
        }
        Ok(removed)
    }
}

fn wants(record: &Record, name: &Name, unfinished: bool) -> bool {
    match record.state {
        State::Running => record.attempt == name.held.attempt,
        // Another program wrote over the record, and its worker may be at it still.
        State::Processing => true,
        State::Completed => !unfinished && record.filename.as_ref() == Some(&name.file_name()),
        State::Queued | State::Failed => false,
    }
}
