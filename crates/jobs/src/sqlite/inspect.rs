//! Whether the database of a folder can be used, found out without changing anything.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::Path;

use super::rows::damaged;
use super::{DATABASE, LOCK, SqliteStore, VERSION};
use crate::store::StoreError;

/// What a database of SQLite begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the header of a database has its `user_version`, four bytes with the highest first.
const VERSION_AT: usize = 60;
/// Bytes of the header.
const HEADER: usize = 100;

impl SqliteStore {
    /// Whether a store in `folder` could be opened, as far as its files tell. Nothing is made or changed:
    /// opening the database, even to read it, would leave files beside it.
    ///
    /// [`StoreError::InUse`] when a process has it, [`StoreError::Damaged`] when the database is none or
    /// of a version to come. A folder without a database is fine.
    pub fn inspect(folder: &Path) -> Result<(), StoreError> {
        let unavailable =
            |error: io::Error| StoreError::Unavailable(format!("{}: {error}", folder.display()));
        if let Some(lock) = open_if_there(&folder.join(LOCK)).map_err(unavailable)? {
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(folder.display().to_string())),
                Err(TryLockError::Error(error)) => return Err(unavailable(error)),
            }
        }
        match open_if_there(&folder.join(DATABASE)).map_err(unavailable)? {
            Some(database) => check_header(database),
            None => Ok(()),
        }
    }
}

/// Opens a file that has to be writable, if there is one.
fn open_if_there(path: &Path) -> io::Result<Option<File>> {
    match File::options().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// An empty file is a database without tables, which `open` makes.
fn check_header(database: File) -> Result<(), StoreError> {
    let mut header = Vec::with_capacity(HEADER);
    let read = database.take(HEADER as u64).read_to_end(&mut header);
    read.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    if header.is_empty() {
        return Ok(());
    }
    let version = header.get(VERSION_AT..VERSION_AT + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    match version.map(i32::from_be_bytes).filter(|_| header.starts_with(MAGIC)) {
        None => Err(damaged(format!("{DATABASE} is no database of SQLite"))),
        Some(version) if i64::from(version) > VERSION || version < 0 => {
            Err(damaged(format!("its tables are of version {version}, and this program reads {VERSION}")))
        }
        Some(_) => Ok(()),
    }
}
