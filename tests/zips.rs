//! What is in an archive that was made.

use std::io::{Cursor, Read};

use serde_json::Value;
use zip::ZipArchive;

/// The names of the entries, in their order.
pub fn names_in(bytes: &[u8]) -> Vec<String> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len()).map(|at| zip.by_index(at).unwrap().name().unwrap().into_owned()).collect()
}

/// The text of an entry.
pub fn entry_of(bytes: &[u8], name: &str) -> String {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

pub fn manifest_of(bytes: &[u8]) -> Value {
    serde_json::from_str(&entry_of(bytes, "manifest.json")).unwrap()
}
