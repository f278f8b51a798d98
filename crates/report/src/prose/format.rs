//! Numbers, dates and lists as a reader expects them: the one place that writes them.

use detections::Class;
use jiff::civil::Date;

use crate::period::{GroupBy, Period};

/// A whole number with a comma at each thousand.
pub(crate) fn whole(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Events per 100 camera-days: two digits after the point.
pub(crate) fn rate(value: f64) -> String {
    format_decimal(value, 2)
}

/// How many times one is the other: two digits after the point.
pub(crate) fn times(ratio: f64) -> String {
    format_decimal(ratio, 2)
}

/// Camera-days: whole, or to a tenth where there are few.
pub(crate) fn days(value: f64) -> String {
    format_decimal(value, u8::from(value < 100.0 && value.fract() > 0.0))
}

/// `days` with their unit.
pub(crate) fn camera_days(value: f64) -> String {
    let number = days(value);
    format!("{number} {}", if number == "1" { "camera-day" } else { "camera-days" })
}

/// A number with so many digits after the point and a comma at each thousand. What lies halfway is
/// rounded up, as in the tables of the pages.
pub(crate) fn format_decimal(value: f64, digits: u8) -> String {
    let scale = 10_f64.powi(i32::from(digits));
    let (rounded, digits) = ((value * scale).round() / scale, usize::from(digits));
    let text = format!("{rounded:.digits$}");
    let (number, rest) = text.split_once('.').map_or((text.as_str(), ""), |(number, rest)| (number, rest));
    let whole = number.parse::<u64>().map_or_else(|_| number.to_owned(), whole);
    if rest.is_empty() { whole } else { format!("{whole}.{rest}") }
}

/// A share as a whole number of percent; 0 and 100 only when it is exactly that.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if share > 0.0 && rounded < 1.0 {
        "under 1%".into()
    } else if share < 1.0 && rounded > 99.0 {
        "over 99%".into()
    } else {
        format!("{rounded:.0}%")
    }
}

/// Such as `p = 0.014`: three digits, or four where three would round it up to the limit of 5%.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".into(),
        p if (0.0495..0.05).contains(&p) => format!("p = {}", format_decimal(p, 4)),
        p => format!("p = {}", format_decimal(p, 3)),
    }
}

/// The ends of an interval, of which the upper may be open.
pub(crate) fn format_interval(low: f64, high: Option<f64>, number: fn(f64) -> String) -> String {
    match high {
        Some(high) => format!("{} to {}", number(low), number(high)),
        None => format!("{} or more", number(low)),
    }
}

/// `1 event`, `2 events`.
pub(crate) fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", whole(number), plural(number, one, many))
}

/// The word for one thing or for many.
pub(crate) fn plural<'a>(number: impl TryInto<u64>, one: &'a str, many: &'a str) -> &'a str {
    if number.try_into().is_ok_and(|number| number == 1) { one } else { many }
}

/// `a`, `a and b`, `a, b and c`; more than `most` are cut to `a, b and 7 more`.
pub(crate) fn list(items: &[String], most: usize) -> String {
    let shown = items.len().min(most);
    let hidden = items.len() - shown;
    let head = &items[..shown];
    match (head, hidden) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([start @ .., last], 0) => format!("{} and {last}", start.join(", ")),
        (head, hidden) => format!("{} and {} more", head.join(", "), whole(hidden as u64)),
    }
}

/// The sentences one behind the other, without those that are empty.
pub(crate) fn join_sentences<const N: usize>(sentences: [String; N]) -> String {
    let said: Vec<String> = sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect();
    said.join(" ")
}

/// A text where a condition holds, else none.
pub(crate) fn text_if(condition: bool, text: impl Into<String>) -> String {
    if condition { text.into() } else { String::new() }
}

/// At most so many letters, the last of them an ellipsis where there were more.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Such as `1 September 2018`.
pub(crate) fn format_day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

impl Period {
    /// Such as `1 September 2018 to 31 January 2019`.
    pub fn in_words(self) -> String {
        if self.start == self.end {
            format_day(self.start)
        } else {
            format!("{} to {}", format_day(self.start), format_day(self.end))
        }
    }
}

