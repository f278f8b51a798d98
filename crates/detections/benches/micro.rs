//! Times of reading data sets and of selecting from them.

use detections::{Dataset, ReadOptions, Selection, SourceTable};
use divan::{Bencher, black_box};
use jiff::civil::date;
use tempfile::TempDir;

/// Columns that a Camtrap DP package repeats of its source.
const COLUMNS: [&str; 4] = ["eventStart", "scientificName", "behavior", "observationComments"];

fn main() {
    divan::main();
}

/// Writes the survey of `make-survey`, in a folder that has to be kept.
fn write_survey() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    testkit::write_survey(folder.path(), 10_000).expect("a survey is written");
    folder
}

fn open(path: &std::path::Path) -> Dataset {
    detections::open(path, &ReadOptions::default()).expect("a data set that can be read")
}

#[divan::bench(name = "survey of 10,000 observations, opened", sample_count = 20)]
fn open_survey(bencher: Bencher) {
    let folder = write_survey();
    bencher.bench(|| open(black_box(folder.path())));
}

#[divan::bench(name = "ZIP of Algar, opened", sample_count = 20)]
fn open_algar(bencher: Bencher) {
    let path = testkit::examples().join("algar.zip");
    bencher.bench(|| open(black_box(&path)));
}

#[divan::bench(name = "549 rows of a table, read")]
fn read_rows(bencher: Bencher) {
    let data = open(&testkit::examples().join("camtrap-dp"));
    assert_eq!(data.observations.len(), 549);
    bencher.bench(|| {
        let mut cells = 0;
        let count = |_, row: &[&str]| cells += black_box(row).len();
        data.read_source_rows(SourceTable::Observations, &COLUMNS, count).expect("a table");
        cells
    });
}

#[divan::bench(name = "filter applied to 10,000 detections")]
fn select(bencher: Bencher) {
    let folder = write_survey();
    let data = open(folder.path());
    let selection = Selection {
        start: Some(date(2023, 9, 15)),
        end: Some(date(2023, 10, 31)),
        classes: vec!["doe".into(), "raccoon".into()],
        locations: vec!["Ridge 0".into()],
        min_confidence: Some(0.7),
        ..Selection::default()
    };
    assert!(!data.select(&selection).expect("names of the survey").is_empty());
    bencher.bench(|| data.select(black_box(&selection)));
}
