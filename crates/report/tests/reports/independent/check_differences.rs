//! Comparisons of periods, tests of months, and ratios of kinds of animals.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check_counts::seconds_of;
use super::check_times::assert_corrected;
use super::fields::{
    assert_close, assert_interval, count, is_true, number, optional_number, optional_text, rows, text,
};
use super::intervals::{self, Pair};
use super::naive::{Naive, Visit};
use super::permutations::{Cell, test_buckets, test_rates};

/// Permutations that a report draws.
const PERMUTATIONS: f64 = 10_000.0;

/// Events and effort of each location that worked in either period.
fn pairs(first: &Naive<'_>, second: &Naive<'_>, class: &str) -> Vec<Pair> {
    let (e1, e2) = (first.effort(), second.effort());
    let (y1, y2) = (first.events_by_location(class), second.events_by_location(class));
    let locations: BTreeSet<&String> = e1.keys().chain(e2.keys()).collect();
    let value = |of: &BTreeMap<String, f64>, location: &str| of.get(location).copied().unwrap_or(0.0);
    let pair = |location: &String| Pair {
        first: (value(&y1, location), value(&e1, location)),
        second: (value(&y2, location), value(&e2, location)),
    };
    locations.into_iter().map(pair).collect()
}

/// Rates of both periods, their ratios, and which of them are differences. There are two periods alone.
pub fn assert_comparisons(numbers: &Value, first: &Naive<'_>, second: &Naive<'_>) {
    let found = rows(numbers, "comparisons");
    let tested = found.iter().filter(|row| !row["p_value"].is_null()).count();
    for row in found {
        let class = text(row, "classification");
        let pairs = pairs(first, second, class);
        assert_rates(row, first, second);
        assert_not_tested(row, &pairs);
        if optional_text(row, "method") == Some("log_t") {
            assert_log_t(row, &pairs, tested);
        }
        if optional_text(row, "method") == Some("one_sided") {
            assert_one_sided(row, &pairs, tested);
        }
        if let Some(p) = optional_number(row, "p_value") {
            let expected = test_rates(&pairs);
            assert_close(p, expected.value, expected.tolerance(PERMUTATIONS), &format!("p of {class}"));
        }
        assert_agreement(row);
    }
    assert_corrected(found);
}

fn assert_rates(row: &Value, first: &Naive<'_>, second: &Naive<'_>) {
    let class = text(row, "classification");
    for (naive, side) in [(first, "a"), (second, "b")] {
        let (events, effort) = (naive.events_of(class), naive.effort());
        assert_eq!(count(row, &format!("events_{side}")), events, "{class} in {side}");
        assert_eq!(count(row, &format!("locations_{side}")), effort.len(), "locations in {side}");
        let rai = 100.0 * events as f64 / naive.effort_days();
        assert_close(number(row, &format!("rai_{side}")), rai, 1e-3, class);
    }
    let (a, b) = (first.events_of(class) as f64, second.events_of(class) as f64);
    let expected = b / second.effort_days() / (a / first.effort_days());
    match optional_number(row, "rate_ratio") {
        Some(found) => assert_close(found, expected, 1e-3 * (1.0 + expected), class),
        None => assert!(a < 1.0, "{class} has a ratio"),
    }
}

/// The reason that a row gives is one that holds, and it gives one where any does.
fn assert_not_tested(row: &Value, pairs: &[Pair]) {
    let events = |pair: &Pair| pair.first.0 + pair.second.0;
    let in_first = pairs.iter().filter(|pair| pair.first.1 > 0.0).count();
    let in_second = pairs.iter().filter(|pair| pair.second.1 > 0.0).count();
    let reasons: Vec<&str> = [
        (intervals::sum_of(pairs, events) < 20.0, "few_events"),
        (in_first.min(in_second) < 6, "few_locations"),
        (pairs.iter().filter(|pair| events(pair) > 0.0).count() < 3, "at_few_locations"),
    ]
    .into_iter()
    .filter_map(|(holds, reason)| holds.then_some(reason))
    .collect();
    match optional_text(row, "not_tested") {
        Some(reason) => assert!(reasons.contains(&reason), "{row}: {reasons:?}"),
        None => assert!(reasons.is_empty(), "{row}: {reasons:?}"),
    }
    assert_eq!(row["p_value"].is_null(), !reasons.is_empty(), "{row}");
}

