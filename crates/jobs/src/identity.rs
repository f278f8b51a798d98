//! Which store a process uses, in a form that can be written down and compared.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use uuid::Uuid;

/// The file in a SQLite store's folder that holds the store's id.
const FILE: &str = "store-id";

/// Which store it is, among all stores. Holds no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreIdentity {
    /// The same for every process that uses the store, and for no other store.
    pub id: String,
    /// The store as people know it.
    pub description: String,
}

/// The id of the SQLite store in `folder`, which is chosen at random the first time.
///
/// The path alone is no identity: two machines may have the same one, and a store that is moved, or is
/// mounted elsewhere in a container, stays the same store. A copy is another store, and would take the
/// files of the first for files that nobody wants: it is known by its path and its inode, which are
/// both others than those that are noted, and gets an id of its own.
pub(crate) fn sqlite_id(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let here = Origin::of(folder)?;
    let kept = read_id(folder)?;
    let id = choose_id(kept.as_ref(), &here);
    if kept != Some((id.clone(), Some(here.clone()))) {
        write_id(folder, &id, &here)?;
    }
    Ok(id)
}

/// The id that the store in `folder` has, or one that it could get. Nothing is made or noted.
pub(crate) fn peek_sqlite_id(folder: &Path) -> io::Result<String> {
    match read_id(folder)? {
        Some(kept) => Ok(choose_id(Some(&kept), &Origin::of(folder)?)),
        None => Ok(Uuid::new_v4().to_string()),
    }
}

/// The id that is noted, unless it is that of a store of which this one is a copy.
fn choose_id(kept: Option<&(String, Option<Origin>)>, here: &Origin) -> String {
    match kept {
        Some((id, origin)) if origin.as_ref().is_none_or(|origin| origin.may_be(here)) => id.clone(),
        _ => Uuid::new_v4().to_string(),
    }
}

/// Where a store was when its id was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    path: String,
    inode: u64,
}

impl Origin {
    fn of(folder: &Path) -> io::Result<Self> {
        let real = folder.canonicalize()?;
        let inode = std::fs::metadata(&real)?.ino();
        // A line holds it.
        Ok(Self { path: real.display().to_string().replace(char::is_control, "?"), inode })
    }

    /// Whether a store from there may be the one that is here: it was moved or restored, not copied.
    fn may_be(&self, here: &Self) -> bool {
        self.path == here.path || self.inode == here.inode
    }
}

/// The id that is noted, and where the store was then: an id, an inode and a path, a line each.
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
            format!("{} does not hold the id of a store; delete the file to get a new one", path.display()),
        )),
    }
}

/// Notes an id: nobody ever sees half of it. The store is for one process, so nobody else does the same.
fn write_id(folder: &Path, id: &str, origin: &Origin) -> io::Result<()> {
    let temporary = folder.join(format!("{FILE}-{}", Uuid::new_v4()));
    let written = File::create_new(&temporary).and_then(|mut file| {
        write!(file, "{id}\n{}\n{}\n", origin.inode, origin.path)?;
        file.sync_all()?;
        std::fs::rename(&temporary, folder.join(FILE))
    });
    if written.is_err() {
        // It is of no use to anybody.
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
        // Brought back from a backup, to where it was.
        let note = std::fs::read(first.join(FILE)).unwrap();
        std::fs::rename(&first, place.path().join("old")).unwrap();
        std::fs::create_dir(&first).unwrap();
        std::fs::write(first.join(FILE), note).unwrap();
        assert_eq!(sqlite_id(&first).unwrap(), id);
    }

    #[test]
    fn an_id_can_be_read_without_a_trace() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("jobs");
        assert_ne!(peek_sqlite_id(&folder).unwrap(), peek_sqlite_id(&folder).unwrap());
        assert!(!folder.exists());
        let id = sqlite_id(&folder).unwrap();
        assert_eq!(peek_sqlite_id(&folder).unwrap(), id);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_holds_no_id_is_named_and_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(FILE);
        std::fs::write(&path, "something else").unwrap();
        let error = sqlite_id(place.path()).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains("delete the file"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
    }
}
