//! Crops that are ready before their turn, in a temporary file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// A file without a name, which is gone when this is.
pub(crate) struct Spool {
    file: File,
    end: u64,
    /// How many wait in it.
    waiting: usize,
}

/// Where something lies in the spool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    start: u64,
    length: usize,
}

impl Spool {
    /// Beside the archive, where there is room for it if for anything.
    pub fn new_in(folder: &std::path::Path) -> std::io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, end: 0, waiting: 0 })
    }

    pub fn put(&mut self, bytes: &[u8]) -> std::io::Result<Stored> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(bytes)?;
        let stored = Stored { start: self.end, length: bytes.len() };
        self.end += bytes.len() as u64;
        self.waiting += 1;
        Ok(stored)
    }

    /// Takes one out, once.
    pub fn take(&mut self, stored: Stored) -> std::io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(stored.start))?;
        let mut bytes = vec![0; stored.length];
        self.file.read_exact(&mut bytes)?;
        self.waiting -= 1;
        if self.waiting == 0 {
            // Nobody reads what is there any more, so it is written over.
            self.end = 0;
        }
        Ok(bytes)
    }
}
