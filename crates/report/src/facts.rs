//! What the methods of a report state beside its numbers.

use detections::{CameraClock, SourceFormat};

use crate::data::{ClockSource, EffortSource, MethodFacts};
use crate::survey::Survey;

/// Settings of the request, and how the observations were counted; what has no time relative to the sun is
/// counted elsewhere, and 0 here.
pub(crate) fn method_facts(survey: &Survey<'_>) -> MethodFacts {
    let data = survey.data();
    let levels = survey.visits.base.event_level.iter().zip(&survey.effort);
    let with_effort: Vec<bool> =
        levels.filter(|(_, days)| **days > 0.0).map(|(event_level, _)| *event_level).collect();
    let event_level_deployments = with_effort.iter().filter(|event_level| **event_level).count();
    let not_counted = data.outside_selection.not_counted.iter().filter(|(_, number)| *number > 0);
    let mut clocks = data.deployments.iter().map(|deployment| &deployment.clock);
    let clock = if clocks.clone().any(|clock| matches!(clock, CameraClock::Zone(_))) {
        ClockSource::TimeZone
    } else if clocks.any(|clock| matches!(clock, CameraClock::Offset(_))) {
        ClockSource::DeploymentOffset
    } else {
        ClockSource::AsWritten
    };
    let effort_source = match (data.spans_from_records, data.format) {
        (false, _) => EffortSource::Deployments,
        (true, SourceFormat::Postgres) => EffortSource::LocationRecords,
        (true, _) => EffortSource::FolderRecords,
    };
    MethodFacts {
        clock,
        effort_source,
        event_level_deployments,
        media_level_deployments: with_effort.len() - event_level_deployments,
        marked_in_database: not_counted.cloned().collect(),
        without_sunrise: 0,
        periods_without_sunrise: 0,
        without_coordinates: 0,
    }
}
