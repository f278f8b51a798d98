//! Names with accents have two Unicode forms: composed letters (Windows, Linux) and decomposed ones, with the
//! accent as a separate character (macOS). They look the same but differ in bytes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

/// The composed form of a text (NFC), in which both forms are equal.
pub(crate) fn compose(text: &str) -> String {
    compose_text(text).into_owned()
}

/// Like [`compose`], without a copy if the text has only one form.
pub(crate) fn compose_text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { text.nfc().collect::<String>().into() }
}

/// Both forms of a text, composed first.
fn list_forms(text: &str) -> [String; 2] {
    [compose(text), text.nfd().collect()]
}

/// Finds the path below `root` that differs from `path` only in the form of its accents. `path` itself was
/// looked for before.
///
/// Usually the whole path is in one form, so two lookups suffice. For a mixture the folders are listed.
pub(crate) fn find_path(root: &Path, path: &str) -> Option<PathBuf> {
    if path.is_ascii() {
        return None;
    }
    let whole = list_forms(path).into_iter().find(|form| form != path && root.join(form).exists());
    if let Some(form) = whole {
        return Some(form.into());
    }
    let mut found = PathBuf::new();
    for name in path.split('/') {
        let name = find_in_folder(&root.join(&found), name)?;
        found.push(name);
    }
    Some(found)
}

/// Finds a name in a folder, in any form.
fn find_in_folder(folder: &Path, name: &str) -> Option<String> {
    let is_there = |name: &str| folder.join(name).exists();
    if is_there(name) {
        return Some(name.to_owned());
    }
    if name.is_ascii() {
        return None;
    }
    if let Some(form) = list_forms(name).into_iter().find(|form| is_there(form)) {
        return Some(form);
    }
    let names =
        std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    find_among(names, name)
}

/// Finds the first of `names` that is another form of `name`. `is_there` is a faster lookup for a single
/// name.
pub(crate) fn find_name(
    name: &str,
    is_there: impl Fn(&str) -> bool,
    names: impl Iterator<Item = String>,
) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let form = list_forms(name).into_iter().find(|form| form != name && is_there(form));
    form.or_else(|| find_among(names, name))
}

fn find_among(mut names: impl Iterator<Item = String>, name: &str) -> Option<String> {
    let wanted = compose(name);
    names.find(|other| !other.is_ascii() && compose(other) == wanted)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use proptest::prelude::*;

    use super::*;
    use crate::container::Container;

    /// Letters in all forms that they have: composed, decomposed, and two that have a sign of their own.
    const LETTERS: [&str; 12] = [
        "a",
        "_",
        "1",
        "é",
        "e\u{301}",
        "Å",
        "\u{212b}",
        "ñ",
        "n\u{303}",
        "ế",
        "e\u{302}\u{301}",
        "か\u{3099}",
    ];

    fn names() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(LETTERS.to_vec()), 1..6)
            .prop_map(|letters| format!("x{}", letters.concat()))
    }

    fn read(container: &Container, path: &str) -> Option<String> {
        let mut text = String::new();
        container.open(path).ok()?.read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn folder(path: &str) -> (tempfile::TempDir, Container) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, path).unwrap();
        let container = Container::folder(folder.path()).unwrap();
        (folder, container)
    }

    fn archive(path: &str) -> (tempfile::TempDir, Container) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pictures.zip");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&file).unwrap());
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(path.as_bytes()).unwrap();
        zip.finish().unwrap();
        let container = Container::zip(&file).unwrap();
        (folder, container)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_name_is_found_in_every_form_of_its_accents(folder_name in names(), file_name in names()) {
            let path = format!("{folder_name}/{file_name}.jpg");
            for (_folder, container) in [folder(&path), archive(&path)] {
                for form in list_forms(&path) {
                    prop_assert_eq!(read(&container, &form), Some(path.clone()));
                }
                prop_assert_eq!(read(&container, &path), Some(path.clone()));
            }
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_not_found_in_any_form() {
        for (_folder, container) in [folder("cámara/a.jpg"), archive("cámara/a.jpg")] {
            for path in ["camara/a.jpg", "cámara/b.jpg", "cámara", "càmara/a.jpg", "ca\u{301}mara/b.jpg"] {
                assert_eq!(read(&container, path), None, "{path}");
            }
        }
    }

    #[test]
    fn of_two_files_that_look_the_same_each_is_read_by_its_own_name() {
        let (root, container) = folder("é.jpg");
        std::fs::write(root.path().join("e\u{301}.jpg"), "decomposed").unwrap();
        assert_eq!(read(&container, "é.jpg").as_deref(), Some("é.jpg"));
        assert_eq!(read(&container, "e\u{301}.jpg").as_deref(), Some("decomposed"));
    }
}
