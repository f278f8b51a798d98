//! Dates and times as spreadsheets and other tables write them, beside ISO 8601.
//!
//! `13/04/2018` shows its order itself, `04/05/2018` does not: the order is found from the whole column (see
//! [`DateEvidence`]), never from a single row.

use std::str::FromStr;

use jiff::civil::Date;

use crate::clock::{LocalTime, WrittenTime};

/// The order of day and month in dates with the year last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `13/04/2018`.
    DayFirst,
    /// `04/13/2018`, as in the United States.
    MonthFirst,
}

/// The text is not an order of day and month.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected dmy (13/04/2018) or mdy (04/13/2018)")]
pub struct DateOrderError;

impl FromStr for DateOrder {
    type Err = DateOrderError;

    fn from_str(text: &str) -> Result<Self, DateOrderError> {
        match text.to_ascii_lowercase().replace(['/', '.', '-'], "").as_str() {
            "dmy" => Ok(Self::DayFirst),
            "mdy" => Ok(Self::MonthFirst),
            _ => Err(DateOrderError),
        }
    }
}

/// Evidence on the order of day and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DateEvidence {
    /// There is a date that is only valid with the day first, such as `13/04/2018`.
    pub day_first: bool,
    /// There is a date that is only valid with the month first.
    pub month_first: bool,
}

impl DateEvidence {
    /// Takes the text of a cell into account, if it is a date with the year last.
    pub fn add(&mut self, text: &str) {
        let Some((DateParts { first, second, dotted: false, .. }, _)) = split_year_last(text) else { return };
        self.day_first |= first > 12 && second <= 12;
        self.month_first |= second > 12 && first <= 12;
    }

    /// The order, if the evidence is consistent.
    pub fn order(self) -> Option<DateOrder> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// Whether some dates have the day first and others the month.
    pub fn is_contradictory(self) -> bool {
        self.day_first && self.month_first
    }
}

/// Whether the order must be known to read a text as a date.
pub(crate) fn needs_order(text: &str) -> bool {
    split_year_last(text).is_some_and(|(parts, _)| !parts.dotted)
}

/// Parses `2020/05/30 4:57`, `30.05.2020 04:57:37`, `2020:05:30 04:57:37`, and with `order` also `30/05/2020`
/// and `5/30/2020 4:57 PM`. `None` for anything else.
pub(crate) fn parse_date(text: &str, order: Option<DateOrder>) -> Option<WrittenTime> {
    let (date, time) = if let Some((parts, time)) = split_year_last(text) {
        let order = if parts.dotted { DateOrder::DayFirst } else { order? };
        let (day, month) = match order {
            DateOrder::DayFirst => (parts.first, parts.second),
            DateOrder::MonthFirst => (parts.second, parts.first),
        };
        (Date::new(parts.year, month, day).ok()?, time)
    } else {
        split_year_first(text)?
    };
    let midnight = LocalTime::start_of(date).seconds();
    let of_day = if time.is_empty() { None } else { Some(seconds_of_day(time)?) };
    Some(WrittenTime {
        local: LocalTime::from_seconds(midnight + of_day.unwrap_or(0)),
        offset: None,
        date_only: of_day.is_none(),
    })
}

/// The numbers of a date with the year last.
struct DateParts {
    first: i8,
    second: i8,
    year: i16,
    /// They are separated by dots, which implies that the day is first.
    dotted: bool,
}

/// Splits a date with the year last from the time after it.
fn split_year_last(text: &str) -> Option<(DateParts, &str)> {
    let (date, time) = split_time(text);
    let separator = date.chars().find(|letter| matches!(letter, '/' | '.' | '-'))?;
    let mut numbers = date.split(separator);
    let (first, second, year) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if numbers.next().is_some() || year.len() != 4 {
        return None;
    }
    let [first, second] = [first, second].map(parse_two_digits);
    Some((
        DateParts { first: first?, second: second?, year: parse_year(year)?, dotted: separator == '.' },
        time,
    ))
}

fn split_year_first(text: &str) -> Option<(Date, &str)> {
    let (date, time) = split_time(text);
    let separator = date.chars().nth(4).filter(|letter| matches!(letter, '/' | '.' | '-' | ':'))?;
    let mut numbers = date.split(separator);
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if numbers.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(parse_year(year)?, parse_two_digits(month)?, parse_two_digits(day)?).ok()?;
    Some((date, time))
}

/// Splits a text at the first space or `T`.
fn split_time(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.find([' ', 'T', ',', '\u{a0}', '\u{202f}']) {
        Some(at) => {
            let (date, time) = text.split_at(at);
            (date, time.trim_start_matches([' ', 'T', ',', '\u{a0}', '\u{202f}']))
        }
        None => (text, ""),
    }
}

