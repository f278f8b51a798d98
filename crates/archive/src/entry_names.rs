//! Making the names of entries from ids and file names, which may be any text.

use std::collections::HashSet;
use std::fmt::Write;

use unicode_normalization::UnicodeNormalization;

/// Longer names cannot be unpacked on every system.
const MAX_BYTES: usize = 160;

/// The names in an archive, folded as on the least discriminating file systems.
#[derive(Default)]
pub(crate) struct EntryNames(HashSet<String>);

impl EntryNames {
    /// Makes the name `{start}{text}.{ending}`, where `start` may include a folder. Names in one archive
    /// differ even on systems that do not distinguish `a.jpg` from `A.jpg`, or the forms of accents.
    pub fn make_unique(&mut self, start: &str, text: &str, ending: &str) -> String {
        let plain = escape_name(text);
        let mut name = format!("{start}{plain}.{ending}");
        let mut number = 2;
        while !self.0.insert(fold_name(&name)) {
            name = format!("{start}{plain}~{number}.{ending}");
            number += 1;
        }
        name
    }
}

/// The name without case, accents composed, and compatible letters unified.
fn fold_name(name: &str) -> String {
    name.nfkc().collect::<String>().to_uppercase().to_lowercase().nfkc().collect()
}

/// Replaces every character that a file system may reject by `%` and its bytes.
fn escape_name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let start = out.len();
        // A leading dot hides a file, and two dots may lead out of a folder.
        let lone_dot = letter == '.' && !out.is_empty() && !out.ends_with('.');
        if letter.is_alphanumeric() || matches!(letter, '-' | '_') || lone_dot {
            out.push(letter);
        } else {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                write!(out, "%{byte:02X}").expect("writing to a string");
            }
        }
        if out.len() > MAX_BYTES {
            out.truncate(start);
            break;
        }
    }
    match out.strip_suffix('.') {
        Some(rest) => format!("{rest}%2E"),
        None if out.is_empty() => "unnamed".into(),
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop(names: &mut EntryNames, id: &str) -> String {
        names.make_unique("crops/detection_", id, "jpg")
    }

    #[test]
    fn no_id_leads_out_of_its_folder() {
        let mut names = EntryNames::default();
        assert_eq!(crop(&mut names, "705e6036"), "crops/detection_705e6036.jpg");
        assert_eq!(crop(&mut names, "../../x"), "crops/detection_%2E.%2F.%2E%2Fx.jpg");
        assert_eq!(crop(&mut names, "a..b."), "crops/detection_a.%2Eb%2E.jpg");
        assert_eq!(crop(&mut names, "a\\b:c"), "crops/detection_a%5Cb%3Ac.jpg");
        assert_eq!(crop(&mut names, "лось 1"), "crops/detection_лось%201.jpg");
        assert_eq!(names.make_unique("media/", "", "png"), "media/unnamed.png");
    }

    #[test]
    fn different_ids_have_different_names() {
        let mut names = EntryNames::default();
        let long = "x".repeat(500);
        let ids = [
            "a",
            "A",
            "a%20",
            "a ",
            &long,
            &format!("{long}y"),
            "é",
            "e\u{301}",
            "É",
            "ß",
            "SS",
            "ﬁ",
            "fi",
            "K",
            "\u{212A}",
            "한",
            "\u{1112}\u{1161}\u{11AB}",
            "a\u{200B}",
            "a\u{202E}",
        ];
        let given: HashSet<String> = ids.iter().map(|id| fold_name(&crop(&mut names, id))).collect();
        assert_eq!(given.len(), ids.len());
        assert!(given.iter().all(|name| name.len() < 200));
    }

    proptest::proptest! {
        #[test]
        fn names_are_legal_and_distinct_for_any_text(ids in proptest::collection::hash_set(".{0,40}", 1..20)) {
            let mut names = EntryNames::default();
            let given: Vec<String> = ids.iter().map(|id| names.make_unique("media/", id, "jpg")).collect();
            let distinct: HashSet<String> = given.iter().map(|name| fold_name(name)).collect();
            assert_eq!(distinct.len(), ids.len());
            for name in given {
                let file = name.strip_prefix("media/").unwrap();
                assert!(!file.contains("..") && !file.starts_with('.'), "{file}");
                assert!(!file.chars().any(|c| c.is_control() || "/\\:*?\"<>|".contains(c)), "{file}");
            }
        }
    }
}
