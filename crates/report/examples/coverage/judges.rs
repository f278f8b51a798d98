//! What the JSON of a report says.

use serde_json::Value;

/// The first row of a table; `None` when it has none.
pub fn first_row<'v>(numbers: &'v Value, table: &str) -> Option<&'v Value> {
    numbers.get(table).unwrap_or_else(|| panic!("a report has no table {table}")).as_array()?.first()
}

/// The row of a ratio.
pub fn ratio_row<'v>(numbers: &'v Value, name: &str) -> Option<&'v Value> {
    numbers["ratios"].as_array()?.iter().find(|row| row["ratio"] == name)
}

fn field<'v>(row: &'v Value, name: &str) -> &'v Value {
    row.get(name).unwrap_or_else(|| panic!("{name} is not a field of {row}"))
}

/// Whether an interval holds a number. An end that is `null` does not bound it; without both there is no
/// interval.
pub fn interval_holds(row: &Value, [low, high]: [&str; 2], number: f64) -> Option<bool> {
    let (low, high) = (field(row, low).as_f64(), field(row, high).as_f64());
    if low.is_none() && high.is_none() {
        return None;
    }
    Some(low.unwrap_or(0.0) <= number && number <= high.unwrap_or(f64::INFINITY))
}

/// Whether an interval holds the estimate that it belongs to.
pub fn interval_holds_estimate(row: &Value, estimate: &str) -> Option<bool> {
    interval_holds(row, ["low", "high"], field(row, estimate).as_f64()?)
}

/// Whether a difference was found; `None` where nothing was tested.
pub fn is_different(row: &Value) -> Option<bool> {
    field(row, "p_value").as_f64()?;
    field(row, "differs").as_bool()
}
