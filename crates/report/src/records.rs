//! Records: the sightings that are counted, and those that are not, by reason.
//!
//! A record is one class in one file or, on event level, in one `eventID`. A count uses exactly
//! one level: event where the deployment has animal observations on event level, else media.

use std::ops::Range;

use detections::{
    CameraClock, Dataset, Deployment, Level, LocalTime, Observation, ObservationType, Review, Written,
};

use crate::data::Excluded;
use crate::effort::{self, Span};
use crate::period::Period;

/// One class in one file or event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Index into [`Dataset::classes`].
    pub class: u32,
    /// Index into [`Dataset::deployments`].
    pub deployment: u32,
    /// When, on the camera's clock.
    pub time: LocalTime,
    /// When it began and when it ended, in seconds since 1970 UTC as far as the clock's offset is
    /// known: the minutes between records are those of moments, which summer time does not change.
    pub moments: (i64, i64),
    /// Individuals: the counts of its rows added up, so a doe and her two fawns on one picture
    /// are three whether they are one row or three.
    pub group_size: u32,
    /// Number of its file or event; of the row itself, with the highest bit set, where it has none.
    pub(crate) unit: u32,
}

/// The records of a period, and what was left out of them.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Ordered by class, location and moment.
    pub records: Vec<Record>,
    /// Observations left out, by reason.
    pub excluded: Excluded,
    /// For each class, by its number, the sum of its confidences and how many there are.
    pub confidence: Vec<(f64, u32)>,
}

/// What is the same for all periods of a data set.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Of [`crate::effort::spans`].
    pub spans: Vec<Option<Span>>,
    /// Whether each deployment is counted on event level: whether anything was reviewed on it.
    pub event_level: Vec<bool>,
    /// Latitude and longitude of each deployment's location, degrees (WGS 84): the position that
    /// most of the location's deployments have, since one may be a slip.
    pub positions: Vec<Option<(f64, f64)>>,
    /// Offset from UTC, seconds, of clocks that nothing is known of: the whole hour nearest to
    /// the sun's own time in the middle of the survey.
    pub likely_offset: Option<i32>,
}

impl Ground {
    /// Of a data set.
    pub fn of(data: &Dataset) -> Self {
        let mut event_level = vec![false; data.deployments.len()];
        for o in data.observations.iter() {
            event_level[o.deployment as usize] |=
                o.level == Level::Event && o.kind != ObservationType::Unclassified;
        }
        let positions = positions(data);
        let likely_offset = likely_offset(&positions);
        Self { spans: effort::spans(data), event_level, positions, likely_offset }
    }

    /// How far a deployment's clock is ahead of UTC at a time, in seconds, and whether that had to
    /// be estimated. `None` when nothing is known of the clock nor of the place.
    pub fn offset(&self, deployment: &Deployment, at: LocalTime) -> Option<(i32, bool)> {
        match &deployment.clock {
            CameraClock::Offset(seconds) => Some((*seconds, false)),
            zone @ CameraClock::Zone(_) => {
                let written = Written { local: at, offset: None, date_only: false };
                zone.read(written).1.map(|seconds| (seconds, false))
            }
            CameraClock::Unknown => self.likely_offset.map(|seconds| (seconds, true)),
        }
    }
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

/// Collects the records of `period`. `classes` limits them when it is not empty.
pub fn collect(data: &Dataset, ground: &Ground, period: Period, classes: &[u32]) -> Records {
    collect_as(data, ground, period, classes, |_, class| Some(class))
}

/// The same with each observation's class replaced; those without a new one are not counted, nor
/// as excluded.
pub(crate) fn collect_as(
    data: &Dataset,
    ground: &Ground,
    period: Period,
    classes: &[u32],
    class_of: impl Fn(&Observation<'_>, u32) -> Option<u32>,
) -> Records {
    let mut found = Records::default();
    let span = period.from()..period.until();
    for (row, observation) in (0..).zip(data.observations.iter()) {
        match judge(&observation, ground, &span, classes) {
            Ok((class, time)) => {
                let Some(class) = class_of(&observation, class) else { continue };
                found.records.push(record(row, &observation, class, time, ground));
                if let Some(confidence) = observation.confidence {
                    found.confidence.resize(found.confidence.len().max(class as usize + 1), (0.0, 0));
                    let (sum, count) = &mut found.confidence[class as usize];
                    *sum += f64::from(confidence);
                    *count += 1;
                }
            }
            Err(reason) => *found.excluded.of(reason) += 1,
        }
    }
    found.excluded.outside_period += data.rest.observations;
    merge(&mut found.records, data);
    found
}

/// Why an observation is not counted. The first that holds is the one that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    OtherLevel,
    Replaced,
    NoTimestamp,
    OutsidePeriod,
    Kind(ObservationType),
    OutsideDeployment,
    OtherClass,
}

fn judge(
    observation: &Observation<'_>,
    ground: &Ground,
    period: &Range<LocalTime>,
    classes: &[u32],
) -> Result<(u32, LocalTime), Reason> {
    let deployment = observation.deployment as usize;
    let level = if ground.event_level[deployment] { Level::Event } else { Level::Media };
    if observation.level != level {
        return Err(Reason::OtherLevel);
    }
    if observation.review != Review::Open {
        return Err(Reason::Replaced);
    }
    let time = observation.time.ok_or(Reason::NoTimestamp)?;
    if !period.contains(&time) {
        return Err(Reason::OutsidePeriod);
    }
    let class = match (observation.kind, observation.class) {
        (ObservationType::Animal, Some(class)) => class,
        (ObservationType::Animal, None) => return Err(Reason::Kind(ObservationType::Unknown)),
        (kind, _) => return Err(Reason::Kind(kind)),
    };
    if !ground.spans[deployment].is_some_and(|span| span.contains(time)) {
        return Err(Reason::OutsideDeployment);
    }
    if !classes.is_empty() && !classes.contains(&class) {
        return Err(Reason::OtherClass);
    }
    Ok((class, time))
}

fn record(row: u32, o: &Observation<'_>, class: u32, time: LocalTime, ground: &Ground) -> Record {
    let of_unit = match o.level {
        Level::Event => o.event,
        Level::Media => o.media,
    };
    let begin = time.seconds() - i64::from(o.offset.or(ground.likely_offset).unwrap_or(0));
    Record {
        class,
        deployment: o.deployment,
        time,
        moments: (begin, begin + i64::from(o.duration)),
        group_size: o.count,
        unit: of_unit.unwrap_or(row | 1 << 31),
    }
}

/// Puts together the rows of one file or event, and orders the records.
fn merge(records: &mut Vec<Record>, data: &Dataset) {
    let unit = |r: &Record| (r.class, r.deployment, r.unit);
    records.sort_unstable_by_key(|r| (unit(r), r.moments, r.time));
    records.dedup_by(|row, kept| {
        let same = unit(row) == unit(kept);
        if same {
            kept.group_size = kept.group_size.saturating_add(row.group_size);
            kept.moments.1 = kept.moments.1.max(row.moments.1);
        }
        same
    });
    let location = |r: &Record| data.deployments[r.deployment as usize].location;
    records.sort_unstable_by_key(|r| (r.class, location(r), r.moments, r.time, r.deployment, r.unit));
}
