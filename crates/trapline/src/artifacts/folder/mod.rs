//! Files in a folder: a new one has a hidden name until it is renamed.

mod bookkeeping;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::journal::Listing;
use super::{Name, Pieces, named};
use crate::digest::sha256;
use crate::faults::may_die;
use crate::regular_file::{create_to_write, open_to_read, remove_regular};

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// A folder of files.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// The name of the service's journal.
    journal: String,
}

/// A file that is being written. Dropped, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    name: Name,
    folder: Folder,
    published: bool,
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

    pub fn begin(&self, name: Name) -> io::Result<(Unfinished, File)> {
        self.note(&name)?;
        let unfinished = Unfinished { name, folder: self.clone(), published: false };
        may_die!("noted");
        let path = unfinished.path();
        let file = match create_to_write(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // It is of the same attempt, whose worker asked for its job twice.
                remove_regular(&path)?;
                create_to_write(&path)?
            }
            created => created?,
        };
        Ok((unfinished, file))
    }

    pub fn file(&self, file_name: &str) -> io::Result<File> {
        open_to_read(&self.path.join(named(file_name)?.file_name()))
    }

    pub async fn find_size(&self, file_name: &str) -> io::Result<u64> {
        let (folder, file_name) = (self.clone(), file_name.to_owned());
        let size = tokio::task::spawn_blocking(move || -> io::Result<u64> {
            Ok(folder.file(&file_name)?.metadata()?.len())
        });
        size.await.map_err(io::Error::other)?
    }

    pub async fn pieces(&self, file_name: &str, bytes: Range<u64>) -> io::Result<Pieces> {
        let (folder, file_name, first) = (self.clone(), file_name.to_owned(), bytes.start);
        let opened = tokio::task::spawn_blocking(move || {
            let mut file = folder.file(&file_name)?;
            file.seek(SeekFrom::Start(first)).map(|_| file)
        });
        let file = opened.await.map_err(io::Error::other)??;
        let content = tokio::fs::File::from_std(file).take(bytes.end - bytes.start);
        Ok(ReaderStream::with_capacity(content, CHUNK).boxed())
    }

    /// Removes a finished file, and tells whether there was one.
    pub fn remove(&self, name: &Name) -> io::Result<bool> {
        remove_regular(&self.path.join(name.file_name()))
    }

    /// Removes a file that somebody began and did not finish, and tells whether there was one.
    pub fn remove_unfinished(&self, name: &Name) -> io::Result<bool> {
        remove_regular(&self.path.join(name.unfinished()))
    }

    /// What is there.
    pub fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        // Files first: whatever is found has its entry by then.
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                listing.add_name(entry.file_name().to_string_lossy().into_owned());
            }
        }
        let entries = match std::fs::read_dir(self.journal()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // One that has gone meanwhile has no time.
            if let Ok(noted) = entry.metadata().and_then(|metadata| metadata.modified()) {
                listing.add_entry(&entry.file_name().to_string_lossy(), noted);
            }
        }
        Ok(listing)
    }
}

impl Unfinished {
    fn path(&self) -> PathBuf {
        self.folder.path.join(self.name.unfinished())
    }

    pub fn sha256(&self) -> io::Result<String> {
        sha256(open_to_read(&self.path())?)
    }

    /// Returns the name and the size.
    pub fn publish(mut self) -> io::Result<(String, u64)> {
        let filename = self.name.file_name();
        let from = self.path();
        let size = std::fs::symlink_metadata(&from)?.len();
        std::fs::rename(from, self.folder.path.join(&filename))?;
        self.published = true;
        // The new name is in the folder, which has to reach the disk as well.
        File::open(&self.folder.path)?.sync_all()?;
        Ok((filename, size))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        let removed = self.folder.remove_unfinished(&self.name);
        if let Err(error) = removed.and_then(|_| self.folder.forget(&self.name)) {
            tracing::warn!(%error, "an unfinished file could not be removed; the next sweep tries again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jobs::{Held, Kind};

    fn name(kind: Kind, job_id: &str, attempt: u32) -> Name {
        Name { kind, held: Held { job_id: job_id.parse().unwrap(), attempt } }
    }

    fn open(place: &tempfile::TempDir) -> Folder {
        Folder::open(place.path(), "journal".into()).unwrap()
    }

    fn is_empty(folder: &Folder) -> bool {
        let listing = folder.list().unwrap();
        listing.names.is_empty() && listing.journal.is_empty()
    }

    #[test]
    fn a_file_is_visible_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place);
        let name = name(Kind::Pdf, "job", 1);
        let (unfinished, file) = folder.begin(name.clone()).unwrap();
        io::Write::write_all(&mut &file, b"whole").unwrap();
        assert!(folder.file(&name.file_name()).is_err());
        let sha256 = unfinished.sha256().unwrap();
        assert_eq!(sha256, "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099");
        assert_eq!(unfinished.publish().unwrap(), ("report_job_1.pdf".to_owned(), 5));
        assert!(folder.file("report_job_1.pdf").is_ok());
        assert_eq!(folder.list().unwrap().journal.len(), 1, "it is known to be ours");
        assert!(folder.remove(&name).unwrap() && !folder.remove(&name).unwrap());
        folder.forget(&name).unwrap();
        assert!(is_empty(&folder));
    }

    #[test]
    fn an_unfinished_file_goes_with_its_attempt() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place);
        let (unfinished, _file) = folder.begin(name(Kind::Zip, "job", 1)).unwrap();
        let listing = folder.list().unwrap();
        assert_eq!((listing.names.len(), listing.journal.len()), (1, 1));
        drop(unfinished);
        assert!(is_empty(&folder));
    }

    #[test]
    fn what_an_attempt_left_is_begun_anew_and_a_link_is_not_written_through() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place);
        let name = name(Kind::Pdf, "job", 1);
        let path = place.path().join(name.unfinished());
        std::fs::write(&path, "of the same attempt").unwrap();
        let (unfinished, _file) = folder.begin(name.clone()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        drop(unfinished);
        let target = place.path().join("diary");
        std::fs::write(&target, "mine").unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(folder.begin(name).is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
        assert!(is_empty(&folder) && path.symlink_metadata().is_ok());
    }
}
