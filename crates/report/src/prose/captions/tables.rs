//! What stands above tables.

use serde_json::Value;

use super::{caption, describe_blanks};
use crate::data::{ClassRow, CountUnit, ReportData};
use crate::prose::format::{count, join_sentences, plural, text_if, whole};
use crate::resample::Unit;

/// Overlaps in a table, so that the page stays readable.
const MOST_OVERLAPS: usize = 60;

pub(super) fn describe_source(data: &ReportData) -> String {
    let source = &data.source;
    join_sentences([
        format!("{} ({}).", source.title, source.format),
        source.citation.clone().unwrap_or_default(),
        text_if(!source.licences.is_empty(), format!("Licence: {}.", source.licences.join("; "))),
        source.recorded.as_ref().map_or_else(String::new, |days| format!("Recorded from {}.", days.words)),
    ])
}

/// Of a table of classes in a survey at so many locations.
pub(super) fn describe_classes(classes: &[ClassRow], locations: usize) -> String {
    let (places, intervals) = match locations {
        1 => (
            "the one location".into(),
            "With one location the RAI has no 95% interval, since one place says nothing about others.",
        ),
        many => (format!("the {} locations", whole(many)), "Both with 95% intervals."),
    };
    join_sentences([
        format!(
            "RAI: independent events per 100 camera-days. Occupancy: the share of {places} at which the species was \
             recorded at all. {intervals}"
        ),
        text_if(have_confidence(classes), "Confidence is the mean of what the classifier gave."),
    ])
}

pub(super) fn describe_buckets(data: &ReportData) -> String {
    join_sentences([
        "Effort in camera-days.".into(),
        describe_blanks(data.buckets.iter()),
        text_if(
            have_confidence(&data.classes),
            "The last row is the mean confidence that the classifier gave to each species.",
        ),
    ])
}

fn have_confidence(classes: &[ClassRow]) -> bool {
    classes.iter().any(|row| row.mean_confidence.is_some())
}

pub(super) fn describe_ratios(data: &ReportData) -> String {
    join_sentences([
        "A ratio from cameras is an index: cameras see bucks more often than does, and known herds of white-tailed \
         deer were underestimated by 32% on average (SEAFWA Journal 1, 2014)."
            .into(),
        text_if(
            data.ratios.iter().any(|row| row.unit == CountUnit::Animals),
            "Animals are the group sizes of visits added up.",
        ),
    ])
}

pub(super) fn caption_overlaps(data: &ReportData) -> Value {
    let rows = data
        .overlaps
        .iter()
        .map(|row| (row.events_a.min(row.events_b), row.test.estimate, row.test.resampled));
    let limit = data.limits.overlap_events;
    let what = format!(
        "How far the hours of two species overlap, from 0 to 1, of species with at least {limit} events each. p: whether \
         their curves differ, by a randomisation test, corrected for all pairs; in bold where they do."
    );
    caption_stated(rows.collect(), limit, "no two species have that many.", &what)
}

pub(super) fn caption_period_overlaps(data: &ReportData) -> Value {
    let rows = data
        .period_overlaps
        .iter()
        .map(|row| (row.events_a.min(row.events_b), row.test.estimate, row.test.resampled));
    let limit = data.limits.overlap_events;
    let what = format!(
        "How far the hours of a species in two periods overlap, from 0 to 1, with at least {limit} events in each. p: \
         whether the curves differ, by a randomisation test, corrected for all rows; in bold where they do."
    );
    caption_stated(rows.collect(), limit, "no species has that many in two periods.", &what)
}

/// Of overlaps, each with the events of the smaller sample, its estimate and what was resampled. `none` is
/// said where no row has events enough, else `what`.
fn caption_stated(rows: Vec<(usize, f64, Unit)>, limit: usize, none: &str, what: &str) -> Value {
    let (mut stated, few): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(events, ..)| *events >= limit);
    stated.sort_by(|(_, a, _), (_, b, _)| a.total_cmp(b));
    let hidden = stated.len().saturating_sub(MOST_OVERLAPS);
    stated.truncate(MOST_OVERLAPS);
    let text = join_sentences([
        if stated.is_empty() {
            format!("An overlap is stated from {limit} events on each side; {none}")
        } else {
            what.into()
        },
        text_if(
            stated.iter().any(|(.., resampled)| *resampled == Unit::Events),
            "Few locations: intervals are for these places only.",
        ),
        text_if(
            hidden > 0,
            format!(
                "The {MOST_OVERLAPS} that differ the most are shown; {} more are in the JSON only.",
                whole(hidden)
            ),
        ),
        text_if(
            !few.is_empty(),
            format!(
                "{} with fewer than {limit} events on one side {} in the JSON only.",
                count(few.len(), "pair", "pairs"),
                plural(few.len(), "is", "are")
            ),
        ),
    ]);
    caption(&text, "", stated.len())
}
