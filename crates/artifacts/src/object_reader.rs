//! A reader for objects that can seek, as ZIP archives need.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use tokio::runtime::Handle;

use super::bucket::Bucket;
use super::{ArtifactError, ArtifactName};

/// Bytes that are read at once.
const WINDOW: u64 = 256 << 10;

/// Reads an object from any position, one window at a time. Blocks.
pub struct ObjectReader {
    bucket: Arc<Bucket>,
    name: ArtifactName,
    size: u64,
    position: u64,
    /// The position of the window.
    start: u64,
    window: Bytes,
}

impl ObjectReader {
    pub fn new(bucket: Arc<Bucket>, name: ArtifactName, size: u64) -> Self {
        Self { bucket, name, size, position: 0, start: 0, window: Bytes::new() }
    }

    /// The bytes of the window from the position on.
    fn buffer(&self) -> &[u8] {
        let from = self.position.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.window.get(from..)).unwrap_or_default()
    }
}

impl Read for ObjectReader {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || to.is_empty() {
            return Ok(0);
        }
        if self.buffer().is_empty() {
            // Near the end the window starts earlier, since the directory of a ZIP is read backwards from the
            // end.
            let start = self.position.min(self.size.saturating_sub(WINDOW));
            let key = self.bucket.key(&self.name.file_name());
            let range = start..(start + WINDOW).max(self.position + 1).min(self.size);
            let read = self.bucket.impatient_objects.get_range(&key, range);
            self.window = Handle::current().block_on(read).map_err(ArtifactError::from_read)?;
            self.start = start;
        }
        let buffered = self.buffer();
        let length = buffered.len().min(to.len());
        to[..length].copy_from_slice(&buffered[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
