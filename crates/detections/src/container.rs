//! The files of a source, in a folder or in a ZIP archive, and nothing outside it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::SourceError;
use crate::excerpt::excerpt;

/// Where a source keeps its files.
#[derive(Clone, Debug)]
pub(crate) enum Container {
    /// A folder, with its real path.
    Folder(PathBuf),
    /// A ZIP archive.
    Zip(ZipFiles),
}

/// A ZIP archive whose directory is read once and shared by all its readers.
#[derive(Clone, Debug)]
pub(crate) struct ZipFiles {
    archive: ZipArchive<SharedFile>,
    /// The folder inside the archive that holds the tables, with its slash, or nothing.
    root: String,
}

/// Why a file of the container could not be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    Missing,
    Outside,
    Io(std::io::Error),
}

impl Container {
    pub fn folder(path: &Path) -> Result<Self, SourceError> {
        let real = path.canonicalize().map_err(SourceError::io(path.display().to_string()))?;
        Ok(Self::Folder(real))
    }

    pub fn zip(path: &Path) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(SourceError::io(path.display().to_string()))?;
        let archive = ZipArchive::new(SharedFile { file: Arc::new(file), position: 0 })
            .map_err(|source| SourceError::Zip { path: path.into(), source })?;
        Ok(Self::Zip(ZipFiles { archive, root: String::new() }))
    }

    /// Names of the files at the top, or for an archive everywhere in it.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Folder(root) => std::fs::read_dir(root).map_or_else(
                |_| Vec::new(),
                |entries| entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect(),
            ),
            Self::Zip(zip) => zip.archive.file_names().flatten().map(std::borrow::Cow::into_owned).collect(),
        }
    }

    /// The same container seen from the folder that holds `marker`, when there is one.
    ///
    /// Archives are often packed with the folder around the tables.
    pub fn rooted_at(&self, marker: impl Fn(&str) -> bool) -> Option<Self> {
        let mut roots: Vec<String> = self
            .names()
            .iter()
            .map(|name| name.split_at(name.rfind('/').map_or(0, |at| at + 1)))
            .filter(|(folder, base)| marker(base) && !folder.starts_with("__MACOSX/"))
            .map(|(folder, _)| folder.to_owned())
            .collect();
        roots.sort_by_key(String::len);
        let root = roots.into_iter().next()?;
        Some(match self {
            Self::Folder(path) => Self::Folder(path.clone()),
            Self::Zip(zip) => Self::Zip(ZipFiles { root, ..zip.clone() }),
        })
    }

    /// File names at the root of the container that `wanted` accepts, sorted.
    pub fn names_at_root(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let root = if let Self::Zip(zip) = self { zip.root.as_str() } else { "" };
        let mut names: Vec<String> = self
            .names()
            .iter()
            .filter_map(|name| name.strip_prefix(root))
            .filter(|name| wanted(name))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    /// Opens a file by its path relative to the root.
    pub fn open(&self, relative: &str) -> Result<Box<dyn BufRead>, OpenError> {
        let clean = inside(relative).ok_or(OpenError::Outside)?;
        match self {
            Self::Folder(root) => {
                let path = root.join(&clean).canonicalize().map_err(OpenError::from_io)?;
                // A link may lead out of the folder even when the path does not.
                if !path.starts_with(root) {
                    return Err(OpenError::Outside);
                }
                let file = File::open(path).map_err(OpenError::from_io)?;
                Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
            }
            Self::Zip(zip) => zip.open(&clean),
        }
    }

    /// Opens a table, which must be there.
    pub fn open_table(&self, name: &str, needed_for: &str) -> Result<Box<dyn BufRead>, SourceError> {
        let structure = |found: &str| SourceError::Structure {
            file: excerpt(name),
            line: 1,
            column: 1,
            found: found.into(),
            expected: format!("a file of that name inside the data set, {needed_for}"),
        };
        self.open(name).map_err(|error| match error {
            OpenError::Missing => structure("the file is not there"),
            OpenError::Outside => structure("the path leads out of the data set"),
            OpenError::Io(source) => SourceError::Io { file: excerpt(name), source },
        })
    }
}

