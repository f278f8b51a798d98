//! Data sets and requests, and reading pages back with poppler-utils.

use std::collections::BTreeMap;

use detections::{Dataset, ReadOptions};
use report::{BuiltIn, LabelledPeriod, Pages, Period, ReportData, Request, Template};
use serde_json::Value;
use testkit::Package;
pub use testkit::{pdf_text, pdf_tool};

/// A bundled example.
pub fn example(name: &str) -> Dataset {
    detections::open(&testkit::examples().join(name), &ReadOptions::default()).unwrap()
}

/// A package, read.
pub fn read(package: &Package) -> Dataset {
    detections::open(package.write().path(), &ReadOptions::default()).unwrap()
}

/// Small tables of which much is lost are read all the same.
pub fn all_rows() -> ReadOptions {
    ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() }
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

/// Pages by one of the program's own templates.
pub fn render(numbers: &ReportData, built_in: BuiltIn) -> Vec<u8> {
    let pages = Pages { template: Template::BuiltIn(built_in), ..Pages::default() };
    report::render_as(&json(numbers), &pages).unwrap()
}

/// The text of such pages.
pub fn pages_of(numbers: &ReportData, built_in: BuiltIn) -> String {
    pdf_text(&render(numbers, built_in))
}

pub fn label_period(label: &str, period: Period) -> LabelledPeriod {
    LabelledPeriod::new(label, period)
}

/// What `pdfinfo` tells, by name.
pub fn fields_of(pdf: &[u8]) -> BTreeMap<String, String> {
    let info = pdf_tool("pdfinfo", &["PDF"], pdf);
    let field = |line: &str| line.split_once(':').map(|(name, value)| (name.into(), value.trim().into()));
    info.lines().filter_map(field).collect()
}

/// Asserts that the parts stand in a text one after the other.
pub fn assert_in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let found = text[from..].find(part);
        from += found.unwrap_or_else(|| panic!("“{part}” is not after {from} of:\n{text}"));
    }
}
