//! Instructions of the hot paths of jobs: unlike times, they do not depend on what else the machine does.
// The macros make public items, with paths that need no qualification.
#![allow(missing_docs, unused_qualifications)]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use jobs::{JobId, JobRecord};

/// The record of an archive of the bundled example, as a server wrote it to Redis.
const RECORD: &str = include_str!("record.json");

#[library_benchmark]
#[bench::archive(JobId::random())]
fn parse_record(job_id: JobId) -> JobRecord {
    jobs::fuzzing::parse_record(black_box(&job_id), black_box(RECORD)).expect("a valid record")
}

library_benchmark_group!(name = hot_paths, benchmarks = [parse_record]);
main!(library_benchmark_groups = hot_paths);
