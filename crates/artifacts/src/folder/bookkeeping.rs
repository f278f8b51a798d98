//! The marker of a folder, and the journal in it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::Folder;
use crate::ArtifactName;
use crate::owner::{BOOKKEEPING, MARKER, MAX_MARKER_SIZE};
use files::regular_file::{create_to_write, open_to_read, remove_regular};

impl Folder {
    fn bookkeeping_path(&self) -> PathBuf {
        self.path.join(BOOKKEEPING)
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.bookkeeping_path().join(&self.journal)
    }

    pub fn marker_path(&self) -> PathBuf {
        self.bookkeeping_path().join(MARKER)
    }

    /// Reads the marker; `None` if there is none.
    pub fn read_marker(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match open_to_read(&self.marker_path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut content = Vec::new();
        file.take(MAX_MARKER_SIZE).read_to_end(&mut content)?;
        Ok(Some(content))
    }

    /// Writes the marker unless there is one. If two processes do so at once, one succeeds, and no process
    /// ever reads half a marker.
    pub fn create_marker(&self, content: &str) -> io::Result<()> {
        self.create_bookkeeping()?;
        let mut builder = tempfile::Builder::new();
        // Processes of the service may run as different users. The umask still applies.
        builder.prefix(".store-").permissions(std::fs::Permissions::from_mode(0o666));
        let mut file = builder.tempfile_in(self.bookkeeping_path())?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(self.marker_path()) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                // Not every file system supports this. Half a marker is then unreadable, so no process starts
                // with it.
                create_to_write(&self.marker_path())?.write_all(content.as_bytes())?;
            }
            _ => {}
        }
        File::open(self.bookkeeping_path())?.sync_all()
    }

    /// Creates the folders of the marker and the journal, with the permissions of the folder of files.
    fn create_bookkeeping(&self) -> io::Result<()> {
        let permissions = std::fs::metadata(&self.path)?.permissions();
        for folder in [self.bookkeeping_path(), self.journal_path()] {
            match std::fs::create_dir(&folder) {
                Ok(()) => {
                    // If this fails, only this user can use the folder.
                    let _ = std::fs::set_permissions(&folder, permissions.clone());
                }
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if std::fs::symlink_metadata(&folder)?.is_dir() => {}
                Err(_) => {
                    let reason = format!("{} exists and is not a folder", folder.display());
                    return Err(io::Error::new(io::ErrorKind::NotADirectory, reason));
                }
            }
        }
        Ok(())
    }

    /// Adds a file to the journal, before the file exists.
    pub fn note(&self, name: &ArtifactName) -> io::Result<()> {
        let entry = self.journal_path().join(name.file_name());
        let created = match create_to_write(&entry) {
            // The folders may have been removed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create_bookkeeping()?;
                create_to_write(&entry)
            }
            created => created,
        };
        match created {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // After a power cut, a file without its entry would never be removed.
        File::open(self.journal_path())?.sync_all()
    }

    /// Whether a file is in the journal.
    pub fn is_noted(&self, name: &ArtifactName) -> io::Result<bool> {
        match std::fs::symlink_metadata(self.journal_path().join(name.file_name())) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a file from the journal, after the file itself.
    pub fn forget(&self, name: &ArtifactName) -> io::Result<()> {
        remove_regular(&self.journal_path().join(name.file_name())).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_markers_stays() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), "journal".into()).unwrap();
        assert_eq!(folder.read_marker().unwrap(), None);
        folder.create_marker("first").unwrap();
        folder.create_marker("second").unwrap();
        assert_eq!(folder.read_marker().unwrap().as_deref(), Some(&b"first"[..]));
        let names = std::fs::read_dir(place.path().join(BOOKKEEPING)).unwrap();
        assert_eq!(names.count(), 2, "the marker and the journal, and no temporary file");
    }
}
