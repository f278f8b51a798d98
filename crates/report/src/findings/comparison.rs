//! Findings of a comparison of periods.

use super::{find_name, has_enough, most_different, nothing};
use crate::data::{
    ComparedPeriod, ComparisonRow, FindingNumbers, NamedClass, NotTested, PeriodOverlapRow, ReportData,
};
use crate::ratios::ALPHA;
use crate::survey::Survey;
use crate::thresholds::LIMITS;

pub(crate) fn collect_comparison_findings(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    let mut found: Vec<FindingNumbers> = numbers.periods.iter().map(find_period).collect();
    if numbers.periods.iter().all(|period| period.events == 0) {
        found.insert(0, nothing::explain_nothing(survey));
        return found;
    }
    found.extend(find_lengths(numbers));
    found.extend(find_shared_days(numbers));
    found.extend(numbers.comparisons.iter().filter_map(|row| find_difference(survey, row)));
    found.extend(find_different_hours(survey, numbers));
    found.extend(find_rest(survey, numbers));
    found
}

fn find_period(period: &ComparedPeriod) -> FindingNumbers {
    FindingNumbers::Period {
        label: period.label.clone(),
        words: period.words.clone(),
        effort_days: period.effort_days,
        locations: period.locations_surveyed,
        events: period.events,
        classes: period.classes.len(),
    }
}

/// Days in common, which make periods less different than they are.
fn find_shared_days(numbers: &ReportData) -> Option<FindingNumbers> {
    let pairs: Vec<(String, String)> = numbers
        .periods
        .iter()
        .enumerate()
        .flat_map(|(at, period)| {
            let later = &numbers.periods[at + 1..];
            let shared = move |other: &&ComparedPeriod| period.overlapping.contains(&other.label);
            later.iter().filter(shared).map(|other| (period.label.clone(), other.label.clone()))
        })
        .collect();
    (!pairs.is_empty()).then_some(FindingNumbers::SharedDays { pairs })
}

fn find_lengths(numbers: &ReportData) -> Option<FindingNumbers> {
    let days: Vec<i64> = numbers.periods.iter().map(|period| period.days).collect();
    let (shortest, longest) = (*days.iter().min()?, *days.iter().max()?);
    (shortest != longest).then_some(FindingNumbers::Lengths { shortest, longest })
}

fn find_difference(survey: &Survey<'_>, row: &ComparisonRow) -> Option<FindingNumbers> {
    let p_adjusted = row.p_adjusted.filter(|_| row.differs)?;
    Some(FindingNumbers::Difference {
        class: find_name(survey.data(), &row.classification),
        a: row.a.clone(),
        b: row.b.clone(),
        events_a: row.events_a,
        events_b: row.events_b,
        rai_a: row.rai_a,
        rai_b: row.rai_b,
        rate_ratio: row.rate_ratio,
        low: row.corrected_low,
        high: row.corrected_high,
        p_adjusted,
    })
}

/// Of classes with many events in both periods, the most different first.
fn find_different_hours(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    let is_stated = |row: &PeriodOverlapRow| row.test.differs && has_enough(row.events_a, row.events_b);
    most_different(&numbers.period_overlaps, |row| is_stated(row).then_some(row.test.estimate))
        .map(|row| FindingNumbers::DifferentHoursBetweenPeriods {
            class: find_name(survey.data(), &row.classification),
            a: row.a.clone(),
            b: row.b.clone(),
            overlap: row.test.estimate,
            low: row.test.low,
            high: row.test.high,
            p_adjusted: row.test.p_adjusted,
        })
        .collect()
}

fn find_rest(survey: &Survey<'_>, numbers: &ReportData) -> Option<FindingNumbers> {
    let tested = numbers.comparisons.iter().filter(|row| row.p_value.is_some()).count();
    let classes = classes_in_order(numbers);
    let named_of = |is_such: &dyn Fn(&str) -> bool| -> Vec<NamedClass> {
        classes.iter().filter(|class| is_such(class)).map(|class| find_name(survey.data(), class)).collect()
    };
    // Tested where a difference could have been found: few locations give no small p.
    let could_hold =
        |row: &ComparisonRow| row.smallest_p.is_some_and(|smallest| smallest * (tested as f64) < ALPHA);
    let was_tested = |class: &str| rows_of(numbers, class).any(&could_hold);
    let alike = named_of(&|class| was_tested(class) && rows_of(numbers, class).all(|row| !row.differs));
    let has_few_events =
        |class: &str| rows_of(numbers, class).all(|row| row.not_tested == Some(NotTested::FewEvents));
    let too_few = named_of(&has_few_events);
    let few_locations = named_of(&|class| !was_tested(class) && !has_few_events(class));
    let is_empty = alike.is_empty() && too_few.is_empty() && few_locations.is_empty();
    (!is_empty).then_some(FindingNumbers::NotFound {
        tested,
        alike,
        threshold: LIMITS.test_events,
        too_few,
        few_locations,
    })
}

fn rows_of<'a>(numbers: &'a ReportData, class: &'a str) -> impl Iterator<Item = &'a ComparisonRow> {
    numbers.comparisons.iter().filter(move |row| row.classification == class)
}

/// Each class that was compared, once.
fn classes_in_order(numbers: &ReportData) -> Vec<&str> {
    let mut classes: Vec<&str> = Vec::new();
    for row in &numbers.comparisons {
        if !classes.contains(&row.classification.as_str()) {
            classes.push(&row.classification);
        }
    }
    classes
}
