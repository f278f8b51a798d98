//! Why a report has no events, in words.

use crate::data::{FindingNumbers, FindingNumbers as N, NothingReason};
use crate::prose::format::{camera_days, count, format_day, rate};

pub(super) fn write_nothing(numbers: &FindingNumbers) -> String {
    let N::Nothing {
        reason,
        effort_days,
        locations,
        rows,
        rate_missed,
        recorded_from,
        recorded_until,
        species_selected,
    } = numbers
    else {
        return String::new();
    };
    let recorded = recorded_from.zip(*recorded_until).map_or_else(
        || "The data set has no dated records at all.".into(),
        |(from, until)| {
            format!("The data set has records from {} to {}.", format_day(from), format_day(until))
        },
    );
    let base = format!("In {} at {}", camera_days(*effort_days), count(*locations, "location", "locations"));
    let observations = |one: &str, many: &str| count(*rows, one, many);
    match reason {
        NothingReason::Unreadable => format!(
            "No observation of the data set could be read ({} lost), so nothing can be said about this period.",
            observations("row was", "rows were"),
        ),
        NothingReason::NoEffort => {
            format!("No camera was running in this period, so nothing can be said about it. {recorded}")
        }
        NothingReason::NoObservations => {
            "The data set has no observations, so nothing can be said about this period.".into()
        }
        NothingReason::NoTimes => format!(
            "{base}, nothing with a time was recorded; {} no time. Nothing can be said about this period.",
            observations("observation has", "observations have"),
        ),
        NothingReason::NoRecords => format!(
            "{base}, nothing at all was recorded, not even a blank picture: the cameras may not have worked, or \
             their records are not in the data set. {recorded}"
        ),
        NothingReason::NotIdentified => format!(
            "{base}, {} recorded, but none was identified, so nothing can be said about animals.",
            observations("observation was", "observations were"),
        ),
        NothingReason::NoAnimals => format!(
            "{base}, {} was recorded. A species visiting less than about {} times per 100 camera-days could have \
             been missed.",
            if *species_selected { "none of the chosen species" } else { "no animal" },
            rate(rate_missed.unwrap_or_default()),
        ),
    }
}
