//! Periods that are compared, in words, and hours that differ.

use crate::data::{FindingNumbers, FindingNumbers as N};
use crate::prose::format::{
    camera_days, capitalize, count, format_decimal, format_interval, p_value, rate, times, whole,
};

pub(super) fn write_comparison(numbers: &FindingNumbers) -> (String, String) {
    let text = match numbers {
        N::DifferentHours { a, b, overlap, low, high, p_adjusted } => {
            let names = format!("{} and {}", capitalize(&a.name), b.name);
            let detail = write_overlap_detail(*overlap, *low, *high, *p_adjusted);
            return (format!("{names} are active at different times of day."), detail);
        }
        N::DifferentHoursBetweenPeriods { class, a, b, overlap, low, high, p_adjusted } => {
            let name = capitalize(&class.name);
            let detail = write_overlap_detail(*overlap, *low, *high, *p_adjusted);
            return (format!("{name} was active at different times of day in {a} and {b}."), detail);
        }
        // The later period with the earlier, as the table has them, so that both show the same number.
        N::Difference { class, a, b, events_a, events_b, rai_a, rai_b, rate_ratio, low, high, .. } => {
            let how = if rai_b > rai_a { "more" } else { "less" };
            let detail = format!(
                "{} vs {} events per 100 camera-days{}; {} vs {} events",
                rate(*rai_b),
                rate(*rai_a),
                write_times(*rate_ratio, *low, *high),
                whole(*events_b),
                whole(*events_a),
            );
            let name = capitalize(&class.name);
            return (format!("{name} was recorded {how} often in {b} than in {a}."), detail);
        }
        N::Period { label, words, effort_days, .. } if *effort_days <= 0.0 => {
            let label = capitalize(label);
            format!("{label} ({words}): no camera was running, so nothing can be said about it.")
        }
        N::Period { label, words, effort_days, locations, events, classes } => {
            let recorded = match events {
                0 => "no animals recorded".into(),
                many => format!(
                    "{} of {}",
                    count(*many, "independent event", "independent events"),
                    count(*classes, "species or group", "species and groups"),
                ),
            };
            let (label, locations) = (capitalize(label), count(*locations, "location", "locations"));
            format!("{label} ({words}): {recorded} in {} at {locations}.", camera_days(*effort_days))
        }
        N::Lengths { shortest, longest } => format!(
            "The periods are {shortest} to {longest} days long, so they are compared by events per camera-day."
        ),
        N::SharedDays { pairs } => {
            let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} and {b}")).collect();
            format!("{} have days in common, which makes them look more alike.", pairs.join("; "))
        }
        _ => String::new(),
    };
    (text, String::new())
}

/// The test says that they differ, not the interval, which lies below 1 whether they do or not.
fn write_overlap_detail(overlap: f64, low: f64, high: f64, p_adjusted: f64) -> String {
    format!(
        "overlap {} on a scale from 0 to 1, 95% interval {}; corrected {}",
        format_decimal(overlap, 2),
        format_interval(low, Some(high), |number| format_decimal(number, 2)),
        p_value(p_adjusted),
    )
}

/// How many times one rate is the other, with its corrected interval, behind the two rates. A ratio to
/// nothing, or of nothing, has one end alone.
pub(super) fn write_times(ratio: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match (ratio, low, high) {
        (None, None, _) => String::new(),
        (None, Some(low), _) => {
            format!(", at least {} times as many by the corrected 95% interval", write_end(low, "over"))
        }
        (Some(ratio), Some(_), Some(high)) if ratio <= 0.0 => {
            format!(", at most {} times as many by the corrected 95% interval", write_end(high, "under"))
        }
        (Some(ratio), Some(low), None) => {
            format!(
                ", {} times as many, corrected 95% interval {} or more",
                times(ratio),
                write_end(low, "over")
            )
        }
        (Some(ratio), Some(low), Some(high)) => format!(
            ", {} times as many, corrected 95% interval {} to {}",
            times(ratio),
            write_end(low, "over"),
            write_end(high, "under")
        ),
        (Some(ratio), None, _) => format!(", {} times as many", times(ratio)),
    }
}

/// An end that contradicted the test was moved to 1. The rates differ, so 1 itself is not inside.
fn write_end(end: f64, side_of_1: &str) -> String {
    if end.to_bits() == 1.0_f64.to_bits() { format!("just {side_of_1} 1") } else { times(end) }
}
