//! Paths of pictures in results: relative to a folder, or absolute paths on the machine that the detector
//! ran on.

use crate::media::is_remote;

/// Writes a path with `/` between its folders; an address stays as it is.
pub(super) fn normalize_path(path: &str) -> String {
    if is_remote(path) { path.to_owned() } else { split_path(path).join("/") }
}

/// A form that is equal for all ways to write the path of a file.
pub(super) fn identify_path(path: &str) -> String {
    let start = if path.starts_with(['/', '\\']) { "/" } else { "" };
    format!("{start}{}", normalize_path(path))
}

/// Splits a path into the names of its folders and file. A drive counts as a folder, a leading slash does
/// not.
pub(super) fn split_path(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect()
}

/// The folder that stands for the camera: the folder of the picture, without those that cameras create
/// themselves (`DCIM/100RECNX`, Design rule for Camera File system).
pub(super) fn find_camera_folder(path: &str) -> String {
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

    #[test]
    fn one_file_has_one_identity() {
        for (path, identity_of_path) in [
            ("./north//a.jpg", "north/a.jpg"),
            ("north\\a.jpg", "north/a.jpg"),
            ("/north/a.jpg", "/north/a.jpg"),
            ("D:\\a.jpg", "D:/a.jpg"),
            ("", ""),
        ] {
            assert_eq!(identify_path(path), identity_of_path, "{path}");
        }
    }

    #[test]
    fn folders_that_cameras_make_are_not_places() {
        assert_eq!(find_camera_folder("north/DCIM/100RECNX/IMG_1.JPG"), "north");
        assert_eq!(find_camera_folder("north/101EK113/IMG_1.JPG"), "north");
        assert_eq!(find_camera_folder("north/201-spri/a.jpg"), "north/201-spri");
        assert_eq!(find_camera_folder("a.jpg"), "");
    }
}
