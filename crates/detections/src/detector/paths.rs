//! Paths of pictures as detectors write them: relative to a folder, or whole paths of the machine
//! that they ran on.

use crate::media_files::MediaFiles;

/// Cuts off what comes before the folder of the pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Root {
    /// Folders to leave out at the start.
    skipped: usize,
}

/// How many paths are tried to find out.
pub(super) const TRIED: usize = 20;

impl Root {
    /// Found out by where the files of the first paths lie. Without files it is taken to be the
    /// folder that they all lie in.
    pub fn of(paths: &[String], files: &MediaFiles) -> Self {
        let parts: Vec<Vec<&str>> = paths.iter().take(TRIED).map(|path| parts(path)).collect();
        let deepest = parts.iter().map(Vec::len).max().unwrap_or(0);
        for skipped in 0..deepest {
            let exists = |parts: &Vec<&str>| parts.len() > skipped && files.has(&parts[skipped..].join("/"));
            if parts.iter().any(exists) {
                return Self { skipped };
            }
        }
        let whole = paths.iter().any(|path| is_whole(path));
        Self { skipped: if whole { common(&parts) } else { 0 } }
    }

    /// The path in the folder of pictures.
    pub fn within(&self, path: &str) -> String {
        let parts = parts(path);
        parts[self.skipped.min(parts.len().saturating_sub(1))..].join("/")
    }
}

/// The names in a path; of a drive letter or a first slash nothing is left.
fn parts(path: &str) -> Vec<&str> {
    let parts = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
    parts.skip_while(|part| part.ends_with(':')).collect()
}

fn is_whole(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':')
}

/// How many folders all of them have in common.
fn common(paths: &[Vec<&str>]) -> usize {
    let Some(first) = paths.first() else { return 0 };
    let shared = |at: usize| paths.iter().all(|path| path.len() > at + 1 && path[at] == first[at]);
    (0..first.len()).take_while(|at| shared(*at)).count()
}

/// The folder that stands for the camera: that of the picture, without those that cameras make by
/// themselves (`DCIM/100RECNX`, after the Design rule for Camera File system).
pub(super) fn camera(path: &str) -> String {
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    while folders.last().is_some_and(|folder| is_made_by_camera(folder)) {
        folders.pop();
    }
    folders.join("/")
}

fn is_made_by_camera(folder: &str) -> bool {
    let made = folder.len() == 8
        && folder.bytes().take(3).all(|byte| byte.is_ascii_digit())
        && folder.bytes().skip(3).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    folder.eq_ignore_ascii_case("DCIM") || made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Container;
    use crate::source::ReadOptions;

    fn root(paths: &[&str], files: &[&str]) -> (Root, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let media = MediaFiles::new(Container::folder(folder.path()).unwrap(), None, &ReadOptions::default());
        (Root::of(&paths, &media), folder)
    }

    #[test]
    fn pictures_are_found_wherever_their_folder_has_gone() {
        let paths = ["/home/ann/survey/north/a.jpg", "/home/ann/survey/south/b.jpg"];
        for (files, within) in [
            (vec!["survey/north/a.jpg"], "survey/north/a.jpg"),
            (vec!["south/b.jpg"], "north/a.jpg"),
            (vec!["a.jpg"], "a.jpg"),
            (vec![], "north/a.jpg"),
        ] {
            let (root, _folder) = root(&paths, &files);
            assert_eq!(root.within(paths[0]), within, "{files:?}");
        }
        let (root, _folder) = root(&["D:\\traps\\north\\a.jpg"], &["north/a.jpg"]);
        assert_eq!(root.within("D:\\traps\\north\\b.jpg"), "north/b.jpg");
    }

    #[test]
    fn a_relative_path_stays_as_it_is() {
        let (root, _folder) = root(&["north/a.jpg", "north/b.jpg"], &[]);
        assert_eq!(root.within("./north/a.jpg"), "north/a.jpg");
        assert_eq!(root.within("../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn folders_that_cameras_make_are_not_places() {
        assert_eq!(camera("north/DCIM/100RECNX/IMG_1.JPG"), "north");
        assert_eq!(camera("north/101EK113/IMG_1.JPG"), "north");
        assert_eq!(camera("north/201-spri/a.jpg"), "north/201-spri");
        assert_eq!(camera("a.jpg"), "");
    }
}
