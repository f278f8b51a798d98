//! Files in a folder: a new one has a hidden name until it is renamed.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::{Name, Pieces, named};
use crate::digest::sha256;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// A folder of files.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// A file that is being written. Dropped, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    name: Name,
    folder: PathBuf,
    published: bool,
}

impl Folder {
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = Self(folder.canonicalize()?);
        folder.check()?;
        Ok(folder)
    }

    pub fn check(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.0).map(|_| ())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn begin(&self, name: Name) -> io::Result<(Unfinished, File)> {
        let file = File::create(self.0.join(name.unfinished()))?;
        Ok((Unfinished { name, folder: self.0.clone(), published: false }, file))
    }

    pub fn file(&self, file_name: &str) -> io::Result<File> {
        File::open(self.0.join(named(file_name)?.file_name()))
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

    /// Removes what has a name; what is not there is no error.
    pub fn remove(&self, file_name: &str) -> io::Result<()> {
        gone(&self.0.join(file_name))
    }

    /// The names of all that is there.
    pub fn list(&self) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.0)?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }
}

fn gone(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Unfinished {
    pub fn sha256(&self) -> io::Result<String> {
        sha256(File::open(self.folder.join(self.name.unfinished()))?)
    }

    /// Returns the name and the size.
    pub fn publish(mut self) -> io::Result<(String, u64)> {
        let filename = self.name.file_name();
        let (from, to) = (self.folder.join(self.name.unfinished()), self.folder.join(&filename));
        let size = std::fs::metadata(&from)?.len();
        std::fs::rename(from, to)?;
        self.published = true;
        // The new name is in the folder, which has to reach the disk as well.
        File::open(&self.folder)?.sync_all()?;
        Ok((filename, size))
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
    use jobs::{Held, Kind};

    fn name(kind: Kind, job_id: &str, attempt: u32) -> Name {
        Name { kind, held: Held { job_id: job_id.parse().unwrap(), attempt } }
    }

    #[test]
    fn a_file_is_visible_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let name = name(Kind::Pdf, "job", 1);
        let (unfinished, file) = folder.begin(name.clone()).unwrap();
        io::Write::write_all(&mut &file, b"whole").unwrap();
        assert!(folder.file(&name.file_name()).is_err());
        let sha256 = unfinished.sha256().unwrap();
        assert_eq!(sha256, "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099");
        assert_eq!(unfinished.publish().unwrap(), ("report_job_1.pdf".to_owned(), 5));
        assert!(folder.file("report_job_1.pdf").is_ok());
        folder.remove("report_job_1.pdf").unwrap();
        assert_eq!(folder.list().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_unfinished_file_goes_with_its_attempt() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        drop(folder.begin(name(Kind::Zip, "job", 1)).unwrap());
        assert_eq!(folder.list().unwrap(), Vec::<String>::new());
    }
}
