//! Times of the hot paths of jobs.

use divan::{Bencher, black_box};
use jobs::JobId;
use jobs::fuzzing::parse_record;

/// The record of an archive of the bundled example, as a server wrote it to Redis.
const RECORD: &str = include_str!("record.json");

fn main() {
    divan::main();
}

/// Every poll on Redis.
#[divan::bench(name = "record of a job, parsed")]
fn parse(bencher: Bencher) {
    let job_id = JobId::random();
    bencher.bench(|| parse_record(black_box(&job_id), black_box(RECORD)).expect("a valid record"));
}
