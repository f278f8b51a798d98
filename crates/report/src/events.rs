//! Independent events.
//!
//! Records of one class at one location in order of time; a new event starts when more than a
//! number of minutes have passed since the end of the last record or, as a variant, of the last one
//! that started an event. Minutes are those between moments, not between readings of a clock. A
//! record exactly so many minutes later still belongs to the event, as in O'Brien, Kinnaird and
//! Wibisono (2003), Animal Conservation 6:131-139, who ask for more than half an hour; R
//! `camtrapR::recordTable` (`minDeltaTime`, `deltaTimeComparedTo`) starts a new event there.
//!
//! Events are made of all days of a data set; a period has those that begin in it, so a visit over
//! midnight counts once.

use std::ops::Range;

use detections::LocalTime;

use crate::base::SurveyBase;
use crate::records::Record;
use crate::request::{Cameras, IndependenceSince};

/// An independent event: a visit.
#[derive(Clone, Debug, PartialEq)]
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
    /// Range of its records.
    pub records: Range<u32>,
}

/// When a record is an event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Independence {
    /// Minutes that have to pass; with 0 each record is an event.
    pub minutes: u32,
    /// What they are counted from.
    pub since: IndependenceSince,
    /// Whether cameras of one location see the same visits.
    pub cameras: Cameras,
}

/// Groups `records`, ordered by class, place and moment, into events.
pub fn find_events(records: &[Record], base: &SurveyBase, independence: Independence) -> Vec<Event> {
    let gap = i64::from(independence.minutes) * 60;
    let mut events: Vec<Event> = Vec::new();
    // End of the record that the next one is compared with, and its camera.
    let mut last = (0, 0);
    for (row, record) in (0..).zip(records) {
        let (begin, end) = record.moments;
        let location = base.locations[record.deployment as usize];
        let same_camera = independence.cameras == Cameras::Together || last.1 == record.deployment;
        match events.last_mut() {
            Some(event)
                if gap > 0
                    && (event.class, event.location) == (record.class, location)
                    && same_camera
                    && begin - last.0 <= gap =>
            {
                event.group_size = event.group_size.max(record.group_size);
                event.records.end = row + 1;
                if independence.since == IndependenceSince::LastRecord {
                    // A long visit may end after shorter ones that began later.
                    last.0 = last.0.max(end);
                }
            }
            _ => {
                events.push(Event {
                    class: record.class,
                    location,
                    deployment: record.deployment,
                    time: record.time,
                    group_size: record.group_size,
                    records: row..row + 1,
                });
                last = (end, record.deployment);
            }
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two cameras at one place.
    fn one_place() -> SurveyBase {
        SurveyBase {
            locations: vec![0, 0],
            location_ranks: vec![0],
            deployment_ranks: vec![0, 1],
            ..SurveyBase::default()
        }
    }

    /// Events of one place, `minutes` apart.
    fn independent(records: &[Record], minutes: u32, since: IndependenceSince) -> Vec<Event> {
        find_events(records, &one_place(), Independence { minutes, since, cameras: Cameras::Together })
    }

    fn records(minutes: &[i64]) -> Vec<Record> {
        let record = |&minute: &i64| Record {
            class: 0,
            deployment: 0,
            time: LocalTime::from_seconds(minute * 60),
            moments: (minute * 60, minute * 60),
            group_size: u32::try_from(minute % 5 + 1).unwrap(),
            composition: crate::records::Composition::default(),
            rows: 1,
            confidence: (0.0, 0),
            unit: 0,
        };
        minutes.iter().map(record).collect()
    }

    #[test]
    fn exactly_half_an_hour_is_still_the_same_visit() {
        let found = independent(&records(&[0, 30, 61, 92]), 30, IndependenceSince::LastRecord);
        assert_eq!(found.iter().map(|e| e.time.seconds() / 60).collect::<Vec<_>>(), [0, 61, 92]);
    }

    #[test]
    fn a_visit_lasts_as_long_as_records_follow_each_other() {
        let found = independent(&records(&[0, 20, 44, 60]), 30, IndependenceSince::LastRecord);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].group_size, 5);
    }

    #[test]
    fn counted_from_its_first_record_no_visit_lasts_longer_than_the_minutes() {
        let found = independent(&records(&[0, 20, 44, 60, 74]), 30, IndependenceSince::LastEvent);
        assert_eq!(found.iter().map(|e| e.time.seconds() / 60).collect::<Vec<_>>(), [0, 44]);
    }

    #[test]
    fn the_minutes_run_from_the_end_of_a_visit() {
        let mut visits = records(&[0, 40, 75]);
        // The first lasts for 15 minutes, the second for none.
        visits[0].moments.1 = 15 * 60;
        assert_eq!(independent(&visits, 30, IndependenceSince::LastRecord).len(), 2);
        visits[0].moments.1 = 60 * 60;
        assert_eq!(independent(&visits, 30, IndependenceSince::LastRecord).len(), 1);
    }

    #[test]
    fn clocks_that_are_put_back_change_no_event() {
        // 02:50 summer time and 02:10 winter time are twenty minutes apart.
        let mut visits = records(&[170, 130]);
        (visits[0].moments, visits[1].moments) = ((0, 0), (1200, 1200));
        assert_eq!(independent(&visits, 30, IndependenceSince::LastRecord).len(), 1);
    }

    #[test]
    fn independent_cameras_see_visits_of_their_own() {
        let mut visits = records(&[0, 10, 50]);
        visits[1].deployment = 1;
        assert_eq!(independent(&visits, 30, IndependenceSince::LastRecord).len(), 2);
        visits.sort_by_key(|record| (record.deployment, record.moments));
        let apart =
            Independence { minutes: 60, since: IndependenceSince::LastRecord, cameras: Cameras::Independent };
        let found = find_events(&visits, &one_place(), apart);
        assert_eq!(found.iter().map(|event| event.records.clone()).collect::<Vec<_>>(), [0..2, 2..3]);
    }

    proptest! {
        #[test]
        fn the_variant_never_has_fewer_events(mut minutes in prop::collection::vec(0_i64..5000, 1..60)) {
            minutes.sort_unstable();
            let count = |since| independent(&records(&minutes), 30, since).len();
            prop_assert!(count(IndependenceSince::LastEvent) >= count(IndependenceSince::LastRecord));
        }

        #[test]
        fn a_longer_gap_never_makes_more_events(mut minutes in prop::collection::vec(0_i64..5000, 1..60)) {
            minutes.sort_unstable();
            let records = records(&minutes);
            let counts: Vec<usize> =
                [0, 1, 5, 30, 60, 600].iter().map(|&gap| independent(&records, gap, IndependenceSince::LastRecord).len()).collect();
            prop_assert_eq!(counts[0], records.len());
            prop_assert!(counts.is_sorted_by(|a, b| a >= b));
        }

        #[test]
        fn shifting_the_clock_changes_no_event(
            mut minutes in prop::collection::vec(0_i64..5000, 1..60), shift in 0_i64..100_000
        ) {
            minutes.sort_unstable();
            let shifted: Vec<i64> = minutes.iter().map(|minute| minute + shift).collect();
            for since in [IndependenceSince::LastRecord, IndependenceSince::LastEvent] {
                prop_assert_eq!(independent(&records(&minutes), 30, since).len(), independent(&records(&shifted), 30, since).len());
            }
        }
    }
}
