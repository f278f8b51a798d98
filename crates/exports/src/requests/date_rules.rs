//! The rules for the dates of a report over HTTP.

use jiff::ToSpan;
use jiff::civil::Date;

use super::reading::FieldError;

/// Longest period, in days from the first to the last.
const MAX_DAYS: i64 = 365;

/// The rules that a period violates, in the order of their numbers (VR-001 to VR-005). `is_group_by` says
/// that `group_by` is one of its three values.
pub fn violations(start: Date, end: Date, is_group_by: bool, today: Date) -> Vec<FieldError> {
    let last = start.checked_add(MAX_DAYS.days());
    let rules = [
        (start >= end, "start_date", "start_date must be before end_date"),
        (last.is_ok_and(|last| end > last), "end_date", "Date range cannot exceed 1 year"),
        (!is_group_by, "group_by", "group_by must be one of: day, month, week"),
        (start > today, "start_date", "start_date cannot be in the future"),
        (end > today, "end_date", "end_date cannot be in the future"),
    ];
    let violated = rules.into_iter().filter(|(is_violated, ..)| *is_violated);
    violated.map(|(_, field, text)| FieldError::new(field, text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(start: &str, end: &str, group_by: &str) -> Vec<String> {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let is_group_by = ["day", "week", "month"].contains(&group_by);
        let found = violations(date(start), date(end), is_group_by, date("2024-06-15"));
        found.into_iter().map(|error| error.detail).collect()
    }

    #[test]
    fn a_period_at_its_limits_is_fine() {
        assert!(texts("2023-06-16", "2024-06-15", "month").is_empty(), "365 days, until today");
        assert!(texts("2024-06-14", "2024-06-15", "day").is_empty());
    }

    #[test]
    fn each_rule_has_its_own_text() {
        let cases = [
            ("2024-05-01", "2024-05-01", "week", "start_date must be before end_date"),
            ("2023-06-01", "2024-06-01", "week", "Date range cannot exceed 1 year"),
            ("2024-05-01", "2024-06-01", "year", "group_by must be one of: day, month, week"),
            ("2024-06-01", "2024-06-16", "week", "end_date cannot be in the future"),
        ];
        for (start, end, group_by, expected) in cases {
            assert_eq!(texts(start, end, group_by), [expected], "{start} {end} {group_by}");
        }
    }

    #[test]
    fn all_violations_are_listed_in_their_order() {
        assert_eq!(
            texts("2024-06-20", "2024-06-16", "hour"),
            [
                "start_date must be before end_date",
                "group_by must be one of: day, month, week",
                "start_date cannot be in the future",
                "end_date cannot be in the future"
            ]
        );
    }
}