/// The interval at 5%, and the one that is corrected for all that were tested.
fn assert_log_t(row: &Value, pairs: &[Pair], tested: usize) {
    let (_, own) = intervals::rate_ratio(pairs, 0.05);
    assert_end(row, "low", own.0);
    assert_end(row, "high", own.1);
    if !row["p_value"].is_null() {
        let (_, corrected) = intervals::rate_ratio(pairs, 0.05 / tested as f64);
        assert_end(row, "corrected_low", corrected.0);
        assert_end(row, "corrected_high", corrected.1);
    }
}

/// Where one period has no event, the end on the side of the other.
fn assert_one_sided(row: &Value, pairs: &[Pair], tested: usize) {
    for (low, high, alpha) in
        [("low", "high", 0.05), ("corrected_low", "corrected_high", 0.05 / tested as f64)]
    {
        if low == "corrected_low" && row["p_value"].is_null() {
            continue;
        }
        if intervals::sum_of(pairs, |pair| pair.first.0) > 0.0 {
            assert_end(row, low, 0.0);
            assert_end(row, high, intervals::limit_beside(pairs, |pair| (pair.first, pair.second.1), alpha));
        } else {
            let limit = intervals::limit_beside(pairs, |pair| (pair.second, pair.first.1), alpha);
            assert_end(row, low, 1.0 / limit);
            assert!(row[high].is_null(), "{row}");
        }
    }
}

/// An end is the one of the formula, or was moved to 1, where the test says otherwise.
fn assert_end(row: &Value, name: &str, expected: f64) {
    let Some(found) = optional_number(row, name) else { panic!("{name} is null in {row}") };
    let is_moved = (found - 1.0).abs() < 1e-9;
    assert!(
        is_moved || (found - expected).abs() <= 2e-4 + 2e-3 * expected,
        "{name}: {expected} and not {row}"
    );
}

/// The corrected interval leaves out no change where a difference is claimed, and there alone.
fn assert_agreement(row: &Value) {
    let low = optional_number(row, "corrected_low");
    let high = optional_number(row, "corrected_high");
    if row["p_value"].is_null() {
        assert!(low.is_none() && high.is_none() && !is_true(row, "differs"), "{row}");
        return;
    }
    let (low, high) = (low.unwrap_or(0.0), high.unwrap_or(f64::INFINITY));
    if is_true(row, "differs") {
        assert!(low >= 1.0 || high <= 1.0, "{row}");
    } else {
        assert!(low <= 1.0 && high >= 1.0, "{row}");
    }
}

/// The month with the highest rate, compared with the others, and the correction over all species.
pub fn assert_bucket_tests(numbers: &Value, naive: &Naive<'_>) {
    let buckets: Vec<&Value> =
        rows(numbers, "buckets").iter().filter(|bucket| number(bucket, "effort_days") > 0.0).collect();
    for row in rows(numbers, "bucket_tests") {
        let class = text(row, "classification");
        let count_in = |bucket: &Value| {
            let (from, until) = seconds_of(bucket);
            naive.events_between(from, until).get(class).copied().unwrap_or(0)
        };
        let (events, effort) = (count_in(row), effort_in(row, naive));
        assert_eq!(count(row, "events_highest"), events, "{row}");
        assert_close(number(row, "effort_highest"), effort, 1e-3, class);
        let rate = events as f64 / effort;
        assert_close(number(row, "rai_highest"), 100.0 * rate, 1e-3 * (1.0 + 100.0 * rate), class);
        let rest = (naive.events_of(class) - events) as f64 / (naive.effort_days() - effort);
        assert_close(number(row, "rai_rest"), 100.0 * rest, 1e-3 * (1.0 + 100.0 * rest), class);
        if let Some(ratio) = optional_number(row, "rate_ratio") {
            assert_close(ratio, rate / rest, 2e-3 * (1.0 + rate / rest), class);
        }
        let cells = cells_of(&buckets, naive, class);
        let expected = test_buckets(&cells, buckets.len());
        let p = number(row, "p_value");
        assert_close(
            p,
            expected.value,
            expected.tolerance(PERMUTATIONS),
            &format!("p of the buckets of {class}"),
        );
        assert_highest(row, &buckets, &cells);
        for bucket in &buckets {
            let other = count_in(bucket) as f64 / effort_in(bucket, naive);
            assert!(other <= rate + 1e-9, "{class}: {bucket} has a higher rate than {row}");
        }
    }
    assert_corrected(rows(numbers, "bucket_tests"));
}

