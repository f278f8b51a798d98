//! What the data show: which numbers of a report are said in sentences.
//!
//! A difference is called one only when its p-value says so after Holm's correction; what was not
//! found is one closing line. No cause is claimed.

mod comparison;
mod nothing;
mod sentences;

pub(crate) use comparison::comparison_findings;

use detections::Dataset;

use crate::data::{
    ActivityRow, BucketTest, ClassRow, Finding, FindingNumbers, NamedClass, NightBy, OverlapRow, ReportData,
    ShareRow,
};
use crate::period::{Bucket, GroupBy};
use crate::prose::name_class;
use crate::survey::Survey;

/// Fewer events than this are too few to say anything about.
pub(crate) const ENOUGH: usize = 20;
/// Fewer events than this of a class are too few to state an overlap; the table and the JSON have it.
pub(crate) const ENOUGH_FOR_OVERLAP: usize = 50;
/// Classes that have sentences of their own, and pairs of them.
const MOST: usize = 3;

pub(crate) fn findings(survey: &Survey<'_>, numbers: &ReportData) -> Vec<Finding> {
    if survey.events.is_empty() {
        return vec![Finding::new(nothing::explain(survey))];
    }
    let mut found = vec![total(survey, numbers)];
    for row in numbers.classes.iter().filter(|row| row.events >= ENOUGH).take(MOST) {
        let others = numbers.classes.iter().filter(|other| other.classification != row.classification);
        let is_most = others.clone().count() > 0 && others.clone().all(|other| other.events < row.events);
        found.push(frequency(survey, numbers, row, is_most));
        let test = numbers.bucket_tests.iter().find(|test| test.classification == row.classification);
        found.extend(test.filter(|test| test.differs).map(|test| highest_bucket(survey, test)));
        let activity = numbers.activity.iter().find(|of| of.classification == row.classification);
        found.extend(night(survey, row, activity));
    }
    found.extend(different_hours(survey, numbers));
    found.extend(ratios(survey, numbers));
    found.extend(richness(numbers));
    found.extend(not_found(survey, numbers));
    found.into_iter().map(Finding::new).collect()
}

/// A class with its everyday name.
fn named(data: &Dataset, classification: &str) -> NamedClass {
    let class = data.class(classification).map(|number| &data.classes[number as usize]);
    NamedClass {
        classification: classification.into(),
        name: class.map_or_else(|| classification.to_owned(), name_class),
    }
}

fn total(survey: &Survey<'_>, numbers: &ReportData) -> FindingNumbers {
    let kept: Vec<&ClassRow> = numbers.classes.iter().filter(|row| row.domestic).collect();
    FindingNumbers::Total {
        effort_days: numbers.effort_days,
        locations: numbers.locations_surveyed,
        events: numbers.events,
        classes: numbers.classes.len(),
        individuals: numbers.individuals,
        domestic_events: kept.iter().map(|row| row.events).sum(),
        domestic: kept.iter().map(|row| named(survey.data(), &row.classification)).collect(),
    }
}

