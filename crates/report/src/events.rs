//! Independent events.
//!
//! Records of one class at one location in order of time; a new event starts when more than a
//! number of minutes have passed since the last record. Source: R `camtrapR::recordTable` with
//! `deltaTimeComparedTo = "lastRecord"`; O'Brien, Kinnaird and Wibisono (2003), Animal
//! Conservation 6:131-139, for the half hour.

use detections::{Level, LocalTime};

use crate::records::Record;

/// A visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Class of its records.
    pub class: u32,
    /// Location of its records.
    pub location: u32,
    /// Deployment of its first record.
    pub deployment: u32,
    /// Time of its first record.
    pub time: LocalTime,
    /// Largest group in one of its records.
    pub group_size: u32,
    /// The level of its first record.
    pub level: Level,
}

/// Groups `records`, ordered by class, location and time, into independent events.
///
/// With `independence_minutes` 0 each record is an event.
pub fn independent(records: &[Record], independence_minutes: u32) -> Vec<Event> {
    let gap = i64::from(independence_minutes) * 60;
    let mut events: Vec<Event> = Vec::new();
    let mut last: Option<&Record> = None;
    for record in records {
        let joins = gap > 0
            && last.is_some_and(|last| {
                (last.class, last.location) == (record.class, record.location)
                    && record.time.seconds() - last.time.seconds() <= gap
            });
        match events.last_mut() {
            Some(event) if joins => event.group_size = event.group_size.max(record.group_size),
            _ => events.push(Event {
                class: record.class,
                location: record.location,
                deployment: record.deployment,
                time: record.time,
                group_size: record.group_size,
                level: record.level,
            }),
        }
        last = Some(record);
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(minutes: &[i64]) -> Vec<Record> {
        let record = |&minute: &i64| Record {
            class: 0,
            location: 0,
            deployment: 0,
            time: LocalTime::from_seconds(minute * 60),
            group_size: u32::try_from(minute % 5 + 1).unwrap(),
            level: Level::Media,
        };
        minutes.iter().map(record).collect()
    }

    #[test]
    fn exactly_half_an_hour_is_still_the_same_visit() {
        let found = independent(&records(&[0, 30, 61, 92]), 30);
        assert_eq!(found.iter().map(|e| e.time.seconds() / 60).collect::<Vec<_>>(), [0, 61, 92]);
    }

    #[test]
    fn a_visit_lasts_as_long_as_records_follow_each_other() {
        let found = independent(&records(&[0, 20, 44, 60]), 30);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].group_size, 5);
    }

    proptest! {
        #[test]
        fn a_longer_gap_never_makes_more_events(mut minutes in prop::collection::vec(0_i64..5000, 1..60)) {
            minutes.sort_unstable();
            let records = records(&minutes);
            let counts: Vec<usize> =
                [0, 1, 5, 30, 60, 600].iter().map(|&gap| independent(&records, gap).len()).collect();
            prop_assert_eq!(counts[0], records.len());
            prop_assert!(counts.is_sorted_by(|a, b| a >= b));
        }

        #[test]
        fn shifting_the_clock_changes_no_event(
            mut minutes in prop::collection::vec(0_i64..5000, 1..60), shift in 0_i64..100_000
        ) {
            minutes.sort_unstable();
            let shifted: Vec<i64> = minutes.iter().map(|minute| minute + shift).collect();
            prop_assert_eq!(independent(&records(&minutes), 30).len(), independent(&records(&shifted), 30).len());
        }
    }
}
