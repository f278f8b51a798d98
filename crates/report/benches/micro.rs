//! Times of the numbers of a report, on the bundled data of Algar.

use detections::{Dataset, ReadOptions};
use divan::{Bencher, black_box};
use jiff::civil::date;
use report::base::SurveyBase;
use report::events::{Independence, find_events};
use report::records::Records;
use report::{Cameras, IndependenceSince, Request};

fn main() {
    divan::main();
}

fn open_algar() -> Dataset {
    let path = testkit::examples().join("algar.zip");
    detections::open(&path, &ReadOptions::default()).expect("the bundled example")
}

/// The records of all animals.
fn collect_records(data: &Dataset, base: &SurveyBase) -> Records {
    let groups: Vec<_> = data.classes.iter().map(|class| data.groups.group_of(&class.name)).collect();
    Records::collect(data, base, &groups, &vec![true; groups.len()], Cameras::Together)
}

#[divan::bench(name = "records of Algar, collected")]
fn collect(bencher: Bencher) {
    let data = open_algar();
    let base = SurveyBase::new(&data);
    bencher.bench(|| collect_records(black_box(&data), &base));
}

#[divan::bench(name = "events of Algar, counted")]
fn count_events(bencher: Bencher) {
    let data = open_algar();
    let base = SurveyBase::new(&data);
    let found = collect_records(&data, &base);
    let (since, cameras) = (IndependenceSince::LastRecord, Cameras::Together);
    let independence = Independence { minutes: 30, since, cameras };
    bencher.bench(|| find_events(black_box(&found.records), &base, independence));
}

#[divan::bench(name = "numbers of a season of Algar", sample_count = 20)]
fn compute(bencher: Bencher) {
    let data = open_algar();
    let request = Request::seasonal_activity(date(2018, 5, 1), date(2018, 8, 31));
    bencher.bench(|| report::compute(black_box(&data), &request).expect("numbers"));
}
