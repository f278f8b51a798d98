//! The coverage of the package in time, space and taxa, by its detections only.

use std::collections::{BTreeMap, BTreeSet};

use detections::{CameraClock, Dataset, Deployment, LocalTime, ObservationType};

use super::super::times::find_offset;

/// The spans of deployments, and the observed classes.
pub(super) struct Coverage {
    /// Start and end of each deployment in the package.
    pub spans: BTreeMap<u32, (LocalTime, LocalTime)>,
    /// The observed types, with the number of the class if there is one.
    pub kinds: BTreeSet<(ObservationType, Option<u32>)>,
    /// The ids of deployments whose start or end is not known.
    without_span: Vec<String>,
}

impl Coverage {
    /// Computes the coverage of these deployments and rows.
    pub fn compute(data: &Dataset, deployments: &BTreeSet<u32>, rows: impl Iterator<Item = u32>) -> Self {
        let mut recorded: BTreeMap<u32, (LocalTime, LocalTime)> = BTreeMap::new();
        for (deployment, time) in data.observations.times() {
            let Some(time) = time.filter(|_| deployments.contains(&deployment)) else { continue };
            let (first, last) = recorded.entry(deployment).or_insert((time, time));
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        let mut coverage = Self { spans: BTreeMap::new(), kinds: BTreeSet::new(), without_span: Vec::new() };
        for &number in deployments {
            let deployment = &data.deployments[number as usize];
            if deployment.start.is_none() || deployment.end.is_none() {
                coverage.without_span.push(deployment.id.clone());
            }
            coverage.spans.extend(find_span(deployment, recorded.get(&number)).map(|span| (number, span)));
        }
        coverage.kinds.extend(rows.map(|row| {
            let observation = data.observations.get(row);
            (observation.kind, observation.class)
        }));
        coverage
    }

    /// First and last day.
    pub fn days(&self) -> Option<(LocalTime, LocalTime)> {
        let first = self.spans.values().map(|(start, _)| *start).min()?;
        let last = self.spans.values().map(|(_, end)| *end).max()?;
        Some((first, last))
    }

    /// Notes on spans that were taken from records.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.without_span.iter().map(|id| {
            format!("deployment {id}: its start or end is not known; that of its records stands in its place")
        })
    }
}

/// From start to end; the first or last record replaces one that is not known.
fn find_span(
    deployment: &Deployment,
    recorded: Option<&(LocalTime, LocalTime)>,
) -> Option<(LocalTime, LocalTime)> {
    let start = deployment.start.or(recorded.map(|(first, _)| *first))?;
    let end = deployment.end.or(recorded.map(|(_, last)| *last)).unwrap_or(start);
    Some((start, end))
}

/// Converts a time on a camera's clock to seconds since 1970 UTC.
pub(super) fn to_utc_seconds(clock: &CameraClock, time: LocalTime) -> Option<i64> {
    Some(time.seconds() - i64::from(find_offset(clock, time)?))
}
