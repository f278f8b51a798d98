//! Writing the ZIP file: entries one after the other, each with its SHA-256.

use std::fs::File;
use std::io::{BufWriter, Write};

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::ArchiveError;

/// A ZIP file that is being written. The same entries give the same bytes.
pub(crate) struct ZipFile<'a> {
    zip: ZipWriter<BufWriter<File>>,
    cancellation: &'a CancellationToken,
}

/// What the manifest says about an entry.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Entry {
    #[serde(rename = "size_bytes")]
    pub size: u64,
    #[serde(serialize_with = "serialize_hex")]
    pub sha256: [u8; 32],
}

fn serialize_hex<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

impl<'a> ZipFile<'a> {
    /// An empty archive; writing ends early if the export is cancelled.
    pub fn new(file: File, cancellation: &'a CancellationToken) -> Self {
        let zip = ZipWriter::new(BufWriter::with_capacity(1 << 18, file)).set_auto_large_file();
        Self { zip, cancellation }
    }

    /// Adds a file without compression, because it is compressed already.
    pub fn store(&mut self, name: &str, bytes: &[u8]) -> Result<Entry, ArchiveError> {
        self.zip.start_file(name, options(CompressionMethod::Stored))?;
        self.zip.write_all(bytes)?;
        Ok(Entry { size: bytes.len() as u64, sha256: Sha256::digest(bytes).into() })
    }

    /// Adds a compressed text, which `content` writes.
    pub fn deflate(
        &mut self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<Entry, ArchiveError> {
        self.zip.start_file(name, options(CompressionMethod::Deflated))?;
        let cancellation = self.cancellation;
        let writer = EntryWriter { zip: &mut self.zip, cancellation, hash: Sha256::new(), size: 0 };
        let mut buffered = BufWriter::with_capacity(1 << 16, writer);
        let written = content(&mut buffered).and_then(|()| buffered.flush());
        if cancellation.is_cancelled() {
            return Err(ArchiveError::Cancelled);
        }
        written?;
        let (EntryWriter { hash, size, .. }, _) = buffered.into_parts();
        Ok(Entry { size, sha256: hash.finalize().into() })
    }

    /// Writes the directory and syncs the file to disk.
    pub fn finish(self) -> Result<(), ArchiveError> {
        let file = self.zip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(())
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    // Without this an entry has the current time, and no two archives are alike.
    SimpleFileOptions::default().compression_method(method).last_modified_time(DateTime::default())
}

/// Adds up what the manifest says about an entry, and stops writing once the export is cancelled, also within
/// a long table.
struct EntryWriter<'a> {
    zip: &'a mut ZipWriter<BufWriter<File>>,
    cancellation: &'a CancellationToken,
    hash: Sha256,
    size: u64,
}

impl Write for EntryWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.cancellation.is_cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
        let written = self.zip.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.zip.flush()
    }
}
