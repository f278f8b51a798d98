//! Which store a process uses, in a form that can be written down and compared.

use std::fs::File;
use std::io::{self, Write};
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
/// The path is no identity: two machines may have the same one, and a store that is moved, or is
/// mounted elsewhere in a container, stays the same store.
pub(crate) fn sqlite_id(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    if let Some(id) = read_id(folder)? {
        return Ok(id);
    }
    let temporary = folder.join(format!("{FILE}-{}", Uuid::new_v4()));
    let created = create_id(&temporary, &folder.join(FILE));
    // It is there when `create_id` failed, or when it linked the file.
    let _ = std::fs::remove_file(&temporary);
    created?;
    read_id(folder)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn read_id(folder: &Path) -> io::Result<Option<String>> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    match Uuid::parse_str(text.trim()) {
        Ok(id) => Ok(Some(id.to_string())),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} does not hold the id of a store; delete the file to get a new one", path.display()),
        )),
    }
}

/// Writes a new id to `temporary` and gives that the name `path`, unless there is one already: of
/// two processes that do so at once, both use the id of the first.
fn create_id(temporary: &Path, path: &Path) -> io::Result<()> {
    let mut file = File::create_new(temporary)?;
    writeln!(file, "{}", Uuid::new_v4())?;
    file.sync_all()?;
    match std::fs::hard_link(temporary, path) {
        // Not every file system has links. The store is for one process anyway.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => std::fs::rename(temporary, path),
        _ => Ok(()),
    }
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
    fn a_file_that_holds_no_id_is_named_and_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(FILE);
        std::fs::write(&path, "something else").unwrap();
        let error = sqlite_id(place.path()).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains("delete the file"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
    }
}
