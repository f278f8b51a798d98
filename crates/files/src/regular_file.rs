//! Files in folders that other users may write to: only regular files are opened and removed, and no link is
//! followed.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

/// Without NONBLOCK, opening a pipe blocks until another process opens its other end.
const BASE_FLAGS: OFlags = OFlags::NONBLOCK.union(OFlags::CLOEXEC);

/// Opens a file for reading. A link, pipe or device under its name is refused.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    open_regular(path, OFlags::RDONLY)
}

/// Opens a file for reading and writing, and creates it if it is missing. A link, pipe or device under its
/// name is refused.
pub fn open_to_write(path: &Path) -> io::Result<File> {
    open_regular(path, OFlags::RDWR | OFlags::CREATE)
}

/// Opens an existing file for reading and writing. A pipe or device under its name is refused, and a link is
/// followed.
pub fn open_existing(path: &Path) -> io::Result<File> {
    check_regular(File::from(open(path, OFlags::RDWR | BASE_FLAGS, Mode::empty())?))
}

fn open_regular(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | BASE_FLAGS;
    check_regular(File::from(open(path, flags, Mode::from_raw_mode(0o666))?))
}

fn check_regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file"))
    }
}

/// Creates a new file for writing. A link under its name is not followed.
pub fn create_to_write(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

/// Removes a regular file, and returns whether there was one. Anything else stays.
pub fn remove_regular(path: &Path) -> io::Result<bool> {
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Err(error) if !is_missing(&error) => return Err(error),
        _ => return Ok(false),
    }
    match std::fs::remove_file(path) {
        Err(error) if is_missing(&error) => Ok(false),
        removed => removed.map(|()| true),
    }
}

/// Renames a file. If the new name is taken, this fails with [`io::ErrorKind::AlreadyExists`].
pub fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no hard links, such as FAT and some network folders.
        Err(_) if std::fs::symlink_metadata(to).is_err() => std::fs::rename(from, to),
        Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_neither_followed_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("target"), "kept").unwrap();
        symlink(path("target"), path("link")).unwrap();
        symlink(path("nothing"), path("dangling")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        assert!(open_to_read(&path("target")).is_ok() && open_to_write(&path("new")).is_ok());
        for name in ["link", "dangling", "folder"] {
            assert!(open_to_read(&path(name)).is_err(), "{name}");
            assert!(open_to_write(&path(name)).is_err(), "{name}");
            assert!(create_to_write(&path(name)).is_err(), "{name}");
            assert!(!remove_regular(&path(name)).unwrap(), "{name}");
            assert!(path(name).symlink_metadata().is_ok(), "{name}");
        }
        assert!(!path("nothing").exists());
        assert!(open_existing(&path("link")).is_ok() && open_existing(&path("dangling")).is_err());
        assert_eq!(std::fs::read_to_string(path("target")).unwrap(), "kept");
        assert!(remove_regular(&path("target")).unwrap() && !remove_regular(&path("target")).unwrap());
    }

    #[test]
    fn renaming_replaces_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        std::fs::write(&from, "new").unwrap();
        std::fs::write(&to, "old").unwrap();
        let error = rename_without_replacing(&from, &to).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "old");
        std::fs::remove_file(&to).unwrap();
        rename_without_replacing(&from, &to).unwrap();
        assert_eq!((std::fs::read_to_string(&to).unwrap().as_str(), from.exists()), ("new", false));
    }
}
