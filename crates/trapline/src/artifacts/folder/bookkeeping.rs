//! The marker of a folder, and the journal in it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::Folder;
use crate::artifacts::Name;
use crate::artifacts::owner::{BOOKKEEPING, LONGEST_MARKER, MARKER};
use crate::regular_file::{create_to_write, open_to_read, remove_regular};

impl Folder {
    fn bookkeeping(&self) -> PathBuf {
        self.path.join(BOOKKEEPING)
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.bookkeeping().join(&self.journal)
    }

    pub fn marker(&self) -> PathBuf {
        self.bookkeeping().join(MARKER)
    }

    /// What the marker says; `None` without one.
    pub fn read_marker(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match open_to_read(&self.marker()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut content = Vec::new();
        file.take(LONGEST_MARKER).read_to_end(&mut content)?;
        Ok(Some(content))
    }

    /// Writes the marker, unless there is one: of two processes that do so at once one succeeds, and
    /// nobody ever sees half of it.
    pub fn create_marker(&self, content: &str) -> io::Result<()> {
        self.make_bookkeeping()?;
        let mut builder = tempfile::Builder::new();
        // Other processes of the service may run as other users; what the umask takes is taken.
        builder.prefix(".store-").permissions(std::fs::Permissions::from_mode(0o666));
        let mut file = builder.tempfile_in(self.bookkeeping())?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(self.marker()) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                // Not every file system can do that. Half a marker is then a marker that cannot be
                // read, which lets nobody in.
                create_to_write(&self.marker())?.write_all(content.as_bytes())?;
            }
            _ => {}
        }
        File::open(self.bookkeeping())?.sync_all()
    }

    /// Makes the folders of bookkeeping, for whoever may use the folder of files.
    fn make_bookkeeping(&self) -> io::Result<()> {
        let permissions = std::fs::metadata(&self.path)?.permissions();
        for folder in [self.bookkeeping(), self.journal()] {
            match std::fs::create_dir(&folder) {
                Ok(()) => {
                    // Without them it works for this user alone.
                    let _ = std::fs::set_permissions(&folder, permissions.clone());
                }
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if std::fs::symlink_metadata(&folder)?.is_dir() => {}
                Err(_) => {
                    let reason = format!("{} has to be a folder, and is something else", folder.display());
                    return Err(io::Error::new(io::ErrorKind::NotADirectory, reason));
                }
            }
        }
        Ok(())
    }

    /// Notes that a file is ours, before there is one.
    pub fn note(&self, name: &Name) -> io::Result<()> {
        let entry = self.journal().join(name.file_name());
        let created = match create_to_write(&entry) {
            // Somebody may have removed the folders.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_bookkeeping()?;
                create_to_write(&entry)
            }
            created => created,
        };
        match created {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // A power cut must not leave the file without its entry: nobody would ever remove it.
        File::open(self.journal())?.sync_all()
    }

    /// Whether a file was noted.
    pub fn is_noted(&self, name: &Name) -> io::Result<bool> {
        match std::fs::symlink_metadata(self.journal().join(name.file_name())) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes what was noted, after the file has gone.
    pub fn forget(&self, name: &Name) -> io::Result<()> {
        remove_regular(&self.journal().join(name.file_name())).map(drop)
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