/// Parses `4:57`, `04:57:37`, `04:57:37.250`, `4:57 PM` or `4:57 p.m.` to seconds since midnight.
fn seconds_of_day(text: &str) -> Option<i64> {
    let lower = text.to_lowercase().replace(['.', ' ', '\u{a0}', '\u{202f}'], "");
    // Fractions of a second are cut off, since times are stored in whole seconds.
    let whole = if text.contains('.') && text.bytes().last().is_some_and(|byte| byte.is_ascii_digit()) {
        text.split('.').next().unwrap_or_default().to_owned()
    } else {
        lower
    };
    let (clock, half) = match whole.strip_suffix("am") {
        Some(clock) => (clock, Some(0)),
        None => whole.strip_suffix("pm").map_or((whole.as_str(), None), |clock| (clock, Some(12))),
    };
    let mut numbers = clock.split(':').map(|number| parse_two_digits(number.trim()).map(i64::from));
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().unwrap_or(Some(0))?;
    if numbers.next().is_some() || minute > 59 || second > 59 {
        return None;
    }
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        None if hour < 24 => hour,
        _ => return None,
    };
    Some(hour * 3600 + minute * 60 + second)
}

fn parse_two_digits(text: &str) -> Option<i8> {
    (matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn parse_year(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{DayFirst, MonthFirst};
    use proptest::prelude::*;

    fn show_date(text: &str, order: Option<DateOrder>) -> Option<String> {
        parse_date(text, order).map(|written| written.local.to_string())
    }

    #[test]
    fn dates_are_read_as_spreadsheets_write_them() {
        let expected = Some("2018-04-13 13:51:00".to_owned());
        for (text, order) in [
            ("4/13/2018 13:51", Some(MonthFirst)),
            ("04/13/2018 1:51 PM", Some(MonthFirst)),
            ("04/13/2018, 1:51:00 p.m.", Some(MonthFirst)),
            ("4/13/2018 1:51:00\u{202f}PM", Some(MonthFirst)),
            ("13/04/2018 13:51:00", Some(DayFirst)),
            ("13-04-2018 13:51", Some(DayFirst)),
            ("13.04.2018 13:51", None),
            ("13.4.2018 13:51", Some(MonthFirst)),
            ("2018/04/13 13:51:00", None),
            ("2018/4/13 13:51", Some(DayFirst)),
            ("2018:04:13 13:51:00", None),
            ("2018-04-13T13:51:00.250", None),
        ] {
            assert_eq!(show_date(text, order), expected, "{text}");
        }
        assert!(parse_date("13.04.2018", None).unwrap().date_only);
        assert_eq!(show_date("12:00 AM", None), None);
        assert_eq!(show_date("4/5/2018 12:15 AM", Some(DayFirst)).unwrap(), "2018-05-04 00:15:00");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "4/13",
            "13/13/2018",
            "4/13/18",
            "4/13/2018 25:00",
            "4/13/2018 13:51 PM",
            "4/13/2018 0:10 AM",
            "30/02/2020",
            "x/y/2018",
            "4/13/2018 noon",
            "4/13/2018/1",
            "2018/13/01",
            "1/1/99999",
            "١/١/2020",
        ] {
            assert_eq!(parse_date(text, Some(MonthFirst)), None, "{text}");
        }
    }

    #[test]
    fn a_column_tells_its_order_by_the_days_after_the_twelfth() {
        let evidence = |texts: &[&str]| {
            let mut evidence = DateEvidence::default();
            for text in texts {
                evidence.add(text);
            }
            evidence
        };
        assert_eq!(evidence(&["04/05/2018", "04/13/2018 10:00"]).order(), Some(MonthFirst));
        assert_eq!(evidence(&["04/05/2018", "13/04/2018"]).order(), Some(DayFirst));
        assert_eq!(evidence(&["04/05/2018", "2018-04-13", "13.04.2018", "x"]).order(), None);
        assert!(evidence(&["04/13/2018", "13/04/2018"]).is_contradictory());
    }

    proptest! {
        #[test]
        fn every_date_is_read_back_in_its_order(days in 0_i64..30_000, seconds in 0_i64..86_400) {
            let written = LocalTime::from_seconds(days * 86_400 + seconds);
            for (form, order) in [
                ("%d/%m/%Y %H:%M:%S", DayFirst), ("%m/%d/%Y %I:%M:%S %p", MonthFirst),
                ("%d.%m.%Y %H:%M:%S", MonthFirst), ("%Y/%m/%d %H:%M:%S", DayFirst),
            ] {
                let text = written.civil().strftime(form).to_string();
                prop_assert_eq!(parse_date(&text, Some(order)).map(|read| read.local), Some(written), "{}", text);
            }
        }

        #[test]
        fn any_text_is_a_date_or_none(text in "\\PC{0,30}", us in any::<bool>()) {
            let _ = parse_date(&text, Some(if us { MonthFirst } else { DayFirst }));
            DateEvidence::default().add(&text);
        }
    }
}
