//! Instructions of counting events: unlike times, they do not depend on what else the machine does.
// The macros make public items, with paths that need no qualification.
#![allow(missing_docs, unused_qualifications)]

use std::hint::black_box;

use detections::ReadOptions;
use gungraun::{library_benchmark, library_benchmark_group, main};
use report::base::SurveyBase;
use report::events::{Event, Independence, find_events};
use report::records::Records;
use report::{Cameras, IndependenceSince};

/// The records of all animals of the bundled data of Algar.
fn collect_records() -> (SurveyBase, Records) {
    let path = testkit::examples().join("algar.zip");
    let data = detections::open(&path, &ReadOptions::default()).expect("the bundled example");
    let groups: Vec<_> = data.classes.iter().map(|class| data.groups.group_of(&class.name)).collect();
    let base = SurveyBase::new(&data);
    let found = Records::collect(&data, &base, &groups, &vec![true; groups.len()], Cameras::Together);
    (base, found)
}

// Returns the records too, so that freeing them is not counted.
#[library_benchmark]
#[bench::algar(collect_records())]
fn count_events((base, found): (SurveyBase, Records)) -> (SurveyBase, Records, Vec<Event>) {
    let (since, cameras) = (IndependenceSince::LastRecord, Cameras::Together);
    let independence = Independence { minutes: 30, since, cameras };
    let events = find_events(black_box(&found.records), &base, independence);
    (base, found, events)
}

library_benchmark_group!(name = hot_paths, benchmarks = [count_events]);
main!(library_benchmark_groups = hot_paths);
