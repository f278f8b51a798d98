//! Paths of pictures as detectors write them: relative to a folder, or whole paths of the machine
//! that they ran on.

use std::cmp::Reverse;

use super::survey::Survey;
use crate::media::is_remote;
use crate::media_files::MediaFiles;

/// Cuts off what comes before the folder of the pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Root {
    /// Folders to leave out at the start.
    skipped: usize,
}

impl Root {
    /// Found out by where the files of the first paths lie, else of those from all over the results.
    /// Without files nothing is cut off: that would be a guess, and two cameras may have pictures of the
    /// same name. So nothing is cut off either that makes two paths of the results the same.
    pub fn of(survey: &Survey, files: &MediaFiles) -> Self {
        let skipped =
            [&survey.first, &survey.spread].into_iter().find_map(|paths| most_found(paths, survey, files));
        Self { skipped: skipped.unwrap_or(0) }
    }

    /// The path in the folder of pictures.
    pub fn within(self, path: &str) -> String {
        let parts = parts(path);
        match parts.get(self.skipped..) {
            Some(within) if !is_remote(path) && !within.is_empty() => within.join("/"),
            _ => whole_path(path),
        }
    }
}

/// How many folders have to be left out for most of the files to be found; nothing when none is.
fn most_found(paths: &[String], survey: &Survey, files: &MediaFiles) -> Option<usize> {
    let paths: Vec<Vec<&str>> = paths.iter().map(|path| parts(path)).collect();
    let deepest = paths.iter().map(Vec::len).max().unwrap_or(0);
    let found = |skipped: usize| {
        let exists = |path: &&Vec<&str>| path.len() > skipped && files.has(&path[skipped..].join("/"));
        paths.iter().filter(exists).count()
    };
    let possible = (0..deepest).filter(|skipped| survey.may_skip(*skipped));
    let counts = possible.map(|skipped| (found(skipped), Reverse(skipped)));
    counts.max().filter(|(found, _)| *found > 0).map(|(_, Reverse(skipped))| skipped)
}

/// The whole of a path, with `/` between its folders; an address stays as it is.
pub(super) fn whole_path(path: &str) -> String {
    if is_remote(path) { path.to_owned() } else { parts(path).join("/") }
}

/// What two paths have in common that lead to the same file, whatever way they are written.
pub(super) fn identity_of(path: &str) -> String {
    let start = if path.starts_with(['/', '\\']) { "/" } else { "" };
    format!("{start}{}", whole_path(path))
}

/// The names in a path, its drive among them; of a first slash nothing is left.
pub(super) fn parts(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect()
}

/// The folder that stands for the camera: that of the picture, without those that cameras make by
/// themselves (`DCIM/100RECNX`, after the Design rule for Camera File system).
pub(super) fn camera_of(path: &str) -> String {
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
    use serde_json::json;

    use super::super::results::List;
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
        let mut survey = Survey::default();
        for path in paths {
            survey.look_at(List::Images, &json!({"file": path}));
        }
        let media = MediaFiles::new(Container::folder(folder.path()).unwrap(), None, &ReadOptions::default());
        (Root::of(&survey, &media), folder)
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
            assert_eq!(root.within(paths[0]), within, "{files:?}");
        }
        let (root, _folder) = root(&["D:\\traps\\north\\a.jpg"], &["north/a.jpg"]);
        assert_eq!(root.within("D:\\traps\\north\\b.jpg"), "north/b.jpg");
    }

    #[test]
    fn pictures_are_found_by_paths_from_all_over_the_results() {
        let paths: Vec<String> = (0..5000).map(|n| format!("/mnt/run7/CamA/{n}.jpg")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (root, _folder) = root(&paths, &["CamA/4096.jpg"]);
        assert_eq!(root.within(paths[0]), "CamA/0.jpg");
    }

    #[test]
    fn no_folder_is_cut_off_that_tells_two_pictures_apart() {
        let (root, _folder) = root(&["/m/camA/1.jpg", "/m/camB/1.jpg"], &["1.jpg"]);
        assert_eq!(root.within("/m/camA/1.jpg"), "m/camA/1.jpg");
        // The pictures of cameras far apart in the results count as well.
        let paths: Vec<String> = ["A", "B"]
            .iter()
            .flat_map(|camera| (0..999).map(move |n| format!("/m/{camera}/{n}.jpg")))
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (root, _folder) = self::root(&paths, &["0.jpg"]);
        assert_eq!(root.within(paths[0]), "m/A/0.jpg");
    }

    #[test]
    fn no_folder_is_cut_off_when_no_file_is_found() {
        let paths = ["/mnt/gpu/run7/CamA/1.jpg", "/mnt/gpu/run7/CamB/1.jpg", "D:\\CamA\\1.jpg"];
        let (root, _folder) = root(&paths, &[]);
        let within = paths.map(|path| root.within(path));
        assert_eq!(within, ["mnt/gpu/run7/CamA/1.jpg", "mnt/gpu/run7/CamB/1.jpg", "D:/CamA/1.jpg"]);
    }

    #[test]
    fn a_relative_path_stays_as_it_is() {
        let (root, _folder) = root(&["north/a.jpg", "north/b.jpg"], &[]);
        assert_eq!(root.within("./north/a.jpg"), "north/a.jpg");
        assert_eq!(root.within("../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn an_address_and_a_path_of_fewer_folders_are_not_cut() {
        let (root, _folder) = root(&["/home/ann/north/a.jpg"], &["north/a.jpg"]);
        for path in ["https://example.org/north/a.jpg", "a.jpg", "b/a.jpg"] {
            assert_eq!(root.within(path), path);
        }
    }

    #[test]
    fn one_file_has_one_identity() {
        for (path, identity_of_path) in [
            ("./north//a.jpg", "north/a.jpg"),
            ("north\\a.jpg", "north/a.jpg"),
            ("/north/a.jpg", "/north/a.jpg"),
            ("D:\\a.jpg", "D:/a.jpg"),
            ("", ""),
        ] {
            assert_eq!(identity_of(path), identity_of_path, "{path}");
        }
    }

    #[test]
    fn folders_that_cameras_make_are_not_places() {
        assert_eq!(camera_of("north/DCIM/100RECNX/IMG_1.JPG"), "north");
        assert_eq!(camera_of("north/101EK113/IMG_1.JPG"), "north");
        assert_eq!(camera_of("north/201-spri/a.jpg"), "north/201-spri");
        assert_eq!(camera_of("a.jpg"), "");
    }
}
