//! Tests whether folders can be written to, without creating anything in them.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// Whether nothing exists at a path, not even a broken link.
pub fn is_missing(path: &Path) -> bool {
    // Nothing can exist below a file.
    let is_not_found =
        |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    std::fs::symlink_metadata(path).is_err_and(is_not_found)
}

/// Finds the folder, or if it is missing the nearest existing one above it. It must be writable.
pub fn find_writable(folder: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(folder)?;
    let nearest = whole.ancestors().find(|above| !is_missing(above)).unwrap_or(Path::new("/"));
    if !nearest.is_dir() {
        let reason = format!("{} is no folder", nearest.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, reason));
    }
    match access(nearest, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(nearest.to_owned()),
        Err(error) => {
            let error = io::Error::from(error);
            Err(io::Error::new(error.kind(), format!("{} cannot be written to ({error})", nearest.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_can_be_made_in_the_nearest_one_that_is_there() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b/c");
        assert_eq!(find_writable(&deep).unwrap(), place.path());
        assert_eq!(find_writable(place.path()).unwrap(), place.path());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
        std::fs::write(place.path().join("a"), "a file").unwrap();
        let error = find_writable(&deep).unwrap_err().to_string();
        assert!(error.ends_with("/a is no folder"), "{error}");
    }
}
