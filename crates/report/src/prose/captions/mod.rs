//! The sentences that pages place beside their charts and tables, and the words that stand for a picture.
//!
//! They are written when pages are laid out, out of the texts as pages show them. How many rows a chart has
//! is decided here, since its caption says it.

mod comparison;
mod landowner;
mod season;
mod tables;

use serde_json::{Value, json};

use crate::data::{ActivityRow, BucketRow, ClassRow, ReportData};
use crate::prose::format::{count, percent, plural, text_if, whole};

/// Writes the captions of a report whose texts are as pages show them, by the page that they stand on;
/// `missing` are letters that no font has. What cannot be drawn is `null`.
pub fn write_captions(data: &ReportData, missing: &[String]) -> Value {
    let has_events = data.events > 0;
    json!({
        "missing_glyphs": describe_missing_glyphs(missing),
        "source": tables::describe_source(data),
        "classes": tables::describe_classes(&data.classes, data.locations_surveyed),
        "buckets": tables::describe_buckets(data),
        "locations": "Events of all species at each location with effort; RAI: events per 100 camera-days.",
        "ratios": tables::describe_ratios(data),
        "overlaps": tables::caption_overlaps(data),
        "period_overlaps": tables::caption_period_overlaps(data),
        "season": has_events.then(|| season::write_captions(data)),
        "comparison": (!data.periods.is_empty()).then(|| comparison::write_captions(data)),
        "landowner": has_events.then(|| landowner::write_captions(data)),
    })
}

/// What stands with a chart or table: its text, the words that stand for a picture, and how many rows are
/// shown.
fn caption(text: &str, alt: &str, shown: usize) -> Value {
    json!({"text": text, "alt": alt, "shown": shown})
}

/// What stands with the activity of one species.
fn caption_curve(classification: &str, alt: &str, note: &str) -> Value {
    json!({"classification": classification, "alt": alt, "note": note})
}

/// Letters in a sentence before the rest is counted.
const MOST_LETTERS: usize = 12;

fn describe_missing_glyphs(letters: &[String]) -> String {
    let (shown, hidden) = letters.split_at(letters.len().min(MOST_LETTERS));
    text_if(
        !letters.is_empty(),
        format!(
            "No font on this machine has {} of the texts in this report, so {} printed as boxes: {}{}. Install a font \
             that has them, or name a folder with one (--fonts).",
            count(letters.len(), "letter", "letters"),
            plural(letters.len(), "it is", "they are"),
            shown.join(", "),
            text_if(!hidden.is_empty(), format!(" and {} more", hidden.len())),
        ),
    )
}

/// The everyday name of a class, where it has one.
fn plain_name(row: &ClassRow) -> &str {
    row.vernacular_name.as_deref().unwrap_or(&row.classification)
}

/// The same by the name that requests have for it.
fn find_plain_name<'a>(rows: &'a [ClassRow], classification: &'a str) -> &'a str {
    rows.iter().find(|row| row.classification == classification).map_or(classification, plain_name)
}

/// The rows of activity with events enough for a curve.
fn rows_with_curve<'a>(rows: &'a [ActivityRow], data: &ReportData) -> impl Iterator<Item = &'a ActivityRow> {
    let enough = data.limits.statement_events;
    rows.iter().filter(move |row| row.events >= enough)
}

/// Such as `; 40% of events at night`; empty where night is not known.
fn describe_night_share(row: &ActivityRow, of: &str) -> String {
    row.night.as_ref().map_or_else(String::new, |night| format!("; {}{of} at night", percent(night.share)))
}

/// The bucket with the most events, of equals the first; its events, and those of all buckets. Weeks and
/// days have no events of deployments whose clock was wrong.
fn find_busiest(buckets: &[BucketRow]) -> Option<(&BucketRow, String, String)> {
    let count = |bucket: &BucketRow| -> usize { bucket.events.values().sum() };
    let busiest = buckets.iter().rev().max_by_key(|bucket| count(bucket))?;
    Some((busiest, whole(count(busiest)), whole(buckets.iter().map(count).sum::<usize>())))
}

/// What is said of buckets without effort, where there are any.
fn describe_blanks<'a>(mut buckets: impl Iterator<Item = &'a BucketRow>) -> String {
    text_if(buckets.any(|bucket| bucket.effort_days <= 0.0), "Blank: no camera was running (not zero).")
}

/// What is said of species that a chart has no room for.
fn describe_hidden(more: usize, place: &str) -> String {
    let verb = plural(more, "is", "are");
    text_if(more > 0, format!("{} more species with fewer events {verb} in the {place} only.", whole(more)))
}
