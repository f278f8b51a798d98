//! Data as the field's programs write them, and the numbers that are right for them.

mod camtrap_dp;
mod wildlife_insights;

use std::collections::BTreeMap;

use detections::{Dataset, ReadOptions};
use report::ReportData;
use tempfile::TempDir;

use crate::tools::{compute, seasonal};

/// Small tables of which much is lost are read all the same.
pub fn all_rows() -> ReadOptions {
    ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() }
}

/// A folder with these files.
fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A table out of a header and rows.
fn table(header: &str, rows: &[impl AsRef<str>]) -> String {
    let lines = std::iter::once(header).chain(rows.iter().map(AsRef::as_ref));
    lines.map(|line| format!("{line}\n")).collect()
}

fn problems_of(data: &Dataset) -> Vec<String> {
    data.problems.list().iter().map(ToString::to_string).collect()
}

fn open(folder: &TempDir, options: &ReadOptions) -> Dataset {
    detections::open(folder.path(), options).unwrap()
}

fn report_on(data: &Dataset, from: &str, to: &str) -> ReportData {
    compute(data, &seasonal(from, to))
}

/// Events of each class.
fn events(numbers: &ReportData) -> BTreeMap<&str, usize> {
    numbers.classes.iter().map(|row| (row.classification.as_str(), row.events)).collect()
}

fn has_note(numbers: &ReportData, parts: &[&str]) -> bool {
    numbers.data_notes.iter().any(|note| parts.iter().all(|part| note.contains(part)))
}
