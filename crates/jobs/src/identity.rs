//! The identity of a store, for comparing the stores of processes.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use uuid::Uuid;

/// The file in the folder of a SQLite store that contains the store's id.
const FILE: &str = "store-id";

/// The identity of a store, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreIdentity {
    /// Unique, and the same in every process that uses the store.
    pub id: String,
    /// A description for people.
    pub description: String,
}

/// Reads the id of the SQLite store in `folder`, or chooses one at random the first time.
///
/// The path is not a reliable identity: two machines may use the same path, and a store that is moved, or
/// mounted elsewhere in a container, stays the same store. A copy is another store, which would remove the
/// files of the first as files without a record. It is recognized by its path and its inode, which both
/// differ from the stored ones, and gets a new id.
pub(crate) fn sqlite_id(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let here = Origin::of_folder(folder)?;
    let kept = read_id(folder)?;
    let id = choose_id(kept.as_ref(), &here);
    if kept != Some((id.clone(), Some(here.clone()))) {
        write_id(folder, &id, &here)?;
    }
    Ok(id)
}

/// Reads the id of the store in `folder`, or returns a random one. Writes nothing.
pub(crate) fn peek_sqlite_id(folder: &Path) -> io::Result<String> {
    match read_id(folder)? {
        Some(kept) => Ok(choose_id(Some(&kept), &Origin::of_folder(folder)?)),
        None => Ok(Uuid::new_v4().to_string()),
    }
}

/// Returns the stored id, or a new one if this store is a copy.
fn choose_id(kept: Option<&(String, Option<Origin>)>, here: &Origin) -> String {
    match kept {
        Some((id, origin)) if origin.as_ref().is_none_or(|origin| origin.may_be(here)) => id.clone(),
        _ => Uuid::new_v4().to_string(),
    }
}

/// The place of a store when its id was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    path: String,
    inode: u64,
}

impl Origin {
    fn of_folder(folder: &Path) -> io::Result<Self> {
        let real = folder.canonicalize()?;
        let inode = std::fs::metadata(&real)?.ino();
        // The path has to fit on one line.
        Ok(Self { path: real.display().to_string().replace(char::is_control, "?"), inode })
    }

    /// Whether a store from this place may be the one that is now `here`: moved or restored, and not copied.
    fn may_be(&self, here: &Self) -> bool {
        self.path == here.path || self.inode == here.inode
    }
}

/// Reads the stored id and the place of the store at that time: an id, an inode and a path, on a line each.
fn read_id(folder: &Path) -> io::Result<Option<(String, Option<Origin>)>> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let mut lines = text.lines();
    match Uuid::parse_str(lines.next().unwrap_or_default().trim()) {
        Ok(id) => {
            let inode = lines.next().and_then(|line| line.trim().parse().ok());
            let origin = inode.zip(lines.next()).map(|(inode, path)| Origin { path: path.into(), inode });
            Ok(Some((id.to_string(), origin)))
        }
        Err(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "{} does not contain the id of a store; delete the file to get a new one",
                path.display()
            ),
        )),
    }
}

/// Stores an id atomically. Only one process uses the store, so there is no other writer.
fn write_id(folder: &Path, id: &str, origin: &Origin) -> io::Result<()> {
    let temporary = folder.join(format!("{FILE}-{}", Uuid::new_v4()));
    let written = File::create_new(&temporary).and_then(|mut file| {
        write!(file, "{id}\n{}\n{}\n", origin.inode, origin.path)?;
        file.sync_all()?;
        std::fs::rename(&temporary, folder.join(FILE))
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_keeps_its_id_when_it_is_moved_and_shares_it_with_no_other() {
        let place = tempfile::tempdir().unwrap();
        let [first, second, moved] = ["first", "second", "moved"].map(|name| place.path().join(name));
        let id = sqlite_id(&first).unwrap();
        assert_eq!(sqlite_id(&first).unwrap(), id);
        assert_ne!(sqlite_id(&second).unwrap(), id);
        std::fs::rename(&first, &moved).unwrap();
        assert_eq!(sqlite_id(&moved).unwrap(), id);
        assert_eq!(std::fs::read_dir(&moved).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_copy_is_another_store_and_a_restored_one_is_the_same() {
        let place = tempfile::tempdir().unwrap();
        let [first, copy] = ["first", "copy"].map(|name| place.path().join(name));
        let id = sqlite_id(&first).unwrap();
        std::fs::create_dir(&copy).unwrap();
        std::fs::copy(first.join(FILE), copy.join(FILE)).unwrap();
        let other = sqlite_id(&copy).unwrap();
        assert_ne!(other, id);
        assert_eq!((sqlite_id(&copy).unwrap(), sqlite_id(&first).unwrap()), (other, id.clone()));
        // Restored from a backup to the same path.
        let note = std::fs::read(first.join(FILE)).unwrap();
        std::fs::rename(&first, place.path().join("old")).unwrap();
        std::fs::create_dir(&first).unwrap();
        std::fs::write(first.join(FILE), note).unwrap();
        assert_eq!(sqlite_id(&first).unwrap(), id);
    }

    #[test]
    fn an_id_can_be_read_without_writing() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("jobs");
        assert_ne!(peek_sqlite_id(&folder).unwrap(), peek_sqlite_id(&folder).unwrap());
        assert!(!folder.exists());
        let id = sqlite_id(&folder).unwrap();
        assert_eq!(peek_sqlite_id(&folder).unwrap(), id);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_file_without_an_id_is_named_in_the_error_and_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(FILE);
        std::fs::write(&path, "something else").unwrap();
        let error = sqlite_id(place.path()).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains("delete the file"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
    }
}
