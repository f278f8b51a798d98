//! Records: the observations that are counted, and the number of others by reason.
//!
//! A record is one class in one file or, on event level, in one `eventID`. A count uses exactly
//! one level: event where the deployment has animal observations on event level, else media.

use std::collections::HashMap;

use detections::{Dataset, Group, Level, LocalTime, Observation, ObservationType, Review};
use rayon::prelude::*;

use crate::base::SurveyBase;
use crate::data::ExcludedCounts;
use crate::period::Period;
use crate::request::Cameras;

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
    /// Its males, females and young, as far as the data tell them apart.
    pub composition: Composition,
    /// Observations that it was put together from.
    pub rows: u32,
    /// The sum of their confidences, and how many have one.
    pub(crate) confidence: (f32, u32),
    /// Number of its file or event; of the row itself, with the highest bit set, where it has none.
    pub(crate) unit: u32,
}

/// How many individuals of a record are males, females and young.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Composition {
    /// Males that are not young.
    pub males: u32,
    /// Females that are not young.
    pub females: u32,
    /// Young.
    pub young: u32,
    /// A row names young and adults together (`Adult + Juvenile`), so the number of young is unknown.
    pub has_uncounted_young: bool,
}

impl Composition {
    /// Counts one observation: by its class where that says what an animal is, else by life stage and sex.
    fn from_observation(observation: &Observation<'_>, group: Option<Group>) -> Self {
        let count = observation.count;
        match group {
            Some(Group::Male) => Self { males: count, ..Self::default() },
            Some(Group::Female) => Self { females: count, ..Self::default() },
            Some(Group::Juvenile) => Self { young: count, ..Self::default() },
            None => Self::by_sex_and_age(observation),
        }
    }

    /// Reads the words of Camtrap DP and Wildlife Insights. Life stage comes first: a young male counts as
    /// recruitment, not as a male. A row may list several stages: `Adult + Juvenile` of a `Female` is a
    /// female with her young.
    fn by_sex_and_age(observation: &Observation<'_>) -> Self {
        let has = |text: Option<&str>, wanted: &str| {
            let words = |text: &str| {
                text.split(|c: char| !c.is_alphabetic()).any(|word| word.eq_ignore_ascii_case(wanted))
            };
            text.is_some_and(words)
        };
        let count = observation.count;
        let is_young = has(observation.life_stage, "juvenile");
        let has_grown = ["adult", "subadult"].iter().any(|word| has(observation.life_stage, word));
        if is_young && !has_grown {
            return Self { young: count, ..Self::default() };
        }
        let (is_male, is_female) = (has(observation.sex, "male"), has(observation.sex, "female"));
        Self {
            males: if is_male { count } else { 0 },
            females: if is_female { count } else { 0 },
            young: 0,
            has_uncounted_young: is_young,
        }
    }

    /// Whether young are among them.
    pub fn has_young(&self) -> bool {
        self.young > 0 || self.has_uncounted_young
    }

    fn add(&mut self, other: Self) {
        self.males = self.males.saturating_add(other.males);
        self.females = self.females.saturating_add(other.females);
        self.young = self.young.saturating_add(other.young);
        self.has_uncounted_young |= other.has_uncounted_young;
    }
}

/// Why an observation is not counted. The first reason that applies is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ExclusionReason {
    OtherLevel,
    Replaced,
    NoTimestamp,
    OutsidePeriod,
    CameraSetup,
    TimeLapse,
    Kind(ObservationType),
    OutsideDeployment,
    OtherClass,
}

impl ExcludedCounts {
    /// The number of observations left out for a reason.
    fn count_mut(&mut self, reason: ExclusionReason) -> &mut u64 {
        match reason {
            ExclusionReason::OtherLevel => &mut self.other_level,
            ExclusionReason::Replaced => &mut self.replaced_by_person,
            ExclusionReason::NoTimestamp => &mut self.no_timestamp,
            ExclusionReason::OutsidePeriod => &mut self.outside_period,
            ExclusionReason::OutsideDeployment => &mut self.outside_deployment,
            ExclusionReason::OtherClass => &mut self.other_classes,
            ExclusionReason::CameraSetup => &mut self.camera_setup,
            ExclusionReason::TimeLapse => &mut self.time_lapse,
            ExclusionReason::Kind(ObservationType::Blank) => &mut self.blank,
            ExclusionReason::Kind(ObservationType::Human) => &mut self.human,
            ExclusionReason::Kind(ObservationType::Vehicle) => &mut self.vehicle,
            ExclusionReason::Kind(ObservationType::Unclassified) => &mut self.unclassified,
            ExclusionReason::Kind(ObservationType::Unknown | ObservationType::Animal) => &mut self.unknown,
        }
    }
}

/// The records of a data set, of all its days, and what was left out of them.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Ordered by class, location and moment; with independent cameras by deployment within a location.
    pub records: Vec<Record>,
    /// Observations left out whatever the period.
    always: ExcludedCounts,
    /// The others, by their day since 1970 and reason.
    by_day: HashMap<(i64, ExclusionReason), u64>,
}

