//! Why a report has no events. Only where pictures were reviewed does it mean that no animal was recorded.

use crate::data::{FindingNumbers, NothingReason};
use crate::intervals::garwood_upper_limit;
use crate::survey::Survey;

/// The reason, with its numbers.
pub(super) fn explain_nothing(survey: &Survey<'_>) -> FindingNumbers {
    let data = survey.data();
    let effort_days = survey.effort_days();
    let read = data.observations.len() as u64 + data.outside_selection.observations;
    let lost = data.problems.rows_skipped();
    let out = &survey.excluded;
    let unnamed = out.unknown + out.unclassified;
    // Whether a person or a model classified anything in the period while a camera was running.
    let is_reviewed =
        out.blank + out.human + out.vehicle + out.other_classes + out.outside_deployment + out.no_effort > 0;
    let (reason, rows) = match () {
        () if read == 0 && lost > 0 => (NothingReason::Unreadable, lost),
        () if effort_days <= 0.0 => (NothingReason::NoEffort, 0),
        () if read == 0 => (NothingReason::NoObservations, 0),
        () if is_reviewed => (NothingReason::NoAnimals, 0),
        () if unnamed > 0 => (NothingReason::NotIdentified, unnamed),
        () if out.no_timestamp > 0 => (NothingReason::NoTimes, out.no_timestamp),
        () => (NothingReason::NoRecords, 0),
    };
    let missed = 100.0 * garwood_upper_limit(0.0, 0.025) / effort_days;
    let request = survey.request();
    FindingNumbers::Nothing {
        reason,
        effort_days: crate::rows::round_to(effort_days, 4),
        locations: survey.locations.len(),
        rows,
        rate_missed: (reason == NothingReason::NoAnimals).then(|| crate::rows::round_to(missed, 4)),
        recorded_from: data.recorded_days().map(|(from, _)| from),
        recorded_until: data.recorded_days().map(|(_, until)| until),
        species_selected: !request.classifications.is_empty() || !request.without.is_empty(),
    }
}
