//! Facts about a data set that are the same for all periods and species.

use detections::{CameraClock, Dataset, Deployment, Level, LocalTime, ObservationType, WrittenTime};

use crate::effort::{self, Span};

/// Facts about a data set that are the same for all periods.
#[derive(Clone, Debug, Default)]
pub struct SurveyBase {
    /// When each deployment was running: see [`crate::effort::find_spans`].
    pub spans: Vec<Option<Span>>,
    /// Whether each deployment is counted on event level: whether anything was reviewed on it.
    pub event_level: Vec<bool>,
    /// Latitude and longitude of each deployment's location, degrees (WGS 84): the position that
    /// most of the location's deployments have, since one may be a slip.
    pub positions: Vec<Option<(f64, f64)>>,
    /// The location of each deployment.
    pub locations: Vec<u32>,
    /// The place of each location in the order of their keys: draws go by it, so that the order of rows
    /// changes no number.
    pub location_ranks: Vec<u32>,
    /// The place of each deployment in the order of their ids.
    pub deployment_ranks: Vec<u32>,
    /// Offset from UTC, seconds, of clocks in an unknown time zone: the whole hour nearest to solar time in
    /// the middle of the survey.
    pub likely_offset: Option<i32>,
}

impl SurveyBase {
    /// Computes them.
    pub fn new(data: &Dataset) -> Self {
        let mut event_level = vec![false; data.deployments.len()];
        for o in data.observations.iter() {
            event_level[o.deployment as usize] |=
                o.level == Level::Event && o.kind != ObservationType::Unclassified;
        }
        let positions = positions(data);
        Self {
            spans: effort::find_spans(data),
            event_level,
            likely_offset: likely_offset(&positions),
            positions,
            locations: data.deployments.iter().map(|deployment| deployment.location).collect(),
            location_ranks: ranks(data.locations.iter().map(|location| (&location.key, &location.name))),
            deployment_ranks: ranks(data.deployments.iter().map(|deployment| &deployment.id)),
        }
    }

    /// How far a deployment's clock is ahead of UTC at a time, in seconds, and whether that had to
    /// be estimated. `None` when nothing is known of the clock nor of the place.
    pub fn offset(&self, deployment: &Deployment, at: LocalTime) -> Option<(i32, bool)> {
        match &deployment.clock {
            CameraClock::Offset(seconds) => Some((*seconds, false)),
            zone @ CameraClock::Zone(_) => {
                let written = WrittenTime { local: at, offset: None, date_only: false };
                zone.read(written).1.map(|seconds| (seconds, false))
            }
            CameraClock::Unknown => self.likely_offset.map(|seconds| (seconds, true)),
        }
    }
}

/// The place of each of some keys in their order.
fn ranks<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut sorted: Vec<(K, usize)> = keys.zip(0..).collect();
    sorted.sort_unstable();
    let mut ranks = vec![0; sorted.len()];
    for (rank, (_, at)) in (0..).zip(sorted) {
        ranks[at] = rank;
    }
    ranks
}

fn positions(data: &Dataset) -> Vec<Option<(f64, f64)>> {
    let mut known: Vec<Vec<(f64, f64)>> = vec![Vec::new(); data.locations.len()];
    for deployment in &data.deployments {
        known[deployment.location as usize].extend(deployment.latitude.zip(deployment.longitude));
    }
    let usual = |all: &Vec<(f64, f64)>| {
        let same = |one: &&(f64, f64)| all.iter().filter(|other| *other == *one).count();
        // Of equals the first.
        all.iter().rev().max_by_key(same).copied()
    };
    let of_locations: Vec<_> = known.iter().map(usual).collect();
    data.deployments.iter().map(|deployment| of_locations[deployment.location as usize]).collect()
}

fn likely_offset(positions: &[Option<(f64, f64)>]) -> Option<i32> {
    let mut longitudes: Vec<f64> = positions.iter().flatten().map(|(_, longitude)| *longitude).collect();
    longitudes.sort_unstable_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation)]
    longitudes.get(longitudes.len() / 2).map(|longitude| (longitude / 15.0).round() as i32 * 3600)
}
