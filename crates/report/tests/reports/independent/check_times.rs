//! Activity, shares at night and overlaps of one period.

use serde_json::Value;

use super::fields::{assert_close, count, is_true, number, rows, text};
use super::naive::Naive;
use super::permutations::test_activity;
use super::{circular, intervals};

/// Fewer events are too few for a curve that is compared with another.
const ENOUGH: usize = 20;
/// Overlaps whose test is calculated a second time, which takes a second each.
const TESTED: usize = 3;
/// Pairs of more events are not dealt out anew.
const DEALT: usize = 500;
/// The fewest permutations that a report draws for a test of activity.
const FEWEST_PERMUTATIONS: f64 = 999.0;

pub fn assert_activity(numbers: &Value, naive: &Naive<'_>) {
    for row in rows(numbers, "activity") {
        let class = text(row, "classification");
        assert_eq!(count(row, "records"), naive.records_of(class), "records of {class}");
        assert_eq!(count(row, "events"), naive.events_of(class), "events of {class}");
        if naive.events_of(class) < ENOUGH {
            continue;
        }
        let curve = circular::activity(&naive.times(class));
        for (hour, (found, expected)) in rows(row, "density").iter().zip(curve).enumerate() {
            let found = found.as_f64().unwrap();
            assert_close(found, expected, 0.02 + 0.02 * expected, &format!("{class} at {hour}"));
        }
    }
}

/// Events at night, by another formula for the sun; the few at dusk may fall either way.
pub fn assert_nights(numbers: &Value, naive: &Naive<'_>, offset_hours: Option<f64>) {
    for row in rows(numbers, "activity") {
        let class = text(row, "classification");
        let night = &row["night"];
        let cells = naive.nights(class, offset_hours);
        let expected = intervals::sum_of(&cells, |cell| cell.0);
        let (found, of) = (count(night, "events") as f64, count(night, "of") as f64);
        assert_close(found, expected, 1.0 + 0.02 * of, &format!("nights of {class}"));
        assert_close(number(night, "share"), found / of, 1e-3, &format!("the share of nights of {class}"));
        if cells.len() < 2 {
            assert!(night["low"].is_null() && night["high"].is_null(), "{row}");
        } else if (found - expected).abs() < 0.5 {
            // The same number, of which one may have moved from one location to another.
            let (low, high) = intervals::share_interval(&cells);
            assert_close(number(night, "low"), low, 0.02, &format!("lower end of the nights of {class}"));
            assert_close(number(night, "high"), high, 0.02, &format!("upper end of the nights of {class}"));
        }
    }
}

/// All pairs of species with enough events, and a few of their tests.
pub fn assert_overlaps(numbers: &Value, naive: &Naive<'_>) {
    let events = naive.events_by_class();
    let enough = events.values().filter(|events| **events >= ENOUGH).count();
    let found = rows(numbers, "overlaps");
    assert_eq!(found.len(), enough * enough.saturating_sub(1) / 2, "each pair of {enough} species");
    let mut tested = 0;
    for row in found {
        let sides = [text(row, "a"), text(row, "b")];
        assert_eq!([count(row, "events_a"), count(row, "events_b")], sides.map(|class| events[class]));
        assert_overlap(row, [naive, naive], sides);
        // Each deal of a large sample takes its density at all times of all events.
        if tested < TESTED && events[sides[0]] + events[sides[1]] < DEALT {
            tested += 1;
            assert_test(row, [naive, naive], sides);
        }
    }
    assert_corrected(found);
}

/// The overlap of a class in one survey with a class in another.
pub fn assert_overlap(row: &Value, sides: [&Naive<'_>; 2], classes: [&str; 2]) {
    let [a, b] = [sides[0].times(classes[0]), sides[1].times(classes[1])];
    let what = format!("the overlap of {} and {}", classes[0], classes[1]);
    let estimator = if circular::is_small(&a, &b) { "dhat1" } else { "dhat4" };
    assert_eq!(text(row, "estimator"), estimator, "{what}");
    let (estimate, low, high) = (number(row, "estimate"), number(row, "low"), number(row, "high"));
    assert_close(estimate, circular::overlap(&a, &b), 0.004, &what);
    assert!(0.0 <= low && low <= estimate && estimate <= high && high <= 1.0, "{what}: {low} to {high}");
    assert!(["locations", "events"].contains(&text(row, "resampled")), "{what}");
}

pub fn assert_test(row: &Value, sides: [&Naive<'_>; 2], classes: [&str; 2]) {
    let [a, b] = [sides[0].event_hours(classes[0]), sides[1].event_hours(classes[1])];
    let expected = test_activity(&a, &b);
    let what = format!("p of the same activity of {} and {}", classes[0], classes[1]);
    assert_close(number(row, "p_value"), expected.value, expected.tolerance(FEWEST_PERMUTATIONS), &what);
}

/// Holm's correction over the rows that were tested, and the verdicts that follow from it.
pub fn assert_corrected(rows: &[Value]) {
    let tested: Vec<&Value> = rows.iter().filter(|row| !row["p_value"].is_null()).collect();
    let p_values: Vec<f64> = tested.iter().map(|row| number(row, "p_value")).collect();
    // Rows show five digits at least.
    let tolerance = 1e-4 + 1e-5 * p_values.len() as f64;
    for (row, expected) in tested.iter().zip(intervals::holm(&p_values)) {
        let found = number(row, "p_adjusted");
        assert_close(found, expected, tolerance, &format!("p after correction of {row}"));
        assert_eq!(is_true(row, "differs"), found < 0.05, "{row}");
        assert!(number(row, "p_value") > 0.0, "{row}");
    }
    for row in rows.iter().filter(|row| row["p_value"].is_null()) {
        assert!(row["p_adjusted"].is_null() && !is_true(row, "differs"), "{row}");
    }
}