impl ZipFiles {
    fn open(&self, clean: &Path) -> Result<Box<dyn BufRead>, OpenError> {
        let name = format!("{}{}", self.root, clean.to_string_lossy());
        let mut archive = self.archive.clone();
        let index = archive.index_for_name(&name).ok_or(OpenError::Missing)?;
        let size = archive.by_index(index).map_err(OpenError::from_zip)?.size();
        // An open entry borrows its archive, so it cannot be handed out by itself: small ones
        // are read whole, large ones by a thread that owns the archive.
        if size <= WHOLE {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            let entry = archive.by_index(index).map_err(OpenError::from_zip)?;
            // The directory says how large an entry is; what it holds may be anything.
            entry.take(size + 1).read_to_end(&mut bytes).map_err(OpenError::Io)?;
            if bytes.len() as u64 > size {
                return Err(OpenError::Io(std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    "it is larger than the directory of the ZIP archive says; pack it again",
                )));
            }
            return Ok(Box::new(std::io::Cursor::new(bytes)));
        }
        Ok(Box::new(BufReader::with_capacity(1 << 16, EntryReader::new(archive, index))))
    }
}

/// Entries up to this size are read into memory at once.
const WHOLE: u64 = 32 << 20;

/// A large entry, read in slices by a thread that owns the archive.
struct EntryReader {
    slices: std::sync::mpsc::Receiver<std::io::Result<Vec<u8>>>,
    current: std::io::Cursor<Vec<u8>>,
}

impl EntryReader {
    fn new(mut archive: ZipArchive<SharedFile>, index: usize) -> Self {
        let (send, slices) = std::sync::mpsc::sync_channel(4);
        std::thread::spawn(move || {
            let result = (|| {
                let mut entry = archive.by_index(index).map_err(std::io::Error::other)?;
                loop {
                    let mut slice = Vec::with_capacity(1 << 18);
                    if (&mut entry).take(1 << 18).read_to_end(&mut slice)? == 0 {
                        return Ok(());
                    }
                    if send.send(Ok(slice)).is_err() {
                        return Ok(());
                    }
                }
            })();
            if let Err(error) = result {
                // The reader may have gone; then nobody needs the error.
                let _ = send.send(Err(error));
            }
        });
        Self { slices, current: std::io::Cursor::default() }
    }
}

impl Read for EntryReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.slices.recv() {
                Ok(slice) => self.current = std::io::Cursor::new(slice?),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// One open file that many readers read, each at a place of its own.
#[derive(Clone, Debug)]
pub(crate) struct SharedFile {
    file: Arc<File>,
    position: u64,
}

impl Read for SharedFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.file.metadata()?.len(), by),
            SeekFrom::Current(by) => (self.position, by),
        };
        self.position = base
            .checked_add_signed(by)
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

impl OpenError {
    fn from_io(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Io(error),
        }
    }

    fn from_zip(error: ZipError) -> Self {
        Self::Io(std::io::Error::other(error))
    }
}

/// `relative` as a path of plain names, or nothing when it leads anywhere else.
fn inside(relative: &str) -> Option<PathBuf> {
    if relative.is_empty() || relative.contains(['\\', '\0']) {
        return None;
    }
    let mut clean = PathBuf::new();
    for part in Path::new(relative).components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_its_folder() {
        for path in ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "", "x\0"] {
            assert!(inside(path).is_none(), "{path}");
        }
        assert_eq!(inside("./media/a.jpg").unwrap(), Path::new("media/a.jpg"));
    }

    #[test]
    fn a_link_that_leads_out_is_not_followed() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        let inner = outer.path().join("package");
        std::fs::create_dir(&inner).unwrap();
        std::os::unix::fs::symlink("../secret", inner.join("link")).unwrap();
        std::os::unix::fs::symlink("real", inner.join("alias")).unwrap();
        std::fs::write(inner.join("real"), "y").unwrap();
        let container = Container::folder(&inner).unwrap();
        assert!(matches!(container.open("link"), Err(OpenError::Outside)));
        assert!(container.open("alias").is_ok());
        assert!(matches!(container.open("none"), Err(OpenError::Missing)));
    }
}
