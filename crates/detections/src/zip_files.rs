//! Reading files in a ZIP archive.

use std::fs::File;
use std::io::{BufRead, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use zip::ZipArchive;
use zip::result::ZipResult;

use crate::open_error::OpenError;
use crate::read_ahead::ReadAhead;

/// A ZIP archive whose directory is read once and shared by all its readers.
#[derive(Clone, Debug)]
pub(crate) struct ZipFiles {
    pub archive: ZipArchive<SharedFile>,
    /// The folder inside the archive that holds the tables, with its slash, or nothing.
    pub root: String,
}

impl ZipFiles {
    /// Reads the directory of an archive.
    pub fn open_archive(file: File) -> ZipResult<ZipArchive<SharedFile>> {
        ZipArchive::new(SharedFile { file: Arc::new(file), position: 0 })
    }

    pub fn open(&self, clean: &Path) -> Result<Box<dyn BufRead + Send>, OpenError> {
        let name = format!("{}{}", self.root, clean.to_string_lossy());
        let mut archive = self.archive.clone();
        let index = archive.index_for_name(&name).ok_or(OpenError::Missing)?;
        let size = archive.by_index(index).map_err(OpenError::from_zip)?.size();
        // An open entry borrows its archive and cannot be returned by itself: small ones are read into
        // memory, and a thread that owns the archive reads large ones.
        if size <= MAX_IN_MEMORY {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            let entry = archive.by_index(index).map_err(OpenError::from_zip)?;
            // The directory may state a wrong size.
            entry.take(size + 1).read_to_end(&mut bytes).map_err(OpenError::Io)?;
            if bytes.len() as u64 > size {
                return Err(OpenError::Io(std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    "it is larger than the directory of the ZIP archive says; pack it again",
                )));
            }
            return Ok(Box::new(std::io::Cursor::new(bytes)));
        }
        let reader = ReadAhead::start(move |slices| {
            let mut entry = archive.by_index(index).map_err(std::io::Error::other)?;
            slices.read_all(&mut entry).map_err(|error| {
                let found = format!("damaged in the ZIP archive ({error}); pack it again");
                std::io::Error::new(error.kind(), found)
            })
        });
        Ok(Box::new(reader.map_err(OpenError::Io)?))
    }
}

/// Entries up to this size are read into memory at once.
const MAX_IN_MEMORY: u64 = 32 << 20;

/// An open file that several readers share, each with its own position.
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
