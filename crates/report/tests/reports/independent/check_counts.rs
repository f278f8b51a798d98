//! Effort, events, rates, occupancy and species of one period.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fields::{assert_close, assert_interval, count, number, optional_number, rows, text};
use super::naive::Naive;
use super::tables::{Survey, first_second, is_species};
use super::{intervals, richness};

pub fn assert_counts(numbers: &Value, naive: &Naive<'_>) {
    assert_close(number(numbers, "effort_days"), naive.effort_days(), 1e-3, "effort");
    assert_eq!(count(numbers, "locations_surveyed"), naive.effort().len());
    let events = naive.events_by_class();
    assert_eq!(count(numbers, "events"), events.values().sum::<usize>(), "events");
    assert_eq!(rows(numbers, "classes").len(), events.len());
    for row in rows(numbers, "classes") {
        assert_class(row, naive);
    }
    for bucket in rows(numbers, "buckets") {
        assert_bucket(bucket, naive);
    }
    let effort = naive.effort();
    for row in rows(numbers, "locations") {
        let location = text(row, "location");
        assert_eq!(count(row, "events"), naive.events_at(location), "events at {location}");
        assert_close(number(row, "effort_days"), effort[location], 1e-3, location);
    }
}

fn assert_class(row: &Value, naive: &Naive<'_>) {
    let class = text(row, "classification");
    let events = naive.events_of(class);
    assert_eq!(count(row, "events"), events, "events of {class}");
    assert_eq!(count(row, "individuals") as u64, naive.individuals(class), "individuals of {class}");
    assert_eq!(count(row, "records"), naive.records_of(class), "records of {class}");
    assert_close(number(row, "rai"), 100.0 * events as f64 / naive.effort_days(), 1e-3, class);
    let (occupied, surveyed) = (naive.events_by_location(class).len(), naive.effort().len());
    assert_eq!(count(row, "locations"), occupied, "locations of {class}");
    assert_close(number(row, "naive_occupancy"), occupied as f64 / surveyed as f64, 1e-3, class);
    let occupancy = (number(row, "occupancy_low"), number(row, "occupancy_high"));
    let wilson = intervals::wilson(occupied as f64, surveyed as f64);
    assert_interval(occupancy, wilson, &format!("the occupancy of {class}"));
    let rai = optional_number(row, "rai_low").zip(optional_number(row, "rai_high"));
    let expected = intervals::rate_interval(&naive.samples(class));
    assert_eq!(rai.is_some(), expected.is_some(), "{class} has an interval from two locations on");
    if let (Some(rai), Some((low, high))) = (rai, expected) {
        assert_interval(rai, (100.0 * low, 100.0 * high), &format!("the RAI of {class}"));
    }
}

/// First second of a bucket, and the first after it.
pub fn seconds_of(row: &Value) -> (i64, i64) {
    (first_second(text(row, "start")), first_second(text(row, "end")) + 86_400)
}

fn assert_bucket(bucket: &Value, naive: &Naive<'_>) {
    let (from, until) = seconds_of(bucket);
    let label = text(bucket, "label");
    let found = bucket["events"].as_object().unwrap().iter();
    let found: BTreeMap<String, usize> = found
        .map(|(class, events)| (class.clone(), usize::try_from(events.as_u64().unwrap()).unwrap()))
        .collect();
    assert_eq!(found, naive.events_between(from, until), "{label}");
    let effort: f64 = naive.effort_between(from, until).values().sum();
    assert_close(number(bucket, "effort_days"), effort, 1e-3, label);
}

/// What counts as a species is only known where the tables say in which taxa the classes lie; else some
/// names of no species may count as well.
pub fn assert_species(numbers: &Value, naive: &Naive<'_>, survey: &Survey, has_taxa: bool) {
    let days = naive.camera_days_by_class();
    let found: BTreeSet<String> = days.keys().cloned().collect();
    let counted = survey.species_among(&found);
    let row = &numbers["accumulation"];
    if !has_taxa {
        let observed = if row.is_null() { 0 } else { count(row, "observed") };
        let species = found.iter().filter(|name| is_species(name)).count();
        assert!((species..=found.len()).contains(&observed), "{observed} of {found:?}");
        return;
    }
    let incidences: Vec<u32> = counted.iter().map(|class| days[class]).collect();
    assert_eq!(count(row, "observed"), incidences.len(), "{counted:?}");
    let units = u32::try_from(count(row, "units")).unwrap();
    let (worked, touched) = naive.camera_days();
    assert!((worked..=touched).contains(&units), "{units} days of locations, not {worked} to {touched}");
    let on = |number: u32| incidences.iter().filter(|days| **days == number).count();
    assert_eq!((count(row, "uniques"), count(row, "duplicates")), (on(1), on(2)));
    let (expected, interval) = richness::chao2(&incidences, units);
    assert_close(number(row, "chao2"), expected, 1e-3, "Chao2");
    let found = (number(row, "chao2_low"), number(row, "chao2_high"));
    assert!(found.0 <= expected + 1e-3 && expected <= found.1 + 1e-3, "{found:?} holds {expected}");
    if let Some(interval) = interval {
        assert_interval(found, interval, "Chao2");
    }
    for point in rows(row, "curve").iter().step_by(7) {
        let drawn = u32::try_from(count(point, "camera_days")).unwrap();
        let expected = richness::expected_species(&incidences, units, drawn);
        // The name of the field is not what is calculated here.
        let found = point.get("species").or_else(|| point.get("classes")).and_then(Value::as_f64).unwrap();
        assert_close(found, expected, 1e-3, &format!("species in {drawn} camera-days"));
    }
}
