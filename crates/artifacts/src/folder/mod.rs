//! Files in a folder. A file has a hidden name until it is complete and renamed.

mod bookkeeping;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::journal::JournalListing;
use crate::artifact_error::ArtifactError;
use crate::artifact_name::{ArtifactName, parse_name};
use crate::content::ContentStream;
use crate::file_system::{CALLS, call_file_system};
use files::digest::sha256;
use files::regular_file::{create_to_write, open_to_read, remove_regular};
use jobs::crash_point;

/// Bytes that are read at once.
const CHUNK_SIZE: usize = 64 << 10;

/// A folder of files.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// The name of the service's journal.
    journal: String,
}

/// A file that is being written. Dropping it removes it.
#[derive(Debug)]
pub struct UnfinishedFile {
    name: ArtifactName,
    folder: Folder,
    is_published: bool,
}

impl Folder {
    pub fn open(folder: &Path, journal: String) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = Self { path: folder.canonicalize()?, journal };
        folder.check()?;
        Ok(folder)
    }

    pub fn check(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.path).map(|_| ())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn create(&self, name: ArtifactName) -> io::Result<(UnfinishedFile, File)> {
        self.note(&name)?;
        let unfinished = UnfinishedFile { name, folder: self.clone(), is_published: false };
        crash_point!("noted");
        let path = unfinished.path();
        let file = match create_to_write(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // The same attempt left it: its worker claimed the job twice.
                remove_regular(&path)?;
                create_to_write(&path)?
            }
            created => created?,
        };
        Ok((unfinished, file))
    }

    /// Opens a visible file.
    pub fn open_file(&self, file_name: &str) -> io::Result<File> {
        open_to_read(&self.path.join(parse_name(file_name)?.file_name()))
    }

    pub async fn find_size(&self, file_name: &str) -> Result<u64, ArtifactError> {
        let (folder, file_name) = (self.clone(), file_name.to_owned());
        call_file_system(&CALLS, move || Ok(folder.open_file(&file_name)?.metadata()?.len())).await
    }

    /// Reads a range of bytes of a visible file.
    pub async fn read(&self, file_name: &str, bytes: Range<u64>) -> Result<ContentStream, ArtifactError> {
        let (folder, file_name, first) = (self.clone(), file_name.to_owned(), bytes.start);
        let file = call_file_system(&CALLS, move || {
            let mut file = folder.open_file(&file_name)?;
            file.seek(SeekFrom::Start(first)).map(|_| file)
        })
        .await?;
        let content = tokio::fs::File::from_std(file).take(bytes.end - bytes.start);
        Ok(ReaderStream::with_capacity(content, CHUNK_SIZE).map_err(ArtifactError::from).boxed())
    }

    /// Removes a finished file, and returns whether there was one.
    pub fn remove(&self, name: &ArtifactName) -> io::Result<bool> {
        remove_regular(&self.path.join(name.file_name()))
    }

    /// Removes an unfinished file, and returns whether there was one.
    pub fn remove_unfinished(&self, name: &ArtifactName) -> io::Result<bool> {
        remove_regular(&self.path.join(name.unfinished_name()))
    }

    /// Lists the files and the journal.
    pub fn list(&self) -> io::Result<JournalListing> {
        let mut listing = JournalListing::default();
        // Files first, since each file gets its entry before it is created.
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                listing.add_name(entry.file_name().to_string_lossy().into_owned());
            }
        }
        let entries = match std::fs::read_dir(self.journal_path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // Fails for an entry that was removed meanwhile.
            if let Ok(noted) = entry.metadata().and_then(|metadata| metadata.modified()) {
                listing.add_entry(&entry.file_name().to_string_lossy(), noted);
            }
        }
        Ok(listing)
    }
}

impl UnfinishedFile {
    fn path(&self) -> PathBuf {
        self.folder.path.join(self.name.unfinished_name())
    }

    /// Computes the SHA-256 of the file.
    pub fn compute_sha256(&self) -> io::Result<String> {
        sha256(open_to_read(&self.path())?)
    }

    /// Makes the file visible, and returns its name and size.
    pub fn publish(mut self) -> io::Result<(String, u64)> {
        let filename = self.name.file_name();
        let from = self.path();
        let size = std::fs::symlink_metadata(&from)?.len();
        std::fs::rename(from, self.folder.path.join(&filename))?;
        self.is_published = true;
        // The new name is stored in the folder, which has to reach the disk too.
        File::open(&self.folder.path)?.sync_all()?;
        Ok((filename, size))
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        let removed = self.folder.remove_unfinished(&self.name);
        if let Err(error) = removed.and_then(|_| self.folder.forget(&self.name)) {
            tracing::warn!(%error, "an unfinished file could not be removed; the next sweep retries");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jobs::{Kind, Lease};

    fn name(kind: Kind, job_id: &str, attempt: u32) -> ArtifactName {
        ArtifactName { kind, held: Lease { job_id: job_id.parse().unwrap(), attempt } }
    }

    fn open(place: &tempfile::TempDir) -> Folder {
        Folder::open(place.path(), "journal".into()).unwrap()
    }

    fn is_empty(folder: &Folder) -> bool {
        let listing = folder.list().unwrap();
        listing.names.is_empty() && listing.journal.is_empty()
    }

    #[test]
    fn a_file_is_visible_only_when_it_is_complete() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place);
        let name = name(Kind::Pdf, "job", 1);
        let (unfinished, file) = folder.create(name.clone()).unwrap();
        io::Write::write_all(&mut &file, b"whole").unwrap();
        assert!(folder.open_file(&name.file_name()).is_err());
        let sha256 = unfinished.compute_sha256().unwrap();
        assert_eq!(sha256, "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099");
        assert_eq!(unfinished.publish().unwrap(), ("report_job_1.pdf".to_owned(), 5));
        assert!(folder.open_file("report_job_1.pdf").is_ok());
        assert_eq!(folder.list().unwrap().journal.len(), 1, "its entry stays");
        assert!(folder.remove(&name).unwrap() && !folder.remove(&name).unwrap());
        folder.forget(&name).unwrap();
        assert!(is_empty(&folder));
    }

    #[test]
    fn an_unfinished_file_is_removed_with_its_attempt() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place);
        let (unfinished, _file) = folder.create(name(Kind::Zip, "job", 1)).unwrap();
        let listing = folder.list().unwrap();
        assert_eq!((listing.names.len(), listing.journal.len()), (1, 1));
        drop(unfinished);
        assert!(is_empty(&folder));
    }

    #[test]
    fn a_leftover_of_the_same_attempt_is_replaced_and_a_link_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place);
        let name = name(Kind::Pdf, "job", 1);
        let path = place.path().join(name.unfinished_name());
        std::fs::write(&path, "of the same attempt").unwrap();
        let (unfinished, _file) = folder.create(name.clone()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        drop(unfinished);
        let target = place.path().join("diary");
        std::fs::write(&target, "mine").unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(folder.create(name).is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
        assert!(is_empty(&folder) && path.symlink_metadata().is_ok());
    }
}
