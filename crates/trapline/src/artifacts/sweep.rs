//! Removing what no record wants, and nothing that this service did not write.

use std::collections::HashSet;
use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use jobs::{JobStore, Record, State, StoreError};

use super::journal::Entry;
use super::{Artifacts, Name, OwnerError};
use crate::condition::condition;

/// How long the entry of a file that is not there stays in the journal. The attempt that noted it was
/// taken for lost, and may only have been stopped: its file would have no entry.
const KEEP_ENTRY: Duration = Duration::from_hours(1);

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Artifacts {
    /// Removes every file of this service that no record wants: of deleted and expired jobs, of
    /// attempts that were lost, of processes that were killed. Returns how many.
    ///
    /// Only files that are in the journal are removed, and none while the marker is not this
    /// service's. Files are listed first and records read after, so a file that is published in
    /// between is not taken for one that nobody wants. When the store does not answer nothing is
    /// removed.
    pub async fn sweep(&self, store: &dyn JobStore) -> Result<usize, SweepError> {
        if !self.may_sweep().await? {
            return Ok(0);
        }
        let listing = self.place.list().await?;
        let mut removed = 0;
        for entry in &listing.journal {
            let job_id = &entry.name.held.job_id;
            let record = match store.get(job_id).await {
                // Nobody can tell whether it wants the file.
                Err(StoreError::Damaged(_)) => continue,
                record => record?,
            };
            match self.sweep_entry(entry, &listing.names, record.as_ref()).await {
                Ok(files) => removed += files,
                // The others go all the same.
                Err(error) => {
                    tracing::warn!(%job_id, %error, "a file without a record could not be removed");
                }
            }
        }
        Ok(removed)
    }

    /// Removes the files of an entry that its record does not want, and returns how many; and the entry,
    /// some time after the files are gone.
    async fn sweep_entry(
        &self,
        entry: &Entry,
        names: &HashSet<String>,
        record: Option<&Record>,
    ) -> io::Result<usize> {
        let name = &entry.name;
        let is_wanted = |unfinished| record.is_some_and(|record| wants(record, name, unfinished));
        let mut removed = 0;
        if names.contains(&name.unfinished()) && !is_wanted(true) {
            removed += usize::from(self.place.remove_unfinished(name).await?);
        }
        if names.contains(&name.file_name()) && !is_wanted(false) {
            removed += usize::from(self.place.remove(name).await?);
        }
        if removed > 0 {
            let (job_id, attempt) = (&name.held.job_id, name.held.attempt);
            tracing::info!(%job_id, attempt, "removed a file without a record");
            return Ok(removed);
        }
        let is_old = entry.noted.elapsed().is_ok_and(|age| age > KEEP_ENTRY);
        if is_old && !is_wanted(true) && !is_wanted(false) {
            self.place.forget(name).await?;
        }
        Ok(0)
    }

    /// Whether the place is still this service's. What is wrong is logged when it begins and when it
    /// has passed.
    async fn may_sweep(&self) -> io::Result<bool> {
        let problem = match self.check_owner().await {
            Ok(()) => None,
            Err(OwnerError::Io(error)) => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        let is_ours = problem.is_none();
        condition().set_folder_of_another(!is_ours);
        let mut last = self.marker_problem.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != problem {
            if let Some(problem) = &problem {
                tracing::error!(problem, "no file without a record is removed any more");
            } else {
                tracing::info!("files without a record are removed again");
            }
            *last = problem;
        }
        Ok(is_ours)
    }

    /// Notes the files of the store's jobs that an earlier version of the program made, which kept no
    /// journal. Whatever else is called like a file of ours stays where it is.
    pub async fn note_earlier_files(&self, store: &dyn JobStore) -> Result<(), SweepError> {
        let (mut noted, mut unknown) = (0_usize, 0_usize);
        for name in self.place.list().await?.names_without_entry() {
            match store.get(&name.held.job_id).await {
                Ok(Some(_)) => {
                    self.place.note(&name).await?;
                    noted += 1;
                }
                Ok(None) | Err(StoreError::Damaged(_)) => unknown += 1,
                Err(error) => return Err(error.into()),
            }
        }
        if noted > 0 {
            tracing::info!(noted, "files of an earlier version belong to this service now");
        }
        if unknown > 0 {
            tracing::warn!(
                unknown,
                "there are files that are called like exports and are of no job of this service; they are left \
                 alone: remove them if nobody needs them"
            );
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;
    use crate::artifacts::{ArtifactsAddress, Owner};

    async fn open(folder: &tempfile::TempDir) -> Artifacts {
        let owner = Owner::new(Some(&"deer".parse().unwrap()), &"redis://jobs".parse().unwrap()).unwrap();
        Artifacts::open(&ArtifactsAddress::Folder(folder.path().into()), owner).await.unwrap()
    }

    fn name() -> Name {
        Name::parse("report_705e6036-0b1c-4e07-9d5a-3f6c2e9d8f11_1.pdf").unwrap()
    }

    /// Sweeps once, as if no job had a record.
    async fn sweep(artifacts: &Artifacts) -> usize {
        let listing = artifacts.place.list().await.unwrap();
        let mut removed = 0;
        for entry in &listing.journal {
            removed += artifacts.sweep_entry(entry, &listing.names, None).await.unwrap();
        }
        removed
    }

    #[tokio::test]
    async fn an_entry_goes_some_time_after_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = open(&folder).await;
        let (unfinished, _file) = artifacts.begin(name()).unwrap();
        // As of a process that was killed.
        std::mem::forget(unfinished);
        assert_eq!((sweep(&artifacts).await, sweep(&artifacts).await), (1, 0));
        assert_eq!(artifacts.place.list().await.unwrap().journal.len(), 1, "its attempt may be alive");
        let entries = folder.path().join(".trapline").join(artifacts.owner.journal());
        let entry = File::options().write(true).open(entries.join(name().file_name())).unwrap();
        entry.set_modified(SystemTime::now() - 2 * KEEP_ENTRY).unwrap();
        assert_eq!(sweep(&artifacts).await, 0);
        assert!(artifacts.place.list().await.unwrap().journal.is_empty());
    }

    #[tokio::test]
    async fn files_are_removed_only_where_the_marker_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = open(&folder).await;
        assert!(artifacts.may_sweep().await.unwrap());
        let marker = folder.path().join(".trapline/store.json");
        let ours = std::fs::read(&marker).unwrap();
        std::fs::write(&marker, "{}").unwrap();
        assert!(!artifacts.may_sweep().await.unwrap());
        std::fs::remove_file(&marker).unwrap();
        assert!(!artifacts.may_sweep().await.unwrap());
        std::fs::write(&marker, ours).unwrap();
        assert!(artifacts.may_sweep().await.unwrap());
    }
}
