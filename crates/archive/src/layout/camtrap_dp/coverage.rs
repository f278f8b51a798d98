//! What the package covers: its time, its places and its taxa, of the detections in it alone.

use std::collections::{BTreeMap, BTreeSet};

use detections::{CameraClock, Dataset, Deployment, LocalTime, ObservationType};

use super::offset_at;

/// Where and when deployments stood, and what was seen.
pub(super) struct Coverage {
    /// Start and end of each deployment, where it is in the package.
    pub spans: BTreeMap<u32, (LocalTime, LocalTime)>,
    /// What was seen: its type, and the number of its class where it has one.
    pub kinds: BTreeSet<(ObservationType, Option<u32>)>,
    /// Deployments whose start or end the source does not tell, by their ids.
    without_span: Vec<String>,
}

impl Coverage {
    /// Of these deployments and rows.
    pub fn of(data: &Dataset, deployments: &BTreeSet<u32>, rows: impl Iterator<Item = u32>) -> Self {
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
            coverage.spans.extend(span(deployment, recorded.get(&number)).map(|span| (number, span)));
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

    /// What stands in the place of what the source does not tell.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.without_span.iter().map(|id| {
            format!("deployment {id}: its start or end is not known; that of its records stands in its place")
        })
    }
}

/// From the start to the end, or from the first to the last record where they are not known.
fn span(
    deployment: &Deployment,
    recorded: Option<&(LocalTime, LocalTime)>,
) -> Option<(LocalTime, LocalTime)> {
    let start = deployment.start.or(recorded.map(|(first, _)| *first))?;
    let end = deployment.end.or(recorded.map(|(_, last)| *last)).unwrap_or(start);
    Some((start, end))
}

/// The same moment everywhere: seconds since 1970 UTC, of a time on a camera's clock.
pub(super) fn instant(clock: &CameraClock, time: LocalTime) -> Option<i64> {
    Some(time.seconds() - i64::from(offset_at(clock, time)?))
}
