//! Instructions of reading data sets: unlike times, they do not depend on what else the machine does.
// The macros make public items, with paths that need no qualification.
#![allow(missing_docs, unused_qualifications)]

use std::hint::black_box;

use detections::{Dataset, ReadOptions, SourceTable};
use gungraun::{library_benchmark, library_benchmark_group, main};

/// Columns that a Camtrap DP package repeats of its source.
const COLUMNS: [&str; 4] = ["eventStart", "scientificName", "behavior", "observationComments"];

fn open_example() -> Dataset {
    let path = testkit::examples().join("camtrap-dp");
    detections::open(&path, &ReadOptions::default()).expect("the bundled example")
}

// Returns the data too, so that freeing them is not counted.
#[library_benchmark]
#[bench::example(open_example())]
fn read_rows_of_a_table(data: Dataset) -> (Dataset, usize) {
    let mut cells = 0;
    let count = |_, row: &[&str]| cells += black_box(row).len();
    data.read_source_rows(SourceTable::Observations, &COLUMNS, count).expect("a table");
    (data, cells)
}

library_benchmark_group!(name = hot_paths, benchmarks = [read_rows_of_a_table]);
main!(library_benchmark_groups = hot_paths);