fn frequency(survey: &Survey<'_>, numbers: &ReportData, row: &ClassRow, is_most: bool) -> FindingNumbers {
    FindingNumbers::Frequency {
        class: named(survey.data(), &row.classification),
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

fn highest_bucket(survey: &Survey<'_>, test: &BucketTest) -> FindingNumbers {
    FindingNumbers::HighestBucket {
        class: named(survey.data(), &test.classification),
        bucket: bucket_in_words(survey, Bucket { start: test.start, end: test.end }),
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

fn bucket_in_words(survey: &Survey<'_>, bucket: Bucket) -> String {
    let day = bucket.start.strftime("%-d %B %Y");
    match survey.request().group_by {
        GroupBy::Day => format!("on {day}"),
        GroupBy::Week => format!("in the week from {day}"),
        GroupBy::Month => format!("in {}", bucket.start.strftime("%B %Y")),
    }
}

/// How many events began at night or, where sunset is not known, between six in the evening and
/// six in the morning.
fn night(survey: &Survey<'_>, row: &ClassRow, activity: Option<&ActivityRow>) -> Option<FindingNumbers> {
    // Without an interval, of one location, there is no claim.
    let finding = |night: NightBy, share: ShareRow| {
        let (low, high) = share.low.zip(share.high).filter(|_| share.of >= ENOUGH)?;
        Some(FindingNumbers::Night {
            class: named(survey.data(), &row.classification),
            night,
            events: share.events,
            of: share.of,
            share: share.share,
            low,
            high,
        })
    };
    if let Some(share) = activity.and_then(|row| row.night.clone()) {
        return finding(NightBy::Sun, share);
    }
    let class = survey.data().class(&row.classification)?;
    let is_dark = |event: &crate::events::Event| Some(!(6.0..18.0).contains(&event.time.hour_of_day()));
    let share = survey.share_of_events(class, is_dark)?;
    finding(NightBy::Clock, share)
}

/// Whether an overlap of samples with so many events is stated.
fn has_enough(events_a: usize, events_b: usize) -> bool {
    events_a.min(events_b) >= ENOUGH_FOR_OVERLAP
}

/// The first few of the overlaps that are stated, the smallest first.
fn most_different<R>(
    rows: &[R],
    is_stated: impl Fn(&R) -> bool,
    estimate: impl Fn(&R) -> f64,
) -> impl Iterator<Item = &R> {
    let mut stated: Vec<&R> = rows.iter().filter(|row| is_stated(row)).collect();
    stated.sort_by(|a, b| estimate(a).total_cmp(&estimate(b)));
    stated.into_iter().take(MOST)
}

/// Pairs of classes with many events whose curves differ, the most different first.
fn different_hours(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    let is_stated = |row: &OverlapRow| row.differs && has_enough(row.events_a, row.events_b);
    most_different(&numbers.overlaps, is_stated, |row| row.estimate)
        .map(|row| FindingNumbers::DifferentHours {
            a: named(survey.data(), &row.a),
            b: named(survey.data(), &row.b),
            overlap: row.estimate,
            low: row.low,
            high: row.high,
            p_adjusted: row.p_adjusted,
        })
        .collect()
}

/// Sex ratio and recruitment, where there are females enough to hold others against.
fn ratios(survey: &Survey<'_>, numbers: &ReportData) -> Vec<FindingNumbers> {
    numbers
        .ratios
        .iter()
        .filter(|row| row.base_events >= ENOUGH && !row.ratio.starts_with("events with"))
        .map(|row| FindingNumbers::Ratio {
            ratio: row.ratio.clone(),
            classification: row.classification.as_deref().map(|name| named(survey.data(), name)),
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
fn richness(numbers: &ReportData) -> Option<FindingNumbers> {
    let row = numbers.accumulation.as_ref().filter(|_| numbers.events >= ENOUGH)?;
    Some(FindingNumbers::Richness {
        observed: row.observed,
        uniques: row.uniques,
        chao2: row.chao2,
        low: row.chao2_low,
        high: row.chao2_high,
    })
}

fn not_found(survey: &Survey<'_>, numbers: &ReportData) -> Option<FindingNumbers> {
    let spoken_of = numbers.classes.iter().filter(|row| row.events >= ENOUGH).take(MOST);
    let alike: Vec<NamedClass> = spoken_of
        .filter(|row| {
            let is_test = |test: &&BucketTest| test.classification == row.classification;
            numbers.bucket_tests.iter().find(is_test).is_some_and(|test| !test.differs)
        })
        .map(|row| named(survey.data(), &row.classification))
        .collect();
    let too_few: Vec<NamedClass> = numbers
        .classes
        .iter()
        .filter(|row| row.events < ENOUGH)
        .map(|row| named(survey.data(), &row.classification))
        .collect();
    (!alike.is_empty() || !too_few.is_empty()).then(|| FindingNumbers::NotFound {
        tested: numbers.bucket_tests.len(),
        alike,
        threshold: ENOUGH,
        too_few,
        few_locations: Vec::new(),
    })
}