/// What a bucket is called in a sentence: `September 2018`, `the week from 3 September 2018`.
pub(crate) fn name_bucket(start: Date, group_by: GroupBy) -> String {
    match group_by {
        GroupBy::Day => format_day(start),
        GroupBy::Week => format!("the week from {}", format_day(start)),
        GroupBy::Month => start.strftime("%B %Y").to_string(),
    }
}

/// When something happened in a bucket: `in September 2018`, `on 3 September 2018`.
pub(crate) fn when_in_bucket(start: Date, group_by: GroupBy) -> String {
    let preposition = if group_by == GroupBy::Day { "on" } else { "in" };
    format!("{preposition} {}", name_bucket(start, group_by))
}

/// What a bucket is called in tables and charts: `Sep 2018`, `3 Sep 2018`.
pub(crate) fn label_bucket(start: Date, group_by: GroupBy) -> String {
    let format = match group_by {
        GroupBy::Day | GroupBy::Week => "%-d %b %Y",
        GroupBy::Month => "%b %Y",
    };
    start.strftime(format).to_string()
}

/// `day`, `week` or `month`.
pub(crate) fn bucket_word(group_by: GroupBy) -> &'static str {
    match group_by {
        GroupBy::Day => "day",
        GroupBy::Week => "week",
        GroupBy::Month => "month",
    }
}

/// An hour of the day as `05:30`.
pub(crate) fn format_clock(hour: f64) -> String {
    #[allow(clippy::cast_possible_truncation)]
    let minutes = ((hour * 60.0).round() as i64).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// An offset from UTC, such as `-07:00`.
pub(crate) fn format_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

/// `grey heron (Ardea cinerea)`, or the name alone.
pub(crate) fn name_class(class: &Class) -> String {
    match &class.vernacular {
        Some(vernacular) => format!("{vernacular} ({})", class.name),
        None => class.name.clone(),
    }
}

/// The same at the start of a sentence.
pub(crate) fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(whole(1_234_567_u64), "1,234,567");
        assert_eq!(whole(999_u64), "999");
        assert_eq!((rate(0.4563), times(1234.5)), ("0.46".into(), "1,234.50".into()));
        assert_eq!((days(12_201.4), days(7.25), days(7.0)), ("12,201".into(), "7.3".into(), "7".into()));
        assert_eq!(format_interval(1.0, None, times), "1.00 or more");
        assert_eq!([0.004, 0.999, 1.0].map(percent), ["under 1%", "over 99%", "100%"]);
    }

    #[test]
    fn a_p_value_is_never_nothing_and_never_rounded_across_the_limit() {
        assert_eq!([0.0001, 0.014, 1.0].map(p_value), ["p < 0.001", "p = 0.014", "p = 1.000"]);
        assert_eq!((p_value(0.0496), p_value(0.05)), ("p = 0.0496".into(), "p = 0.050".into()));
    }

    #[test]
    fn dates_and_hours_read_well() {
        let start = jiff::civil::date(2018, 9, 3);
        assert_eq!(when_in_bucket(start, GroupBy::Day), "on 3 September 2018");
        assert_eq!(when_in_bucket(start, GroupBy::Week), "in the week from 3 September 2018");
        assert_eq!(when_in_bucket(start, GroupBy::Month), "in September 2018");
        assert_eq!(label_bucket(start, GroupBy::Week), "3 Sep 2018");
        assert_eq!([5.5, 23.999, 0.0].map(format_clock), ["05:30", "00:00", "00:00"]);
        assert_eq!((format_offset(-25_200), format_offset(19_800)), ("-07:00".into(), "+05:30".into()));
        assert_eq!((shorten("Wildlife", 8), shorten("Wildlife", 5)), ("Wildlife".into(), "Wild…".into()));
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let items: Vec<String> = ["a", "b", "c", "d"].map(String::from).to_vec();
        assert_eq!(list(&items, 9), "a, b, c and d");
        assert_eq!(list(&items, 2), "a, b and 2 more");
        assert_eq!(list(&items[..1], 2), "a");
    }
}
