//! Fields of the JSON of a report. One that is missing is a failure and not an empty value.

use serde_json::Value;

fn field<'v>(row: &'v Value, name: &str) -> &'v Value {
    row.get(name).unwrap_or_else(|| panic!("{name} is not a field of {row}"))
}

pub fn rows<'v>(numbers: &'v Value, table: &str) -> &'v [Value] {
    field(numbers, table).as_array().unwrap_or_else(|| panic!("{table} is no table"))
}

pub fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    field(row, name).as_str().unwrap_or_else(|| panic!("{name} is no text in {row}"))
}

pub fn number(row: &Value, name: &str) -> f64 {
    optional_number(row, name).unwrap_or_else(|| panic!("{name} is no number in {row}"))
}

/// `None` for `null`.
pub fn optional_number(row: &Value, name: &str) -> Option<f64> {
    let value = field(row, name);
    assert!(value.is_number() || value.is_null(), "{name} is neither a number nor null in {row}");
    value.as_f64()
}

/// `None` for `null`.
pub fn optional_text<'v>(row: &'v Value, name: &str) -> Option<&'v str> {
    let value = field(row, name);
    assert!(value.is_string() || value.is_null(), "{name} is neither a text nor null in {row}");
    value.as_str()
}

pub fn count(row: &Value, name: &str) -> usize {
    let count = field(row, name).as_u64().unwrap_or_else(|| panic!("{name} is no count in {row}"));
    usize::try_from(count).unwrap()
}

pub fn is_true(row: &Value, name: &str) -> bool {
    field(row, name).as_bool().unwrap_or_else(|| panic!("{name} is neither true nor false in {row}"))
}

#[track_caller]
pub fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, not {expected}");
}

/// Both ends of an interval, up to a share of their size.
#[track_caller]
pub fn assert_interval(found: (f64, f64), expected: (f64, f64), what: &str) {
    for (found, expected, end) in [(found.0, expected.0, "lower"), (found.1, expected.1, "upper")] {
        assert_close(found, expected, 2e-4 + 2e-3 * expected.abs(), &format!("{end} end of {what}"));
    }
}
