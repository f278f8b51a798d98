//! The time that a report covers, and its parts.

use detections::LocalTime;
use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From the start of the first day to the end of the last, in local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start: Date,
    /// Last day (inclusive).
    pub end: Date,
}

/// A length of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GroupByName)]
pub enum GroupBy {
    /// A civil day.
    Day,
    /// A calendar month.
    #[default]
    Month,
    /// An ISO week, which starts on Monday.
    Week,
}

/// The first year that a report may begin in: earlier years are typing errors, such as 18 for 2018.
pub const FIRST_YEAR: i16 = 1980;

impl Period {
    /// A year of the period that cannot have data: before [`FIRST_YEAR`], or after the one that follows
    /// `this_year`.
    pub fn impossible_year(self, this_year: i16) -> Option<i16> {
        let possible = FIRST_YEAR..=this_year.saturating_add(1);
        [self.start.year(), self.end.year()].into_iter().find(|year| !possible.contains(year))
    }

    /// First moment of the period.
    pub fn start_time(self) -> LocalTime {
        LocalTime::start_of(self.start)
    }

    /// First moment after the period.
    pub fn end_time(self) -> LocalTime {
        LocalTime::start_of(self.end).plus_days(1)
    }

    /// Whether a moment lies inside.
    pub fn contains(self, time: LocalTime) -> bool {
        self.start_time() <= time && time < self.end_time()
    }

    /// Number of days, both ends included.
    pub fn days(self) -> i64 {
        (self.end_time().seconds() - self.start_time().seconds()) / 86_400
    }

    /// Whether two periods have a day in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The buckets that cover the period, in order.
    pub fn buckets(self, group_by: GroupBy) -> Vec<Period> {
        let mut buckets = Vec::new();
        let mut start = self.start;
        while start <= self.end {
            let end = last_day(start, group_by).min(self.end);
            buckets.push(Period { start, end });
            match end.tomorrow() {
                Ok(next) => start = next,
                Err(_) => break,
            }
        }
        buckets
    }
}

fn last_day(of: Date, group_by: GroupBy) -> Date {
    match group_by {
        GroupBy::Day => of,
        GroupBy::Week => of.saturating_add((7 - of.weekday().to_monday_one_offset()).days()),
        GroupBy::Month => of.last_of_month(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn ends(period: Period, group_by: GroupBy) -> Vec<String> {
        period.buckets(group_by).iter().map(|b| format!("{}..{}", b.start, b.end)).collect()
    }

    #[test]
    fn months_are_cut_to_the_period() {
        let period = Period { start: date(2020, 1, 30), end: date(2020, 3, 1) };
        assert_eq!(
            ends(period, GroupBy::Month),
            ["2020-01-30..2020-01-31", "2020-02-01..2020-02-29", "2020-03-01..2020-03-01"]
        );
    }

    #[test]
    fn weeks_start_on_monday() {
        // 1 January 2021 was a Friday.
        let period = Period { start: date(2021, 1, 1), end: date(2021, 1, 12) };
        assert_eq!(
            ends(period, GroupBy::Week),
            ["2021-01-01..2021-01-03", "2021-01-04..2021-01-10", "2021-01-11..2021-01-12"]
        );
        assert_eq!(period.buckets(GroupBy::Day).len(), 12);
    }

    #[test]
    fn both_ends_are_inside() {
        let day = Period { start: date(2020, 5, 30), end: date(2020, 5, 30) };
        assert!(day.contains(LocalTime::start_of(day.start)));
        assert!(day.contains(LocalTime::from_seconds(day.end_time().seconds() - 1)));
        assert!(!day.contains(day.end_time()));
        assert_eq!(day.in_words(), "30 May 2020");
    }
}
