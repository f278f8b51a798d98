//! Checking the database of a folder without changing anything.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::migrations::check_version;
use super::{DATABASE, LOCK, SqliteStore, file_error, lock_file};
use crate::error::{OpenError, StoreError};

/// The first bytes of a SQLite database.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The offset of `user_version` in the header, four bytes in big-endian order.
const VERSION_OFFSET: usize = 60;
/// The size of the header in bytes.
const HEADER_SIZE: usize = 100;

impl SqliteStore {
    /// Checks whether a store in `folder` could be opened, by reading its files. Changes nothing: opening the
    /// database, even for reading, would leave files beside it.
    ///
    /// [`OpenError::InUse`] if a process uses it, [`StoreError::Damaged`] if the file is not a database or
    /// of a later version. A folder without a database is fine.
    pub fn inspect(folder: &Path) -> Result<(), OpenError> {
        if let Some(lock) = open_existing(&folder.join(LOCK))? {
            lock_file(&lock, folder)?;
        }
        match open_existing(&folder.join(DATABASE))? {
            Some(database) => Ok(check_header(database)?),
            None => Ok(()),
        }
    }
}

/// Opens a file for writing, if there is one. A pipe or device under its name is refused.
fn open_existing(path: &Path) -> Result<Option<File>, StoreError> {
    match files::regular_file::open_existing(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(|error| file_error(path, error)),
    }
}

/// Checks the header of a database. An empty file is fine, since `open` then creates the tables.
fn check_header(database: File) -> Result<(), StoreError> {
    let mut header = Vec::with_capacity(HEADER_SIZE);
    let read = database.take(HEADER_SIZE as u64).read_to_end(&mut header);
    read.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    if header.is_empty() {
        return Ok(());
    }
    let version =
        header.get(VERSION_OFFSET..VERSION_OFFSET + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    match version.map(i32::from_be_bytes).filter(|_| header.starts_with(MAGIC)) {
        None => Err(StoreError::from_damage(format!("{DATABASE} is not a SQLite database"))),
        Some(version) => check_version(version.into()).map(|_| ()),
    }
}