/// Camera-days and events of each location in each bucket in which it worked.
fn cells_of(buckets: &[&Value], naive: &Naive<'_>, class: &str) -> Vec<Vec<Cell>> {
    let mut locations: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for (number, bucket) in buckets.iter().enumerate() {
        let (from, until) = seconds_of(bucket);
        for (location, effort) in naive.effort_between(from, until) {
            let is_there =
                |visit: &&Visit| visit.location == location && from <= visit.time && visit.time < until;
            let events = naive.visits_of(class).filter(is_there).count() as f64;
            locations.entry(location).or_default().push((number, effort, events));
        }
    }
    locations.into_values().collect()
}

/// The interval of the highest bucket against the rest, corrected for the choice among all.
fn assert_highest(row: &Value, buckets: &[&Value], cells: &[Vec<Cell>]) {
    let highest = buckets.iter().position(|bucket| bucket["start"] == row["start"]).unwrap();
    let sum = |location: &Vec<Cell>, is_wanted: &dyn Fn(usize) -> bool| {
        let wanted = location.iter().filter(|cell| is_wanted(cell.0));
        wanted.fold((0.0, 0.0), |(events, effort), cell| (events + cell.2, effort + cell.1))
    };
    let pair = |location: &Vec<Cell>| Pair {
        first: sum(location, &|bucket| bucket != highest),
        second: sum(location, &|bucket| bucket == highest),
    };
    let pairs: Vec<Pair> = cells.iter().map(pair).collect();
    if intervals::sum_of(&pairs, |pair| pair.first.0) > 0.0 {
        let (_, expected) = intervals::rate_ratio(&pairs, 0.05 / buckets.len() as f64);
        assert_end(row, "low", expected.0);
        assert_end(row, "high", expected.1);
    }
}

fn effort_in(bucket: &Value, naive: &Naive<'_>) -> f64 {
    let (from, until) = seconds_of(bucket);
    naive.effort_between(from, until).values().sum()
}

/// A row of the ratios, by its name and class.
pub fn ratio_row<'v>(numbers: &'v Value, ratio: &str, class: Option<&str>) -> &'v Value {
    let is_it = |row: &&Value| text(row, "ratio") == ratio && optional_text(row, "classification") == class;
    let found = rows(numbers, "ratios").iter().find(is_it);
    found.unwrap_or_else(|| panic!("there is no {ratio} of {class:?} in {}", numbers["ratios"]))
}

/// Each estimate is its count over its base, and lies in its interval.
pub fn assert_ratios(numbers: &Value) {
    for row in rows(numbers, "ratios") {
        assert!(["events", "animals"].contains(&text(row, "unit")), "{row}");
        let Some(estimate) = optional_number(row, "estimate") else { continue };
        assert_close(estimate, number(row, "count") / number(row, "base"), 1e-3, &row.to_string());
        let low = optional_number(row, "low").unwrap_or(0.0);
        let high = optional_number(row, "high").unwrap_or(f64::INFINITY);
        assert!(low <= estimate + 1e-4 && estimate <= high + 1e-4, "{row}");
    }
}

/// Events of one class for each event of another, at the locations that were surveyed.
pub fn assert_ratio_of_events(row: &Value, naive: &Naive<'_>, [class, base]: [&str; 2]) {
    let (events, base_events) = (naive.events_of(class), naive.events_of(base));
    assert_eq!((count(row, "events"), count(row, "base_events")), (events, base_events), "{row}");
    assert_close(number(row, "estimate"), events as f64 / base_events as f64, 1e-3, class);
    let pairs: Vec<Pair> = naive
        .samples(base)
        .into_iter()
        .zip(naive.samples(class))
        .map(|(first, second)| Pair { first, second })
        .collect();
    let (_, interval) = intervals::rate_ratio(&pairs, 0.05);
    let found = (number(row, "low"), number(row, "high"));
    assert_interval(found, interval, &format!("{class} for each {base}"));
}
