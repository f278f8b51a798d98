//! What the sentences of a report say: each number is one of the rows that they speak of.

use serde_json::Value;

use super::fields::{rows, text};

/// Fields that say what a row or a finding is about.
const NAMES: [&str; 4] = ["classification", "a", "b", "ratio"];

pub fn assert_findings(numbers: &Value) {
    for finding in rows(numbers, "findings") {
        assert!(!text(finding, "kind").is_empty() && !text(finding, "text").is_empty(), "{finding}");
        let known = numbers_about(numbers, finding);
        let fields = finding.as_object().unwrap().iter();
        for (name, value) in fields.filter_map(|(name, value)| Some((name, value.as_f64()?))) {
            match name.as_str() {
                "threshold" => assert!((value - 20.0).abs() < 1e-9),
                "tested" => {
                    assert_eq!(finding["tested"].as_u64(), Some(tests_of(numbers) as u64), "{finding}");
                }
                _ => {}
            }
            if ["threshold", "tested"].contains(&name.as_str()) {
                continue;
            }
            let is_it = |other: &f64| (other - value).abs() <= 1e-6 * value.abs().max(1.0);
            assert!(known.iter().any(is_it), "{name} of {finding} is in no row that it speaks of");
        }
    }
}

/// Tests that the closing line of a report speaks of.
fn tests_of(numbers: &Value) -> usize {
    let compared = rows(numbers, "comparisons").iter().filter(|row| row["p_value"].is_number()).count();
    if text(numbers, "report_type") == "comparison" { compared } else { rows(numbers, "bucket_tests").len() }
}

/// All numbers that a finding may take: those of rows with its names, of the whole report, and the events of
/// all species in a bucket.
fn numbers_about(numbers: &Value, finding: &Value) -> Vec<f64> {
    let has_names = NAMES.iter().any(|name| finding.get(name).is_some_and(Value::is_string));
    let mut known = Vec::new();
    for (name, value) in numbers.as_object().unwrap() {
        match value {
            Value::Number(number) => known.extend(number.as_f64()),
            _ if name == "findings" => {}
            _ if has_names => collect_rows(value, finding, &mut known),
            _ => collect_all(value, &mut known),
        }
    }
    for bucket in rows(numbers, "buckets") {
        let mut events = Vec::new();
        collect_all(&bucket["events"], &mut events);
        known.push(events.iter().sum());
    }
    known
}

/// Numbers of the objects that have all names of a finding.
fn collect_rows(value: &Value, finding: &Value, known: &mut Vec<f64>) {
    match value {
        Value::Object(_) if is_about(value, finding) => collect_all(value, known),
        Value::Object(fields) => {
            for field in fields.values() {
                collect_rows(field, finding, known);
            }
        }
        Value::Array(values) => {
            for value in values {
                collect_rows(value, finding, known);
            }
        }
        _ => {}
    }
}

/// Whether a row has the names of a finding, as far as it has such names, and one of them at least.
fn is_about(row: &Value, finding: &Value) -> bool {
    let pairs = NAMES.map(|name| (row[name].as_str(), finding[name].as_str()));
    pairs.iter().all(|(own, other)| own.is_none() || other.is_none() || own == other)
        && pairs.iter().any(|(own, other)| own.is_some() && own == other)
}

fn collect_all(value: &Value, known: &mut Vec<f64>) {
    match value {
        Value::Number(number) => known.extend(number.as_f64()),
        Value::Array(values) => {
            for value in values {
                collect_all(value, known);
            }
        }
        Value::Object(fields) => {
            for field in fields.values() {
                collect_all(field, known);
            }
        }
        _ => {}
    }
}
