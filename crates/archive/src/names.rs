//! Names of entries, made of ids that may be any text.

use std::collections::HashSet;
use std::fmt::Write;

/// Longer names cannot be unpacked on every system.
const MAX_BYTES: usize = 160;

/// Names that an archive has given already, in small letters: many systems do not tell
/// `a.jpg` from `A.jpg`.
#[derive(Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// The name of a detection's crop. No two detections of one archive get the same.
    pub fn crop(&mut self, id: &str) -> String {
        let plain = plain(id);
        let mut name = format!("crops/detection_{plain}.jpg");
        let mut number = 2;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("crops/detection_{plain}~{number}.jpg");
            number += 1;
        }
        name
    }
}

/// `id` with every character that a file system could take amiss written as `%` and its bytes.
fn plain(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for letter in id.chars() {
        let start = out.len();
        if letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.') {
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
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leads_out_of_its_folder() {
        let mut names = Names::default();
        assert_eq!(names.crop("705e6036"), "crops/detection_705e6036.jpg");
        assert_eq!(names.crop("../../x"), "crops/detection_..%2F..%2Fx.jpg");
        assert_eq!(names.crop("a\\b:c"), "crops/detection_a%5Cb%3Ac.jpg");
        assert_eq!(names.crop("лось 1"), "crops/detection_лось%201.jpg");
    }

    #[test]
    fn different_ids_have_different_names() {
        let mut names = Names::default();
        let long = "x".repeat(500);
        let ids = ["a", "A", "a%20", "a ", &long, &format!("{long}y")];
        let given: HashSet<String> = ids.iter().map(|id| names.crop(id).to_lowercase()).collect();
        assert_eq!(given.len(), ids.len());
        assert!(given.iter().all(|name| name.len() < 200));
    }
}
