//! The sweep: removing files that no record refers to, and no file of other programs.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use jobs::{JobReader, JobRecord, JobState, StoreError};

use super::journal::JournalEntry;
use super::{ArtifactError, ArtifactName, Artifacts, OwnerError};

/// How long an entry without a file stays in the journal. Its attempt counts as lost, but its process may
/// only be suspended, and would then write a file without an entry.
const ENTRY_LIFETIME: Duration = Duration::from_hours(1);

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The place of files failed: sweep again later, and look at the place if it fails again.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The job store failed, so it is not known which files have a record: sweep again when it answers.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Artifacts {
    /// Removes all files of this service that no record refers to: those of deleted and expired jobs, of lost
    /// attempts and of killed processes. Returns their number.
    ///
    /// It removes only files in the journal, and none while the marker is not the one of this service. It
    /// lists files before it reads records, so that a file published in between still has a record that
    /// refers to it. If the store does not answer, it removes nothing.
    pub async fn sweep(&self, store: &dyn JobReader) -> Result<usize, SweepError> {
        if !self.may_sweep().await? {
            return Ok(0);
        }
        let listing = self.place.list().await?;
        let mut removed = 0;
        for entry in &listing.journal {
            let job_id = &entry.name.held.job_id;
            let record = match store.get(job_id).await {
                // A damaged record may refer to the file.
                Err(StoreError::Damaged(_)) => continue,
                record => record?,
            };
            match self.sweep_entry(entry, &listing.names, record.as_ref()).await {
                Ok(files) => removed += files,
                // The other files are removed all the same.
                Err(error) => {
                    tracing::warn!(%job_id, %error, "a file without a record could not be removed");
                }
            }
        }
        Ok(removed)
    }

    /// Removes those files of an entry that its record does not refer to, and returns their number. Removes
    /// the entry some time after its files.
    async fn sweep_entry(
        &self,
        entry: &JournalEntry,
        names: &HashSet<String>,
        record: Option<&JobRecord>,
    ) -> Result<usize, ArtifactError> {
        let name = &entry.name;
        let is_needed = |is_unfinished| record.is_some_and(|record| may_need(record, name, is_unfinished));
        let mut removed = 0;
        if names.contains(&name.unfinished_name()) && !is_needed(true) {
            removed += usize::from(self.place.remove_unfinished(name).await?);
        }
        if names.contains(&name.file_name()) && !is_needed(false) {
            removed += usize::from(self.place.remove(name).await?);
        }
        if removed > 0 {
            let (job_id, attempt) = (&name.held.job_id, name.held.attempt);
            tracing::info!(%job_id, attempt, "removed a file without a record");
            return Ok(removed);
        }
        let is_old = entry.noted.elapsed().is_ok_and(|age| age > ENTRY_LIFETIME);
        if is_old && !is_needed(true) && !is_needed(false) {
            self.place.forget(name).await?;
        }
        Ok(0)
    }

    /// Whether the place had the marker of another service, or none, at the last sweep.
    pub fn is_of_another(&self) -> bool {
        self.marker_problem.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether the marker is still the one of this service. A problem is logged when it begins and when it
    /// ends.
    async fn may_sweep(&self) -> Result<bool, ArtifactError> {
        let problem = match self.check_owner().await {
            Ok(()) => None,
            Err(OwnerError::Artifact(error)) => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        let is_own = problem.is_none();
        let mut last = self.marker_problem.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != problem {
            if let Some(problem) = &problem {
                tracing::error!(problem, "files without a record are not removed because of the marker");
            } else {
                tracing::info!("files without a record are removed again");
            }
            *last = problem;
        }
        Ok(is_own)
    }

    /// Adds files to the journal that an earlier version without a journal made for jobs in the store. Other
    /// files with similar names are left alone.
    pub async fn note_earlier_files(&self, store: &dyn JobReader) -> Result<(), SweepError> {
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
            tracing::info!(noted, "files of an earlier version were added to the journal");
        }
        if unknown > 0 {
            tracing::warn!(
                unknown,
                "there are files that are named like exports and belong to no job of this service; they are kept: \
                 remove them if they are not needed"
            );
        }
        Ok(())
    }
}

/// Whether a record may need a file.
fn may_need(record: &JobRecord, name: &ArtifactName, is_unfinished: bool) -> bool {
    match record.state {
        JobState::Running => record.attempt == name.held.attempt,
        // Another program wrote the record, so a worker may still be running.
        JobState::Processing => true,
        JobState::Completed => !is_unfinished && record.filename.as_ref() == Some(&name.file_name()),
        JobState::Queued | JobState::Failed => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;
    use crate::{ArtifactsAddress, Owner};

    async fn open(folder: &tempfile::TempDir) -> Artifacts {
        let owner = Owner::new(Some(&"deer".parse().unwrap()), &"redis://jobs".parse().unwrap()).unwrap();
        Artifacts::open(&ArtifactsAddress::Folder(folder.path().into()), owner).await.unwrap()
    }

    fn name() -> ArtifactName {
        ArtifactName::parse("report_705e6036-0b1c-4e07-9d5a-3f6c2e9d8f11_1.pdf").unwrap()
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
        let (unfinished, _file) = artifacts.create(name()).unwrap();
        // Like a killed process.
        std::mem::forget(unfinished);
        assert_eq!((sweep(&artifacts).await, sweep(&artifacts).await), (1, 0));
        assert_eq!(artifacts.place.list().await.unwrap().journal.len(), 1, "its attempt may be alive");
        let entries = folder.path().join(".trapline").join(artifacts.owner.journal_name());
        let entry = File::options().write(true).open(entries.join(name().file_name())).unwrap();
        entry.set_modified(SystemTime::now() - 2 * ENTRY_LIFETIME).unwrap();
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