impl Records {
    /// Collects the records of the classes for which `is_counted` holds, by their number. `groups` says
    /// of each class whether its animals are males, females or young.
    pub fn collect(
        data: &Dataset,
        base: &SurveyBase,
        groups: &[Option<Group>],
        is_counted: &[bool],
        cameras: Cameras,
    ) -> Self {
        // Room for all of them: growing step by step copies large tables several times.
        let records = Vec::with_capacity(data.observations.len());
        let mut found = Self { records, ..Self::default() };
        for (row, observation) in (0..).zip(data.observations.iter()) {
            match judge(&observation, base, is_counted) {
                Ok((class, time)) => {
                    let o = &observation;
                    let of_unit = if o.level == Level::Event { o.event } else { o.media };
                    let begin = time.seconds() - i64::from(o.offset.or(base.likely_offset).unwrap_or(0));
                    found.records.push(Record {
                        class,
                        deployment: o.deployment,
                        time,
                        moments: (begin, begin + i64::from(o.duration)),
                        group_size: o.count,
                        composition: Composition::from_observation(o, groups[class as usize]),
                        rows: 1,
                        confidence: (o.confidence.unwrap_or(0.0), u32::from(o.confidence.is_some())),
                        unit: of_unit.unwrap_or(row | 1 << 31),
                    });
                }
                Err((reason, None)) => *found.always.count_mut(reason) += 1,
                Err((reason, Some(time))) => *found.by_day.entry((day_of(time), reason)).or_default() += 1,
            }
        }
        found.always.outside_period += data.outside_selection.observations;
        merge_rows(&mut found.records, base, cameras);
        found
    }

    /// What is left out of a period, but for the records.
    pub(crate) fn excluded_from(&self, period: Period) -> ExcludedCounts {
        let mut excluded = self.always.clone();
        let days = day_of(period.start_time())..day_of(period.end_time());
        for ((day, reason), number) in &self.by_day {
            let reason = if days.contains(day) { *reason } else { ExclusionReason::OutsidePeriod };
            *excluded.count_mut(reason) += number;
        }
        excluded
    }
}

fn day_of(time: LocalTime) -> i64 {
    time.seconds().div_euclid(86_400)
}

/// The class and time of an observation that counts, else why it does not, with its time unless the reason
/// applies whatever the period.
fn judge(
    observation: &Observation<'_>,
    base: &SurveyBase,
    is_counted: &[bool],
) -> Result<(u32, LocalTime), (ExclusionReason, Option<LocalTime>)> {
    let deployment = observation.deployment as usize;
    let level = if base.event_level[deployment] { Level::Event } else { Level::Media };
    if observation.level != level {
        return Err((ExclusionReason::OtherLevel, None));
    }
    if observation.review != Review::Open {
        return Err((ExclusionReason::Replaced, None));
    }
    let time = observation.time.ok_or((ExclusionReason::NoTimestamp, None))?;
    let refuse = |reason| Err((reason, Some(time)));
    let class = match (observation.kind, observation.class) {
        _ if observation.is_camera_setup => return refuse(ExclusionReason::CameraSetup),
        _ if observation.is_time_lapse => return refuse(ExclusionReason::TimeLapse),
        (ObservationType::Animal, Some(class)) => class,
        (ObservationType::Animal, None) => return refuse(ExclusionReason::Kind(ObservationType::Unknown)),
        (kind, _) => return refuse(ExclusionReason::Kind(kind)),
    };
    if !base.spans[deployment].is_some_and(|span| span.contains(time)) {
        return refuse(ExclusionReason::OutsideDeployment);
    }
    if !is_counted[class as usize] {
        return refuse(ExclusionReason::OtherClass);
    }
    Ok((class, time))
}

/// Puts together the rows of one file or event, and orders the records.
fn merge_rows(records: &mut Vec<Record>, base: &SurveyBase, cameras: Cameras) {
    let unit = |r: &Record| (r.class, r.deployment, r.unit);
    // Stable, so that rows of one file are added up in one order on any number of cores.
    records.par_sort_by_key(|r| (unit(r), r.moments, r.time));
    records.dedup_by(|row, kept| {
        let same = unit(row) == unit(kept);
        if same {
            kept.group_size = kept.group_size.saturating_add(row.group_size);
            kept.composition.add(row.composition);
            kept.rows += row.rows;
            kept.confidence.0 += row.confidence.0;
            kept.confidence.1 += row.confidence.1;
            kept.moments.1 = kept.moments.1.max(row.moments.1);
        }
        same
    });
    sort_records(records, base, cameras);
}

/// Orders records by class, place of independence and moment.
pub(crate) fn sort_records(records: &mut [Record], base: &SurveyBase, cameras: Cameras) {
    let place = |r: &Record| {
        let deployment = base.deployment_ranks[r.deployment as usize];
        let camera = if cameras == Cameras::Independent { deployment } else { 0 };
        (base.location_ranks[base.locations[r.deployment as usize] as usize], camera)
    };
    records.par_sort_by_key(|r| {
        (r.class, place(r), r.moments, r.time, base.deployment_ranks[r.deployment as usize], r.unit)
    });
}
