//! Records: the sightings that are counted, and those that are not, by reason.
//!
//! A record is one class in one file or, on event level, in one `eventID`. A count uses exactly
//! one level: event where the deployment has animal observations on event level, else media.

use std::collections::HashMap;

use detections::{Dataset, Level, LocalTime, Observation, ObservationType};

use crate::data::Excluded;
use crate::effort::Span;
use crate::period::Period;

/// One class in one file or event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Index into [`Dataset::classes`].
    pub class: u32,
    /// Index into [`Dataset::locations`].
    pub location: u32,
    /// Index into [`Dataset::deployments`].
    pub deployment: u32,
    /// When, on the camera's clock.
    pub time: LocalTime,
    /// Individuals: the counts of its rows added up, so a doe and her two fawns on one picture
    /// are three whether they are one row or three.
    pub group_size: u32,
    /// The level it was counted on.
    pub level: Level,
}

/// The records of a period, and what was left out of them.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Ordered by class, location and time.
    pub records: Vec<Record>,
    /// Observations left out, by reason.
    pub excluded: Excluded,
    /// For each class the sum of its confidences, and how many there are.
    pub confidence: HashMap<u32, (f64, u32)>,
    /// Deployments that are counted on event level.
    pub event_level: Vec<bool>,
}

/// One observation that counts, before those of one file or event are put together.
struct Part {
    record: Record,
    /// The file or event; without one, the row itself.
    unit: (bool, u32),
}

/// Collects the records of `period`. `spans` is of [`crate::effort::spans`]; `classes` limits
/// them when it is not empty.
pub fn collect(data: &Dataset, spans: &[Option<Span>], period: Period, classes: &[u32]) -> Records {
    let mut found = Records { event_level: event_level(data), ..Records::default() };
    let mut parts = Vec::new();
    for (row, observation) in (0..).zip(data.observations.iter()) {
        match judge(&observation, &found.event_level, spans, period, classes) {
            Ok((class, time)) => {
                parts.push(part(data, row, &observation, class, time));
                if let Some(confidence) = observation.confidence {
                    let (sum, count) = found.confidence.entry(class).or_default();
                    *sum += f64::from(confidence);
                    *count += 1;
                }
            }
            Err(reason) => *found.excluded.of(reason) += 1,
        }
    }
    found.records = merge(parts);
    found
}

/// Why an observation is not counted. The first that holds is the one that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    OtherLevel,
    NoTimestamp,
    OutsidePeriod,
    Kind(ObservationType),
    OutsideDeployment,
    OtherClass,
}

fn judge(
    observation: &Observation<'_>,
    event_level: &[bool],
    spans: &[Option<Span>],
    period: Period,
    classes: &[u32],
) -> Result<(u32, LocalTime), Reason> {
    let deployment = observation.deployment as usize;
    let level = if event_level[deployment] { Level::Event } else { Level::Media };
    if observation.level != level {
        return Err(Reason::OtherLevel);
    }
    let time = observation.time.ok_or(Reason::NoTimestamp)?;
    if !period.contains(time) {
        return Err(Reason::OutsidePeriod);
    }
    let class = match (observation.kind, observation.class) {
        (ObservationType::Animal, Some(class)) => class,
        (ObservationType::Animal, None) => return Err(Reason::Kind(ObservationType::Unknown)),
        (kind, _) => return Err(Reason::Kind(kind)),
    };
    if !spans[deployment].is_some_and(|span| span.contains(time)) {
        return Err(Reason::OutsideDeployment);
    }
    if !classes.is_empty() && !classes.contains(&class) {
        return Err(Reason::OtherClass);
    }
    Ok((class, time))
}

/// Whether each deployment has animal observations on event level.
fn event_level(data: &Dataset) -> Vec<bool> {
    let mut found = vec![false; data.deployments.len()];
    for o in data.observations.iter() {
        found[o.deployment as usize] |= o.level == Level::Event && o.kind == ObservationType::Animal;
    }
    found
}

fn part(data: &Dataset, row: u32, o: &Observation<'_>, class: u32, time: LocalTime) -> Part {
    let of_unit = match o.level {
        Level::Event => o.event,
        Level::Media => o.media,
    };
    let record = Record {
        class,
        location: data.deployments[o.deployment as usize].location,
        deployment: o.deployment,
        time,
        group_size: o.count,
        level: o.level,
    };
    Part { record, unit: of_unit.map_or((true, row), |unit| (false, unit)) }
}

/// Puts together the parts of one file or event, and orders the records.
fn merge(mut parts: Vec<Part>) -> Vec<Record> {
    parts.sort_unstable_by_key(|p| (p.record.class, p.record.deployment, p.unit, p.record.time));
    let mut records: Vec<Record> = Vec::with_capacity(parts.len());
    let mut previous = None;
    for part in parts {
        let unit = (part.record.class, part.record.deployment, part.unit);
        match records.last_mut() {
            Some(last) if previous == Some(unit) => {
                last.group_size = last.group_size.saturating_add(part.record.group_size);
            }
            _ => records.push(part.record),
        }
        previous = Some(unit);
    }
    records.sort_by_key(|r| (r.class, r.location, r.time));
    records
}
