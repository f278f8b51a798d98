//! Instructions of the hot paths of the server: unlike times, they do not depend on what else the machine does.
// The macros make public items, with paths that need no qualification.
#![allow(missing_docs, unused_qualifications)]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use jobs::{JobId, JobRecord};

/// The record of an archive of the bundled example, as a server wrote it to Redis.
const RECORD: &str = include_str!("../../jobs/benches/record.json");

fn read_record() -> JobRecord {
    jobs::fuzzing::parse_record(&JobId::random(), RECORD).expect("a valid record")
}

// Returns the record too, so that freeing it is not counted.
#[library_benchmark]
#[bench::archive(read_record())]
fn write_status(record: JobRecord) -> (JobRecord, (String, String)) {
    let status = server::fuzzing::write_status(black_box(&record));
    (record, status)
}

library_benchmark_group!(name = hot_paths, benchmarks = [write_status]);
main!(library_benchmark_groups = hot_paths);
