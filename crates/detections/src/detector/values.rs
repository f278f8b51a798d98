//! Reading JSON values as programs write them: numbers may be texts, and fractions percentages.

use serde_json::Value;

use crate::excerpt::excerpt;

/// Stands for missing values.
pub(super) static NULL: Value = Value::Null;

/// Reads a finite number, also one that is written as text.
pub(super) fn read_number(value: &Value) -> Option<f64> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Reads a number that fits into single precision.
pub(super) fn read_f32(value: &Value) -> Option<f32> {
    // A number that is too large is not the side of a box.
    #[allow(clippy::cast_possible_truncation)]
    let number = read_number(value)? as f32;
    number.is_finite().then_some(number)
}

/// Reads a list of four numbers, such as a box.
pub(super) fn read_four_numbers(value: &Value) -> Option<[f32; 4]> {
    let [a, b, c, d] = value.as_array()?.as_slice() else { return None };
    Some([read_f32(a)?, read_f32(b)?, read_f32(c)?, read_f32(d)?])
}

/// Reads a text that is not empty.
pub(super) fn read_text(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Reads a path that is not empty, without trimming it: file names may start or end with spaces.
pub(super) fn read_path(value: &Value) -> Option<&str> {
    value.as_str().filter(|path| !path.trim().is_empty())
}

/// Reads the number or name of a category. Some programs write numbers without quotes, and whole numbers
/// as `1.0`.
pub(super) fn read_key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => match number.as_f64().filter(|number| number.fract() == 0.0) {
            Some(whole) if number.is_f64() => Some(format!("{whole:.0}")),
            _ => Some(number.to_string()),
        },
        _ => None,
    }
}

/// The items of a list. Any other value is a list of one item.
pub(super) fn read_items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
}

/// The beginning of a value as JSON, for messages.
pub(super) fn excerpt_value(value: &Value) -> String {
    excerpt(&value.to_string())
}

/// How a file writes numbers between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scale {
    #[default]
    Fraction,
    Percent,
}

/// Tolerance for rounding.
const ROUNDING: f64 = 1e-6;

impl Scale {
    /// Reads a fraction, 0 to 1; `None` if the value is not one.
    pub fn read(self, value: &Value) -> Option<f32> {
        let percent = value.as_str().and_then(|text| text.trim().strip_suffix('%'));
        let share = match percent {
            Some(number) => number.trim().parse::<f64>().ok()? / 100.0,
            None if self == Self::Percent => read_number(value)? / 100.0,
            None => read_number(value)?,
        };
        // Fractions are stored in single precision.
        #[allow(clippy::cast_possible_truncation)]
        let single = share.clamp(0.0, 1.0) as f32;
        (-ROUNDING..=1.0 + ROUNDING).contains(&share).then_some(single)
    }
}

/// Counts numbers of one kind to find their scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ScaleEvidence {
    numbers: u64,
    /// Numbers above 1 that may be percentages.
    above_one: u64,
}

impl ScaleEvidence {
    pub fn add(&mut self, value: &Value) {
        if let Some(number) = read_number(value) {
            self.numbers += 1;
            self.above_one += u64::from(number > 1.0 + ROUNDING && number <= 100.0);
        }
    }

    /// Adds each item of a list.
    pub fn add_all(&mut self, values: &Value) {
        for value in read_items(values) {
            self.add(value);
        }
    }

    /// Percent if most numbers can be nothing else.
    pub fn scale(self) -> Scale {
        if self.above_one * 2 > self.numbers { Scale::Percent } else { Scale::Fraction }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for value in [json!(0.5), json!("0.5"), json!(" 5e-1 ")] {
            assert_eq!(read_f32(&value), Some(0.5), "{value}");
        }
        for value in [json!(null), json!("NaN"), json!("inf"), json!("high"), json!([1]), json!("")] {
            assert_eq!(read_number(&value), None, "{value}");
        }
        assert_eq!(read_f32(&json!(1e300)), None);
        assert_eq!(read_four_numbers(&json!(["0.1", 0, 1, 2])), Some([0.1, 0.0, 1.0, 2.0]));
        assert_eq!(read_four_numbers(&json!([0.1, 0, 1])), None);
    }

    #[test]
    fn a_category_is_the_same_as_a_number_and_as_a_text() {
        for value in [json!("3"), json!(3), json!(3.0), json!(" 3 ")] {
            assert_eq!(read_key(&value).as_deref(), Some("3"), "{value}");
        }
        assert_eq!(read_key(&json!({"id": 3})), None);
    }

    #[test]
    fn a_share_is_a_fraction_or_percent() {
        assert_eq!(Scale::Fraction.read(&json!("0.9")), Some(0.9));
        assert_eq!(Scale::Fraction.read(&json!("90 %")), Some(0.9));
        assert_eq!(Scale::Percent.read(&json!(90)), Some(0.9));
        assert_eq!(Scale::Percent.read(&json!("90%")), Some(0.9));
        assert_eq!(Scale::Fraction.read(&json!(1.000_000_1)), Some(1.0));
        for value in [json!(90), json!(-0.1), json!(null), json!("NaN%")] {
            assert_eq!(Scale::Fraction.read(&value), None, "{value}");
        }
    }

    #[test]
    fn a_file_is_in_percent_when_most_of_its_shares_are() {
        let scale = |values: &[f64]| {
            let mut shares = ScaleEvidence::default();
            for value in values {
                shares.add(&json!(value));
            }
            shares.scale()
        };
        assert_eq!(scale(&[91.0, 43.5, 0.8]), Scale::Percent);
        assert_eq!(scale(&[0.91, 0.43, 80.0]), Scale::Fraction);
        assert_eq!(scale(&[500.0, 900.0]), Scale::Fraction);
        assert_eq!(scale(&[]), Scale::Fraction);
    }
}
