//! Values as programs write them: numbers may be texts, and shares percent.

use serde_json::Value;

use crate::excerpt::excerpt;

/// Where a list of values is shorter than the one beside it.
pub(super) static NOTHING: Value = Value::Null;

/// A finite number, also one that is written as a text.
pub(super) fn number_of(value: &Value) -> Option<f64> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A number that single precision can hold.
pub(super) fn single_of(value: &Value) -> Option<f32> {
    // What is too large for single precision is no side of a box.
    #[allow(clippy::cast_possible_truncation)]
    let number = number_of(value)? as f32;
    number.is_finite().then_some(number)
}

/// A list of four numbers: the sides of a box.
pub(super) fn four_numbers(value: &Value) -> Option<[f32; 4]> {
    let [a, b, c, d] = value.as_array()?.as_slice() else { return None };
    Some([single_of(a)?, single_of(b)?, single_of(c)?, single_of(d)?])
}

/// A text that says something.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A path that is not empty, to the letter: names of files may begin and end with spaces.
pub(super) fn path_of(value: &Value) -> Option<&str> {
    value.as_str().filter(|path| !path.trim().is_empty())
}

/// The number of a category, or a name; some programs write numbers without quotes, and whole ones as
/// `1.0`.
pub(super) fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => match number.as_f64().filter(|number| number.fract() == 0.0) {
            Some(whole) if number.is_f64() => Some(format!("{whole:.0}")),
            _ => Some(number.to_string()),
        },
        _ => None,
    }
}

/// The items of a list; a value that is no list is the only item of one.
pub(super) fn items_of(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
}

/// The beginning of a value as it is written, for messages.
pub(super) fn shown(value: &Value) -> String {
    excerpt(&value.to_string())
}

/// How a file writes what lies between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scale {
    #[default]
    Fraction,
    Percent,
}

/// What rounding may add to a share of 1.
const ROUNDING: f64 = 1e-6;

impl Scale {
    /// A share, 0 to 1; nothing when it is none.
    pub fn read(self, value: &Value) -> Option<f32> {
        let percent = value.as_str().and_then(|text| text.trim().strip_suffix('%'));
        let share = match percent {
            Some(number) => number.trim().parse::<f64>().ok()? / 100.0,
            None if self == Self::Percent => number_of(value)? / 100.0,
            None => number_of(value)?,
        };
        // A share is kept in single precision.
        #[allow(clippy::cast_possible_truncation)]
        let single = share.clamp(0.0, 1.0) as f32;
        (-ROUNDING..=1.0 + ROUNDING).contains(&share).then_some(single)
    }
}

/// Shares of one kind in a file, to find out its scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shares {
    numbers: u64,
    /// Those that are no share, but may be percent.
    above_one: u64,
}

impl Shares {
    pub fn add(&mut self, value: &Value) {
        if let Some(number) = number_of(value) {
            self.numbers += 1;
            self.above_one += u64::from(number > 1.0 + ROUNDING && number <= 100.0);
        }
    }

    /// Adds each item of a list.
    pub fn add_all(&mut self, values: &Value) {
        for value in items_of(values) {
            self.add(value);
        }
    }

    /// Percent when most of the numbers can be nothing else.
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
            assert_eq!(single_of(&value), Some(0.5), "{value}");
        }
        for value in [json!(null), json!("NaN"), json!("inf"), json!("high"), json!([1]), json!("")] {
            assert_eq!(number_of(&value), None, "{value}");
        }
        assert_eq!(single_of(&json!(1e300)), None);
        assert_eq!(four_numbers(&json!(["0.1", 0, 1, 2])), Some([0.1, 0.0, 1.0, 2.0]));
        assert_eq!(four_numbers(&json!([0.1, 0, 1])), None);
    }

    #[test]
    fn a_category_is_the_same_as_a_number_and_as_a_text() {
        for value in [json!("3"), json!(3), json!(3.0), json!(" 3 ")] {
            assert_eq!(key_of(&value).as_deref(), Some("3"), "{value}");
        }
        assert_eq!(key_of(&json!({"id": 3})), None);
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
            let mut shares = Shares::default();
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
