//! Data sets and requests.

use detections::{Dataset, ReadOptions};
use report::{LabelledPeriod, Period, ReportData, Request};
use serde_json::Value;
use testkit::Package;

/// A bundled example.
pub fn example(name: &str) -> Dataset {
    detections::open(&testkit::examples().join(name), &ReadOptions::default()).unwrap()
}

/// A package, read.
pub fn read(package: &Package) -> Dataset {
    detections::open(package.write().path(), &ReadOptions::default()).unwrap()
}

pub fn period(from: &str, to: &str) -> Period {
    Period { start: from.parse().unwrap(), end: to.parse().unwrap() }
}

/// A report on the activity of these days.
pub fn seasonal(from: &str, to: &str) -> Request {
    let whole = period(from, to);
    Request::seasonal_activity(whole.start, whole.end)
}

pub fn compute(data: &Dataset, request: &Request) -> ReportData {
    report::compute(data, request).unwrap()
}

/// The numbers as they stand in JSON.
pub fn json(numbers: &ReportData) -> Value {
    serde_json::to_value(numbers).unwrap()
}

pub fn label_period(label: &str, period: Period) -> LabelledPeriod {
    LabelledPeriod::new(label, period)
}
