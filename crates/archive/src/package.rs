//! The ZIP file: entries one after the other, each with its SHA-256.

use std::fs::File;
use std::io::{BufWriter, Write};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::ArchiveError;

/// An archive on its way to the disk. The same entries give the same bytes.
pub(crate) struct Package {
    zip: ZipWriter<BufWriter<File>>,
}

/// What the manifest tells of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub size: u64,
    pub sha256: [u8; 32],
}

impl Package {
    pub fn new(file: File) -> Self {
        let zip = ZipWriter::new(BufWriter::with_capacity(1 << 18, file)).set_auto_large_file();
        Self { zip }
    }

    /// Adds a file that compression would not make smaller.
    pub fn store(&mut self, name: &str, bytes: &[u8]) -> Result<Entry, ArchiveError> {
        self.zip.start_file(name, options(CompressionMethod::Stored))?;
        self.zip.write_all(bytes)?;
        Ok(Entry { size: bytes.len() as u64, sha256: Sha256::digest(bytes).into() })
    }

    /// Adds a text, written by `content` piece by piece.
    pub fn deflate(
        &mut self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<Entry, ArchiveError> {
        self.zip.start_file(name, options(CompressionMethod::Deflated))?;
        let mut hashed = Hashed { inner: BufWriter::new(&mut self.zip), hash: Sha256::new(), size: 0 };
        content(&mut hashed)?;
        hashed.inner.flush()?;
        Ok(Entry { size: hashed.size, sha256: hashed.hash.finalize().into() })
    }

    /// Writes the directory, and everything through to the disk.
    pub fn finish(self) -> Result<(), ArchiveError> {
        let file = self.zip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(())
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    // Without a time of its own an entry has that of its making, and no two archives are alike.
    SimpleFileOptions::default().compression_method(method).last_modified_time(DateTime::default())
}

struct Hashed<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
