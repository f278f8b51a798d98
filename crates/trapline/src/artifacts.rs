//! Where the files of exports are: written under a temporary name, visible whole or not at all.
//!
//! A name tells the job and the attempt that wrote the file, so two attempts never write the
//! same one, and whoever finds a file can ask whether a record still wants it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jobs::{Artifact, Held, JobId, JobStore, Kind, Record, State, StoreError};

use crate::digest::sha256;

/// The folder of artifacts.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
}

/// The name of a file: what it is, and which attempt at which job made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub kind: Kind,
    pub held: Held,
}

impl Name {
    /// Such as `report_{job_id}_1.pdf` or `detections_{job_id}_1.zip`.
    pub fn file_name(&self) -> String {
        let (what, ending) = Self::parts(self.kind);
        format!("{what}_{}_{}.{ending}", self.held.job_id, self.held.attempt)
    }

    /// The name that [`Name::file_name`] wrote; `None` for any other.
    pub fn parse(file_name: &str) -> Option<Self> {
        [Kind::Pdf, Kind::Zip].into_iter().find_map(|kind| {
            let (what, ending) = Self::parts(kind);
            let inner = file_name.strip_prefix(what)?.strip_prefix('_')?.strip_suffix(ending)?;
            let (job_id, attempt) = inner.strip_suffix('.')?.rsplit_once('_')?;
            let held = Held { job_id: job_id.parse().ok()?, attempt: attempt.parse().ok()? };
            let name = Self { kind, held };
            // One name for one file: no leading zeros or signs.
            (name.file_name() == file_name).then_some(name)
        })
    }

    fn parts(kind: Kind) -> (&'static str, &'static str) {
        match kind {
            Kind::Pdf => ("report", "pdf"),
            Kind::Zip => ("detections", "zip"),
        }
    }

    fn unfinished(&self) -> String {
        format!(".{}{UNFINISHED}", self.file_name())
    }
}

/// Ending of a file that is still being written.
const UNFINISHED: &str = ".part";

/// A file on its way. Dropped, it is removed; [`Unfinished::publish`] makes it visible.
#[derive(Debug)]
pub struct Unfinished {
    name: Name,
    folder: PathBuf,
    published: bool,
}

impl Artifacts {
    /// Uses `folder`, which is made when it is not there, and must be writable.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let artifacts = Self { folder: folder.canonicalize()? };
        artifacts.check()?;
        Ok(artifacts)
    }

    /// Whether a file can be made.
    pub fn check(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.folder).map(|_| ())
    }

    /// The folder, for other temporary files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins a file, which nobody sees yet.
    pub fn begin(&self, name: Name) -> io::Result<(Unfinished, File)> {
        let path = self.folder.join(name.unfinished());
        let file = File::create(path)?;
        Ok((Unfinished { name, folder: self.folder.clone(), published: false }, file))
    }

    /// Opens a visible file.
    pub fn read(&self, file_name: &str) -> io::Result<File> {
        // Only names that we make, which hold no separator, reach the file system.
        match Name::parse(file_name) {
            Some(name) => File::open(self.folder.join(name.file_name())),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Removes a visible file of a job; one that is not there is no error.
    ///
    /// A record that another program wrote may name any file: only the job's own are touched.
    pub fn remove(&self, job_id: &JobId, file_name: &str) -> io::Result<()> {
        match Name::parse(file_name).filter(|name| name.held.job_id == *job_id) {
            Some(name) => gone(&self.folder.join(name.file_name())),
            None => Ok(()),
        }
    }

    /// Removes every file that no record wants: of deleted and expired jobs, of attempts that
    /// were lost, of processes that were killed. Returns how many.
    ///
    /// Files are listed first and records read after, so a file that is published in between is
    /// not taken for one that nobody wants. When the store does not answer nothing is removed.
    pub async fn sweep(&self, store: &dyn JobStore) -> Result<usize, SweepError> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.folder)? {
            let file_name = entry?.file_name().to_string_lossy().into_owned();
            let visible = file_name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED));
            let Some(name) = Name::parse(visible.unwrap_or(&file_name)) else { continue };
            let record = match store.get(&name.held.job_id).await {
                // Nobody can tell whether it wants the file.
                Err(StoreError::Damaged(_)) => continue,
                record => record?,
            };
            if !record.is_some_and(|record| wants(&record, &name, visible.is_some())) {
                gone(&self.folder.join(&file_name))?;
                tracing::info!(job_id = %name.held.job_id, attempt = name.held.attempt, "removed a file without a record");
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
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

fn gone(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Unfinished {
    /// The SHA-256 of what was written, in hexadecimal digits.
    pub fn sha256(&self) -> io::Result<String> {
        sha256(File::open(self.folder.join(self.name.unfinished()))?)
    }

    /// Makes the file visible, all of it at once; it lacks `missing` of the detections asked for.
    pub fn publish(mut self, missing: Option<u64>, sha256: String) -> io::Result<Artifact> {
        let filename = self.name.file_name();
        let (from, to) = (self.folder.join(self.name.unfinished()), self.folder.join(&filename));
        let size = std::fs::metadata(&from)?.len();
        std::fs::rename(from, to)?;
        self.published = true;
        // The new name is in the folder, which has to reach the disk as well.
        File::open(&self.folder)?.sync_all()?;
        Ok(Artifact { filename, size, missing, sha256: Some(sha256) })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        if let Err(error) = gone(&self.folder.join(self.name.unfinished())) {
            tracing::warn!(%error, "an unfinished file could not be removed; the next sweep tries again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(kind: Kind, job_id: &str, attempt: u32) -> Name {
        Name { kind, held: Held { job_id: job_id.parse().unwrap(), attempt } }
    }

    #[test]
    fn a_name_tells_the_job_and_the_attempt() {
        for name in [name(Kind::Pdf, "a_1.pdf_b", 1), name(Kind::Zip, "705e6036", 12)] {
            assert_eq!(Name::parse(&name.file_name()), Some(name));
        }
        for other in ["report.pdf", "report_a_01.pdf", "report_a_1.zip", "../report_a_1.pdf", "x_a_1.pdf"] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_file_is_visible_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        let name = name(Kind::Pdf, "job", 1);
        let (unfinished, file) = artifacts.begin(name.clone()).unwrap();
        io::Write::write_all(&mut &file, b"whole").unwrap();
        assert!(artifacts.read(&name.file_name()).is_err());
        let sha256 = unfinished.sha256().unwrap();
        assert_eq!(sha256, "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099");
        let artifact = unfinished.publish(None, sha256.clone()).unwrap();
        let filename = "report_job_1.pdf".to_owned();
        assert_eq!(artifact, Artifact { filename, size: 5, missing: None, sha256: Some(sha256) });
        assert!(artifacts.read(&artifact.filename).is_ok());
        artifacts.remove(&"other".parse().unwrap(), &artifact.filename).unwrap();
        assert!(artifacts.read(&artifact.filename).is_ok(), "a file of another job");
        artifacts.remove(&"job".parse().unwrap(), &artifact.filename).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_unfinished_file_goes_with_its_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        drop(artifacts.begin(name(Kind::Zip, "job", 1)).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
