//! What the data show: the numbers of a report that are worth a sentence.
//!
//! A difference is stated only if its p-value is below 5% after Holm's correction; what was tested and not
//! found is one closing line. No cause is claimed.

mod comparison;
mod nothing;

pub(crate) use comparison::collect_comparison_findings;

use std::ops::Range;

use detections::Dataset;

use crate::data::{BucketTest, ClassRow, FindingNumbers, NamedClass, NightBy, OverlapRow, ReportData};
use crate::events::Event;
use crate::prose::format::{name_class, when_in_bucket};
use crate::survey::Survey;
use crate::thresholds::LIMITS;

/// Hours that count as day where sunrise is not known.
pub(crate) const DAYTIME: Range<f64> = 6.0..18.0;
/// Classes that have sentences of their own, and pairs of them.
const MOST: usize = 3;

pub(crate) fn collect_findings(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    if survey.events.is_empty() {
        return vec![nothing::explain_nothing(survey)];
    }
    let mut found = vec![find_total(survey, numbers)];
    for row in numbers.classes.iter().filter(|row| row.events >= LIMITS.statement_events).take(MOST) {
        found.push(find_frequency(survey, numbers, row));
        let test = numbers.bucket_tests.iter().find(|test| test.classification == row.classification);
        found.extend(test.filter(|test| test.differs).map(|test| find_highest_bucket(survey, numbers, test)));
        found.extend(find_night_share(survey, numbers, row));
    }
    found.extend(find_different_hours(survey, numbers));
    found.extend(find_ratios(survey, numbers));
    found.extend(find_richness(numbers));
    found.extend(find_rest(survey, numbers));
    found
}

/// A class with its everyday name.
fn find_name(data: &Dataset, classification: &str) -> NamedClass {
    let class = data.find_class(classification).map(|number| &data.classes[number as usize]);
    NamedClass {
        classification: classification.into(),
        name: class.map_or_else(|| classification.to_owned(), name_class),
    }
}

fn find_total(survey: &Survey<'_>, numbers: &ReportData) -> FindingNumbers {
    let kept: Vec<&ClassRow> = numbers.classes.iter().filter(|row| row.domestic).collect();
    FindingNumbers::Total {
        effort_days: numbers.effort_days,
        locations: numbers.locations_surveyed,
        events: numbers.events,
        classes: numbers.classes.len(),
        individuals: numbers.individuals,
        domestic_events: kept.iter().map(|row| row.events).sum(),
        domestic: kept.iter().map(|row| find_name(survey.data(), &row.classification)).collect(),
    }
}

fn find_frequency(survey: &Survey<'_>, numbers: &ReportData, row: &ClassRow) -> FindingNumbers {
    let mut others = numbers.classes.iter().filter(|other| other.classification != row.classification);
    let is_most = numbers.classes.len() > 1 && others.all(|other| other.events < row.events);
    FindingNumbers::Frequency {
        class: find_name(survey.data(), &row.classification),
        is_most,
        events: row.events,
        events_of_all: numbers.events,
        locations: row.locations,
        locations_surveyed: numbers.locations_surveyed,
        rai: row.rai.unwrap_or_default(),
        rai_low: row.rai_low,
        rai_high: row.rai_high,
    }
}

fn find_highest_bucket(survey: &Survey<'_>, numbers: &ReportData, test: &BucketTest) -> FindingNumbers {
    FindingNumbers::HighestBucket {
        class: find_name(survey.data(), &test.classification),
        bucket: when_in_bucket(test.start, numbers.group_by),
        start: test.start,
        end: test.end,
        rai: test.rai_highest,
        rai_rest: test.rai_rest,
        rate_ratio: test.rate_ratio,
        low: test.low,
        high: test.high,
        stands_out: test.stands_out,
        p_adjusted: test.p_adjusted,
    }
}

