//! The ZIP file: entries one after the other, each with its SHA-256.

use std::fs::File;
use std::io::{BufWriter, Write};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::ArchiveError;
use crate::order::Watch;

/// An archive on its way to the disk. The same entries give the same bytes.
pub(crate) struct Package<'a> {
    zip: ZipWriter<BufWriter<File>>,
    watch: &'a dyn Watch,
}

/// What the manifest tells of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub size: u64,
    pub sha256: [u8; 32],
}

impl<'a> Package<'a> {
    /// An empty archive, which ends early once nobody waits for it.
    pub fn new(file: File, watch: &'a dyn Watch) -> Self {
        let zip = ZipWriter::new(BufWriter::with_capacity(1 << 18, file)).set_auto_large_file();
        Self { zip, watch }
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
        let watch = self.watch;
        let inner = Watched { inner: &mut self.zip, watch };
        let mut hashed =
            Hashed { inner: BufWriter::with_capacity(1 << 16, inner), hash: Sha256::new(), size: 0 };
        let written = content(&mut hashed).and_then(|()| hashed.inner.flush());
        if watch.is_cancelled() {
            return Err(ArchiveError::Cancelled);
        }
        written?;
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

/// Refuses to write once nobody waits: a long table ends early too.
struct Watched<'a, W> {
    inner: W,
    watch: &'a dyn Watch,
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.watch.is_cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
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
