//! A temporary file for crops that are ready before their turn.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// A file without a name, which disappears with this value.
pub(crate) struct Spool {
    file: File,
    end: u64,
    /// The number of crops in it.
    waiting: usize,
}

/// The start and the length of a crop in the spool.
pub(crate) type SpoolEntry = (u64, usize);

impl Spool {
    /// Creates the file beside the archive, where there is space if anywhere.
    pub fn new_in(folder: &std::path::Path) -> std::io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, end: 0, waiting: 0 })
    }

    pub fn put(&mut self, bytes: &[u8]) -> std::io::Result<SpoolEntry> {
        let start = self.end;
        self.file.seek(SeekFrom::Start(start))?;
        self.file.write_all(bytes)?;
        self.end += bytes.len() as u64;
        self.waiting += 1;
        Ok((start, bytes.len()))
    }

    /// Takes a crop out of the spool.
    pub fn take(&mut self, (start, length): SpoolEntry) -> std::io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        self.waiting -= 1;
        if self.waiting == 0 {
            // The spool is empty, so its space is reused.
            self.end = 0;
        }
        Ok(bytes)
    }
}
