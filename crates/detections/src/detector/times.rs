//! Parsing the times of pictures as programs and cameras write them.

use serde_json::Value;

use super::values::excerpt_value;
use crate::clock::WrittenTime;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::written_dates::{DateEvidence, DateOrder, needs_order, parse_date};

/// Digital camera traps are not older. A camera without a battery restarts in 1970, or with zeros.
const FIRST_YEAR: i16 = 1980;

/// A time as it was read. The texts are the name of the field and its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum ParsedTime {
    #[default]
    Missing,
    /// Zeros, or a year before digital cameras: the clock was never set.
    NeverSet(&'static str, String),
    Unreadable(&'static str, String),
    /// A time whose day and month may be swapped.
    Ambiguous(&'static str, String),
    Time(WrittenTime),
}

impl ParsedTime {
    /// Reads a JSON value. `order` is the order of day and month in the file, if known.
    pub fn from_value(field: &'static str, value: &Value, order: Option<DateOrder>) -> Self {
        match value {
            Value::Null => Self::Missing,
            Value::String(text) => Self::from_text(field, text, order),
            other => Self::Unreadable(field, excerpt_value(other)),
        }
    }

    /// Reads a text.
    pub fn from_text(field: &'static str, text: &str, order: Option<DateOrder>) -> Self {
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
        // EXIF writes an unknown time as spaces between colons.
        if text.chars().all(|letter| matches!(letter, ' ' | ':' | '-')) {
            return Self::Missing;
        }
        let digits = || text.chars().filter(char::is_ascii_digit);
        if digits().next().is_some() && digits().all(|digit| digit == '0') {
            return Self::NeverSet(field, excerpt(text));
        }
        match parse_time(text, order) {
            Some(time) if time.local.date().year() < FIRST_YEAR => Self::NeverSet(field, excerpt(text)),
            Some(time) => Self::Time(time),
            None if order.is_none() && is_ambiguous(text) => Self::Ambiguous(field, excerpt(text)),
            None => Self::Unreadable(field, excerpt(text)),
        }
    }

    /// The first of the two that is a time, else the first that is not missing.
    pub fn or(self, other: Self) -> Self {
        let is_time = |read: &Self| matches!(read, Self::Time(_));
        let is_other = self == Self::Missing || (is_time(&other) && !is_time(&self));
        if is_other { other } else { self }
    }
}

/// Parses `2021:04:11 20:43:09`, as EXIF and some programs write it, or any form that tables have.
fn parse_time(text: &str, order: Option<DateOrder>) -> Option<WrittenTime> {
    parse_exif(text).or_else(|| WrittenTime::parse(text)).or_else(|| parse_date(text, order))
}

/// Whether a text becomes a time once the order of day and month is known.
fn is_ambiguous(text: &str) -> bool {
    let is_date = |order| parse_date(text, Some(order)).is_some();
    needs_order(text) && (is_date(DateOrder::DayFirst) || is_date(DateOrder::MonthFirst))
}

/// The error for a time whose order of day and month is not known. `place` says where it stands, and
/// `dates` is the evidence from all times of the file.
pub(super) fn refuse_order(file: &str, place: &str, text: &str, dates: DateEvidence) -> SourceError {
    let (found, expected) = if dates.is_contradictory() {
        (
            "may have the day or the month first, and the other times of the file have now one and now the other",
            "one order, or times such as 2020-05-30 04:57:37; or say with --date-order dmy or mdy which is \
             right and lose the others",
        )
    } else {
        (
            "can be read with the day or the month first, like all others of the file",
            "a date that tells them apart, such as 2020-05-30; else say the order with --date-order dmy \
             (day first) or --date-order mdy (month first)",
        )
    };
    SourceError::UnclearDates {
        file: excerpt(file),
        column: 1,
        found: format!("the time “{text}” ({place}) {found}"),
        expected: expected.into(),
    }
}

fn parse_exif(text: &str) -> Option<WrittenTime> {
    let bytes = text.as_bytes();
    let is_exif = bytes.len() >= 10 && bytes[4] == b':' && bytes[7] == b':';
    let date = || Some(format!("{}-{}-{}", text.get(..4)?, text.get(5..7)?, text.get(8..)?));
    WrittenTime::parse(&is_exif.then(date)??)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> ParsedTime {
        ParsedTime::from_text("datetime", text, None)
    }

    #[test]
    fn times_are_read_as_exif_and_as_programs_write_them() {
        for text in [
            "2021:04:11 20:43:09",
            "2021-04-11 20:43:09",
            "2021-04-11T20:43:09",
            "2021:04:11 20:43:09.25",
            "2021:04:11 20:43:09\0",
        ] {
            let ParsedTime::Time(time) = read(text) else { panic!("{text}: {:?}", read(text)) };
            assert_eq!(time.local.to_string(), "2021-04-11 20:43:09", "{text}");
        }
        let ParsedTime::Time(time) = read("2021:04:11 20:43:09+02:00") else { panic!("an offset") };
        assert_eq!(time.offset, Some(7200));
    }

    #[test]
    fn times_are_read_in_the_forms_of_tables() {
        for (text, order) in [
            ("2023/05/16 10:00", None),
            ("16.05.2023 10:00:00", None),
            ("2023-05-16T10:00:00.123456", None),
            ("16/05/2023 10:00", Some(DateOrder::DayFirst)),
            ("5/16/2023 10:00 AM", Some(DateOrder::MonthFirst)),
        ] {
            let read = ParsedTime::from_text("datetime", text, order);
            let ParsedTime::Time(time) = read else { panic!("{text}: {read:?}") };
            assert_eq!(time.local.to_string(), "2023-05-16 10:00:00", "{text}");
        }
        assert!(matches!(read("05/04/2023 10:00"), ParsedTime::Ambiguous(..)));
        for text in ["1684231200", "13/13/2023 10:00"] {
            assert!(matches!(read(text), ParsedTime::Unreadable(..)), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_clock_that_was_never_set_has_no_time() {
        for text in
            ["0000:00:00 00:00:00", "1970:01:01 00:00:00", "1970-01-01T00:12:51Z", "0000:01:01 00:00:00"]
        {
            assert!(matches!(read(text), ParsedTime::NeverSet(..)), "{text}: {:?}", read(text));
        }
        for text in ["", "    :  :     :  :  ", "\0\0"] {
            assert_eq!(read(text), ParsedTime::Missing, "{text}");
        }
        for text in ["2021:13:11 20:43:09", "yesterday", "äääääääääb"] {
            assert!(matches!(read(text), ParsedTime::Unreadable(..)), "{text}: {:?}", read(text));
        }
        let number = ParsedTime::from_value("datetime", &json!(1_620_000_000), None);
        assert!(matches!(number, ParsedTime::Unreadable(..)));
        assert_eq!(ParsedTime::from_value("datetime", &json!(null), None), ParsedTime::Missing);
    }

    #[test]
    fn the_first_time_counts_and_what_is_none_is_kept_to_be_named() {
        let (time, never_set, missing) =
            (read("2021-04-11 20:43:09"), read("0000:00:00"), ParsedTime::Missing);
        assert_eq!(never_set.clone().or(time.clone()), time);
        assert_eq!(time.clone().or(never_set.clone()), time);
        assert_eq!(missing.clone().or(never_set.clone()), never_set);
        assert_eq!(never_set.clone().or(missing.clone()), never_set);
        assert_eq!(missing.clone().or(missing), ParsedTime::Missing);
    }
}
