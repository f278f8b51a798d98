//! Finding the pictures of results that were written on another machine.

use std::cmp::Reverse;

use super::first_pass::FirstPass;
use super::paths::{normalize_path, split_path};
use crate::media::is_remote;
use crate::media_files::MediaFiles;

/// Removes the folders of another machine from the start of paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Root {
    /// The number of folders to remove.
    skipped: usize,
}

impl Root {
    /// Finds how many folders to remove so that the first paths lead to files, else the paths from the
    /// whole file. Nothing is removed if no file is found, or if two paths would become the same: two cameras
    /// may have pictures of the same name.
    pub fn find(first_pass: &FirstPass, files: &MediaFiles) -> Self {
        let skipped = [&first_pass.first_paths, &first_pass.spread_paths]
            .into_iter()
            .find_map(|paths| find_best_cut(paths, first_pass, files));
        Self { skipped: skipped.unwrap_or(0) }
    }

    /// The path below the folder of pictures.
    pub fn resolve(self, path: &str) -> String {
        let parts = split_path(path);
        match parts.get(self.skipped..) {
            Some(within) if !is_remote(path) && !within.is_empty() => within.join("/"),
            _ => normalize_path(path),
        }
    }
}

/// The number of removed folders with which most files are found; `None` if none is found.
fn find_best_cut(paths: &[String], first_pass: &FirstPass, files: &MediaFiles) -> Option<usize> {
    let paths: Vec<Vec<&str>> = paths.iter().map(|path| split_path(path)).collect();
    let deepest = paths.iter().map(Vec::len).max().unwrap_or(0);
    let found = |skipped: usize| {
        let exists = |path: &&Vec<&str>| path.len() > skipped && files.has_file(&path[skipped..].join("/"));
        paths.iter().filter(exists).count()
    };
    let possible = (0..deepest).filter(|skipped| first_pass.may_skip(*skipped));
    let counts = possible.map(|skipped| (found(skipped), Reverse(skipped)));
    counts.max().filter(|(found, _)| *found > 0).map(|(_, Reverse(skipped))| skipped)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::image_list::ImageList;
    use super::*;
    use crate::container::Container;
    use crate::options::ReadOptions;

    fn root(paths: &[&str], files: &[&str]) -> (Root, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let mut first_pass = FirstPass::default();
        for path in paths {
            first_pass.scan_item(ImageList::Images, &json!({"file": path}));
        }
        let media = MediaFiles::new(Container::folder(folder.path()).unwrap(), None, &ReadOptions::default());
        (Root::find(&first_pass, &media), folder)
    }

    #[test]
    fn pictures_are_found_wherever_their_folder_has_gone() {
        let paths = ["/home/ann/survey/north/a.jpg", "/home/ann/survey/south/b.jpg"];
        for (files, within) in [
            (vec!["survey/north/a.jpg"], "survey/north/a.jpg"),
            (vec!["south/b.jpg"], "north/a.jpg"),
            (vec!["a.jpg"], "a.jpg"),
            // One of the same name at the top is not what the others are below.
            (vec!["b.jpg", "north/a.jpg", "south/b.jpg"], "north/a.jpg"),
        ] {
            let (root, _folder) = root(&paths, &files);
            assert_eq!(root.resolve(paths[0]), within, "{files:?}");
        }
        let (root, _folder) = root(&["D:\\traps\\north\\a.jpg"], &["north/a.jpg"]);
        assert_eq!(root.resolve("D:\\traps\\north\\b.jpg"), "north/b.jpg");
    }

    #[test]
    fn pictures_are_found_by_paths_from_all_over_the_results() {
        let paths: Vec<String> = (0..5000).map(|n| format!("/mnt/run7/CamA/{n}.jpg")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (root, _folder) = root(&paths, &["CamA/4096.jpg"]);
        assert_eq!(root.resolve(paths[0]), "CamA/0.jpg");
    }

    #[test]
    fn no_folder_is_cut_off_that_tells_two_pictures_apart() {
        let (root, _folder) = root(&["/m/camA/1.jpg", "/m/camB/1.jpg"], &["1.jpg"]);
        assert_eq!(root.resolve("/m/camA/1.jpg"), "m/camA/1.jpg");
        // The pictures of cameras far apart in the results count as well.
        let paths: Vec<String> = ["A", "B"]
            .iter()
            .flat_map(|camera| (0..999).map(move |n| format!("/m/{camera}/{n}.jpg")))
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (root, _folder) = self::root(&paths, &["0.jpg"]);
        assert_eq!(root.resolve(paths[0]), "m/A/0.jpg");
    }

    #[test]
    fn no_folder_is_cut_off_when_no_file_is_found() {
        let paths = ["/mnt/gpu/run7/CamA/1.jpg", "/mnt/gpu/run7/CamB/1.jpg", "D:\\CamA\\1.jpg"];
        let (root, _folder) = root(&paths, &[]);
        let within = paths.map(|path| root.resolve(path));
        assert_eq!(within, ["mnt/gpu/run7/CamA/1.jpg", "mnt/gpu/run7/CamB/1.jpg", "D:/CamA/1.jpg"]);
    }

    #[test]
    fn a_relative_path_stays_as_it_is() {
        let (root, _folder) = root(&["north/a.jpg", "north/b.jpg"], &[]);
        assert_eq!(root.resolve("./north/a.jpg"), "north/a.jpg");
        assert_eq!(root.resolve("../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn an_address_and_a_path_of_fewer_folders_are_not_cut() {
        let (root, _folder) = root(&["/home/ann/north/a.jpg"], &["north/a.jpg"]);
        for path in ["https://example.org/north/a.jpg", "a.jpg", "b/a.jpg"] {
            assert_eq!(root.resolve(path), path);
        }
    }
}
