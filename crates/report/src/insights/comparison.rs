//! Sentences about the differences between periods.

use super::{between, name, recorded};
use crate::compare::ENOUGH;
use crate::data::{ComparedPeriod, ComparisonRow, ReportData};
use crate::survey::Survey;
use crate::words::{capital, count, list, measure, times, whole};

/// Overlaps that are spoken of.
const SPOKEN_OF: usize = 3;

pub(crate) fn insights(survey: &Survey<'_>, numbers: &ReportData) -> Vec<String> {
    let mut sentences = Vec::new();
    if numbers.periods.iter().all(|period| period.events == 0) {
        sentences.push(nothing(survey, numbers));
        return sentences;
    }
    sentences.extend(numbers.periods.iter().map(base));
    sentences.extend(lengths(numbers));
    sentences.extend(shared_days(numbers));
    sentences.extend(differences(survey, numbers));
    sentences.extend(activity(survey, numbers));
    sentences.extend(too_few(survey, numbers));
    sentences
}

fn nothing(survey: &Survey<'_>, numbers: &ReportData) -> String {
    if !super::was_anything_reviewed(survey) {
        return format!("{} So there is nothing to compare.", super::nothing(survey));
    }
    let effort: Vec<String> = numbers
        .periods
        .iter()
        .map(|period| format!("{}: {} camera-days", period.label, measure(period.effort_days)))
        .collect();
    format!(
        "No animal was recorded in any of the periods, so there is nothing to compare ({}). {}",
        effort.join("; "),
        recorded(survey)
    )
}

fn base(period: &ComparedPeriod) -> String {
    if period.effort_days <= 0.0 {
        return format!(
            "{} ({}): no camera was at work, so nothing can be said about it.",
            capital(&period.label),
            period.words
        );
    }
    format!(
        "{} ({}): {} of {} in {} camera-days at {}.",
        capital(&period.label),
        period.words,
        count(period.events, "independent event", "independent events"),
        count(period.classes.len(), "class", "classes"),
        measure(period.effort_days),
        count(period.locations_surveyed, "location", "locations"),
    )
}

/// Days in common, which make periods less different than they are.
fn shared_days(numbers: &ReportData) -> Option<String> {
    let pairs: Vec<String> = numbers
        .periods
        .iter()
        .enumerate()
        .flat_map(|(at, period)| {
            let later = &numbers.periods[at + 1..];
            let shared = move |other: &&ComparedPeriod| period.overlapping.contains(&other.label);
            later.iter().filter(shared).map(|other| format!("{} and {}", period.label, other.label))
        })
        .collect();
    (!pairs.is_empty()).then(|| {
        format!(
            "{} have days in common; what falls on those days counts in both, which makes them look more alike.",
            pairs.join("; ")
        )
    })
}

fn lengths(numbers: &ReportData) -> Option<String> {
    let days: Vec<i64> = numbers.periods.iter().map(|period| period.days).collect();
    let (least, most) = (days.iter().min()?, days.iter().max()?);
    (least != most).then(|| {
        format!("The periods have {least} to {most} days; they are compared by events per camera-day, not by events.")
    })
}

fn differences(survey: &Survey<'_>, numbers: &ReportData) -> Vec<String> {
    let tested: Vec<&ComparisonRow> =
        numbers.comparisons.iter().filter(|row| row.p_value.is_some()).collect();
    let mut sentences: Vec<String> =
        tested.iter().filter(|row| row.differs).map(|row| difference(survey, row)).collect();
    let mut alike: Vec<String> = Vec::new();
    for row in &tested {
        let pairs = || tested.iter().filter(|other| other.classification == row.classification);
        let named = name(survey, &row.classification);
        if pairs().all(|pair| !pair.differs) && !alike.contains(&named) {
            alike.push(named);
        }
    }
    if !alike.is_empty() {
        sentences.push(format!(
            "No difference that holds after correction for {}: {}. That is not proof that there is none.",
            count(tested.len(), "comparison", "comparisons"),
            list(&alike, 12),
        ));
    }
    sentences
}

fn difference(survey: &Survey<'_>, row: &ComparisonRow) -> String {
    // Told from the higher rate, so that the number is above 1.
    let turned = row.rai_b < row.rai_a;
    let (more, less) = if turned { (&row.a, &row.b) } else { (&row.b, &row.a) };
    let (rate_more, rate_less) = if turned { (row.rai_a, row.rai_b) } else { (row.rai_b, row.rai_a) };
    let (events_more, events_less) =
        if turned { (row.events_a, row.events_b) } else { (row.events_b, row.events_a) };
    let high = row.corrected_high.unwrap_or(f64::INFINITY);
    let (low, high) = if turned { (1.0 / high, 1.0 / row.corrected_low) } else { (row.corrected_low, high) };
    let start = format!(
        "{}: {} events in 100 camera-days in {more} against {} in {less} ({} and {} events)",
        capital(&name(survey, &row.classification)),
        measure(rate_more),
        measure(rate_less),
        whole(events_more as u64),
        whole(events_less as u64),
    );
    let ratio = rate_more / rate_less;
    let interval = format!("corrected 95 % interval {}", between(low, high));
    if ratio.is_finite() {
        format!("{start}, {} times as many ({interval}).", times(ratio))
    } else {
        format!("{start}; the rate is higher ({interval} times as many).")
    }
}

fn activity(survey: &Survey<'_>, numbers: &ReportData) -> Vec<String> {
    let sentence = |row: &crate::data::PeriodOverlapRow| {
        format!(
            "{}: activity over the day in {} and in {} overlaps by {:.2} (95 % interval {:.2} to {:.2}; 1 is the same).",
            capital(&name(survey, &row.classification)),
            row.a,
            row.b,
            row.estimate,
            row.low,
            row.high,
        )
    };
    let mut rows: Vec<_> = numbers.period_overlaps.iter().collect();
    rows.sort_by(|a, b| a.estimate.total_cmp(&b.estimate));
    rows.into_iter().take(SPOKEN_OF).map(sentence).collect()
}

fn too_few(survey: &Survey<'_>, numbers: &ReportData) -> Option<String> {
    let mut rare: Vec<String> = Vec::new();
    for row in &numbers.comparisons {
        let compared =
            |other: &ComparisonRow| other.classification == row.classification && other.p_value.is_some();
        let named = name(survey, &row.classification);
        if !rare.contains(&named) && !numbers.comparisons.iter().any(compared) {
            rare.push(named);
        }
    }
    (!rare.is_empty()).then(|| {
        format!(
            "Fewer than {ENOUGH} events in any two periods together, too few to compare: {}.",
            list(&rare, 12)
        )
    })
}
