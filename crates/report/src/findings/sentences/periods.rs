//! Periods that are compared, in words.

use crate::data::FindingNumbers;
use crate::prose::{camera_days, capital, count, rate, times, whole};

pub(super) fn period(numbers: &FindingNumbers) -> String {
    let FindingNumbers::Period { label, words, effort_days, locations, events, classes } = numbers else {
        return String::new();
    };
    if *effort_days <= 0.0 {
        return format!(
            "{} ({words}): no camera was at work, so nothing can be said about it.",
            capital(label)
        );
    }
    let recorded = match events {
        0 => "no animals recorded".into(),
        many => format!(
            "{} of {}",
            count(*many, "independent event", "independent events"),
            count(*classes, "species or group", "species and groups"),
        ),
    };
    format!(
        "{} ({words}): {recorded} in {} at {}.",
        capital(label),
        camera_days(*effort_days),
        count(*locations, "location", "locations"),
    )
}

/// In the direction of the table, so that both show one number: the later period held against the
/// earlier.
pub(super) fn difference(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::Difference {
        class,
        a,
        b,
        events_a,
        events_b,
        rai_a,
        rai_b,
        rate_ratio,
        low,
        high,
        ..
    } = numbers
    else {
        return Default::default();
    };
    let how = if rai_b > rai_a { "more" } else { "less" };
    let text = format!("{} was recorded {how} often in {b} than in {a}.", capital(&class.name));
    let detail = format!(
        "{} vs {} events per 100 camera-days{}; {} vs {} events",
        rate(*rai_b),
        rate(*rai_a),
        how_many_times(*rate_ratio, *low, *high),
        whole(*events_b as u64),
        whole(*events_a as u64),
    );
    (text, detail)
}

/// How many times one rate is the other, with its corrected interval, behind the two rates. A ratio to
/// nothing, or of nothing, has one end alone.
pub(super) fn how_many_times(ratio: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match (ratio, low, high) {
        (None, None, _) => String::new(),
        (None, Some(low), _) => {
            format!(", at least {} times as many by the corrected 95% interval", low_end(low))
        }
        (Some(ratio), Some(_), Some(high)) if ratio <= 0.0 => {
            format!(", at most {} times as many by the corrected 95% interval", high_end(high))
        }
        (Some(ratio), Some(low), None) => {
            format!(", {} times as many, corrected 95% interval {} or more", times(ratio), low_end(low))
        }
        (Some(ratio), Some(low), Some(high)) => format!(
            ", {} times as many, corrected 95% interval {} to {}",
            times(ratio),
            low_end(low),
            high_end(high)
        ),
        (Some(ratio), None, _) => format!(", {} times as many", times(ratio)),
    }
}

/// An end that contradicted the test was moved to 1. The rates differ, so 1 itself is not inside.
fn low_end(end: f64) -> String {
    if is_one(end) { "just over 1".into() } else { times(end) }
}

/// The same of the upper end.
fn high_end(end: f64) -> String {
    if is_one(end) { "just under 1".into() } else { times(end) }
}

fn is_one(end: f64) -> bool {
    end.to_bits() == 1.0_f64.to_bits()
}
