//! An object that is looked at here and there, as the directory of a ZIP asks for.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use axum::body::Bytes;
use object_store::ObjectStoreExt;
use tokio::runtime::Handle;

use super::Name;
use super::bucket::{Bucket, fault};

/// Bytes that are asked for at once.
const WINDOW: u64 = 256 << 10;

/// Reads an object piece by piece, wherever. Blocks.
pub struct Object {
    bucket: Arc<Bucket>,
    name: Name,
    size: u64,
    at: u64,
    /// Where what is held begins.
    start: u64,
    held: Bytes,
}

impl Object {
    pub fn new(bucket: Arc<Bucket>, name: Name, size: u64) -> Self {
        Self { bucket, name, size, at: 0, start: 0, held: Bytes::new() }
    }

    /// What is held from the place on.
    fn here(&self) -> &[u8] {
        let from = self.at.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.held.get(from..)).unwrap_or_default()
    }
}

impl Read for Object {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || to.is_empty() {
            return Ok(0);
        }
        if self.here().is_empty() {
            // The end of a file is read backwards, step by step: what comes before may be wanted too.
            let start = self.at.min(self.size.saturating_sub(WINDOW));
            let key = self.bucket.key(&self.name.file_name());
            let range = start..(start + WINDOW).max(self.at + 1).min(self.size);
            self.held =
                Handle::current().block_on(self.bucket.hurried.get_range(&key, range)).map_err(fault)?;
            self.start = start;
        }
        let here = self.here();
        let length = here.len().min(to.len());
        to[..length].copy_from_slice(&here[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Object {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