/// How many events began at night or, where sunset is not known, outside [`DAYTIME`].
fn find_night_share(survey: &Survey<'_>, numbers: &ReportData, row: &ClassRow) -> Option<FindingNumbers> {
    let activity = numbers.activity.iter().find(|of| of.classification == row.classification);
    let (night, share) = if let Some(share) = activity.and_then(|row| row.night.clone()) {
        (NightBy::Sun, share)
    } else {
        let class = survey.data().find_class(&row.classification)?;
        let is_dark = |event: &Event| Some(!DAYTIME.contains(&event.time.hour_of_day()));
        (NightBy::Clock, survey.share_of_events(class, is_dark)?)
    };
    // Without an interval, of one location, there is no claim.
    let (low, high) = share.low.zip(share.high).filter(|_| share.of >= LIMITS.statement_events)?;
    Some(FindingNumbers::Night {
        class: find_name(survey.data(), &row.classification),
        night,
        events: share.events,
        of: share.of,
        share: share.share,
        low,
        high,
    })
}

/// Whether an overlap of samples with so many events is stated.
fn has_enough(events_a: usize, events_b: usize) -> bool {
    events_a.min(events_b) >= LIMITS.overlap_events
}

/// The first few of the overlaps that are stated, of which `estimate` has a number, the smallest first.
fn most_different<R>(rows: &[R], estimate: impl Fn(&R) -> Option<f64>) -> impl Iterator<Item = &R> {
    let mut stated: Vec<(f64, &R)> = rows.iter().filter_map(|row| Some((estimate(row)?, row))).collect();
    stated.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    stated.into_iter().take(MOST).map(|(_, row)| row)
}

/// Pairs of classes with many events whose curves differ, the most different first.
fn find_different_hours(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    let is_stated = |row: &OverlapRow| row.test.differs && has_enough(row.events_a, row.events_b);
    most_different(&numbers.overlaps, |row| is_stated(row).then_some(row.test.estimate))
        .map(|row| FindingNumbers::DifferentHours {
            a: find_name(survey.data(), &row.a),
            b: find_name(survey.data(), &row.b),
            overlap: row.test.estimate,
            low: row.test.low,
            high: row.test.high,
            p_adjusted: row.test.p_adjusted,
        })
        .collect()
}

/// Sex ratio and recruitment, where there are females enough to hold others against.
fn find_ratios(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    numbers
        .ratios
        .iter()
        .filter(|row| row.base_events >= LIMITS.statement_events && !row.ratio.starts_with("events with"))
        .map(|row| FindingNumbers::Ratio {
            ratio: row.ratio.clone(),
            classification: row.classification.as_deref().map(|name| find_name(survey.data(), name)),
            unit: row.unit,
            count: row.count,
            base: row.base,
            estimate: row.estimate,
            low: row.low,
            high: row.high,
        })
        .collect()
}

/// How many species were probably missed.
fn find_richness(numbers: &ReportData) -> Option<FindingNumbers> {
    let row = numbers.accumulation.as_ref().filter(|_| numbers.events >= LIMITS.statement_events)?;
    Some(FindingNumbers::Richness {
        observed: row.observed,
        uniques: row.uniques,
        chao2: row.chao2,
        low: row.chao2_low,
        high: row.chao2_high,
    })
}

fn find_rest(survey: &Survey<'_>, numbers: &ReportData) -> Option<FindingNumbers> {
    let (enough, few): (Vec<&ClassRow>, Vec<&ClassRow>) =
        numbers.classes.iter().partition(|row| row.events >= LIMITS.statement_events);
    let name = |row: &ClassRow| find_name(survey.data(), &row.classification);
    let is_alike = |row: &ClassRow| {
        let mut tests = numbers.bucket_tests.iter();
        tests.any(|test| test.classification == row.classification && !test.differs)
    };
    let alike: Vec<NamedClass> =
        enough.into_iter().take(MOST).filter(|row| is_alike(row)).map(name).collect();
    let too_few: Vec<NamedClass> = few.into_iter().map(name).collect();
    (!alike.is_empty() || !too_few.is_empty()).then(|| FindingNumbers::NotFound {
        tested: numbers.bucket_tests.len(),
        alike,
        threshold: LIMITS.statement_events,
        too_few,
        few_locations: Vec::new(),
    })
}
