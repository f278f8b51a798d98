//! Counts of a period, straight from the definitions.

use std::collections::{BTreeMap, BTreeSet};

use super::circular::Times;
use super::sun;
use super::tables::{Deployment, Sighting, Survey};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A class in a file or event: time and group.
struct Record {
    class: String,
    deployment: String,
    location: String,
    time: i64,
    /// Beginning and end in seconds of UTC, where the clock's offset is known.
    moments: (i64, i64),
    group: u64,
}

/// An independent event.
pub struct Visit {
    pub class: String,
    pub deployment: String,
    pub location: String,
    /// Of its first record, on the clock of the camera.
    pub time: i64,
    pub group: u64,
    /// Times of all its records.
    pub records: Vec<i64>,
}

pub struct Naive<'a> {
    survey: &'a Survey,
    pub from: i64,
    pub until: i64,
    /// Seconds of independence.
    gap: i64,
    /// Those that begin in the period.
    visits: Vec<Visit>,
}

impl<'a> Naive<'a> {
    /// Of the seconds from `from` to before `until`.
    pub fn new(survey: &'a Survey, from: i64, until: i64, minutes: i64) -> Self {
        let mut naive = Self { survey, from, until, gap: minutes * 60, visits: Vec::new() };
        naive.visits = naive.visits_of_some(|_| true);
        naive
    }

    /// Visits of some of the animals: independence is judged on all their records, whenever they are, and
    /// the visits that begin in the period are kept.
    fn visits_of_some(&self, is_one: impl Fn(&Sighting) -> bool) -> Vec<Visit> {
        let mut visits = visits(&records(self.survey, is_one), self.gap);
        visits.retain(|visit| self.from <= visit.time && visit.time < self.until);
        visits
    }

    /// How many visits of a class have some of its animals.
    pub fn count_events_of_some(&self, class: &str, is_one: impl Fn(&Sighting) -> bool) -> usize {
        self.visits_of_some(|sighting| sighting.class == class && is_one(sighting)).len()
    }

    pub fn effort_days(&self) -> f64 {
        self.effort().values().sum()
    }

    /// Camera-days of each location with any.
    pub fn effort(&self) -> BTreeMap<String, f64> {
        self.effort_between(self.from, self.until)
    }

    /// The time that at least one camera of a location was at work.
    pub fn effort_between(&self, from: i64, until: i64) -> BTreeMap<String, f64> {
        let mut spans: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
        for deployment in self.survey.deployments.values() {
            let span = (deployment.start.max(from), deployment.end.min(until));
            spans.entry(&deployment.location).or_default().push(span);
        }
        let days = spans.into_iter().map(|(location, spans)| (location.to_owned(), covered_days(spans)));
        days.filter(|(_, days)| *days > 0.0).collect()
    }

    pub fn events_by_class(&self) -> BTreeMap<String, usize> {
        self.events_between(self.from, self.until)
    }

    pub fn events_between(&self, from: i64, until: i64) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for visit in self.visits.iter().filter(|visit| from <= visit.time && visit.time < until) {
            *counts.entry(visit.class.clone()).or_insert(0) += 1;
        }
        counts
    }

    pub fn visits_of<'v>(&'v self, class: &'v str) -> impl Iterator<Item = &'v Visit> {
        self.visits.iter().filter(move |visit| visit.class == class)
    }

    pub fn events_of(&self, class: &str) -> usize {
        self.visits_of(class).count()
    }

    pub fn events_at(&self, location: &str) -> usize {
        self.visits.iter().filter(|visit| visit.location == location).count()
    }

    pub fn individuals(&self, class: &str) -> u64 {
        self.visits_of(class).map(|visit| visit.group).sum()
    }

    pub fn records_of(&self, class: &str) -> usize {
        self.visits_of(class).map(|visit| visit.records.len()).sum()
    }

    /// Events of a class at each location with any.
    pub fn events_by_location(&self, class: &str) -> BTreeMap<String, f64> {
        let mut events = BTreeMap::new();
        for visit in self.visits_of(class) {
            *events.entry(visit.location.clone()).or_insert(0.0) += 1.0;
        }
        events
    }

    /// Events and camera-days of each location with effort.
    pub fn samples(&self, class: &str) -> Vec<(f64, f64)> {
        let events = self.events_by_location(class);
        let effort = self.effort().into_iter();
        effort.map(|(location, days)| (events.get(&location).copied().unwrap_or(0.0), days)).collect()
    }

    /// Times of day of all records, each with its part of its event.
    pub fn times(&self, class: &str) -> Times {
        let mut times = Times::default();
        for visit in self.visits_of(class) {
            times.events += 1;
            times.hours.extend(visit.records.iter().map(|time| hour_of(*time)));
            times.weights.extend(visit.records.iter().map(|_| 1.0 / visit.records.len() as f64));
        }
        times
    }

    /// Times of day at which the events began.
    pub fn event_hours(&self, class: &str) -> Vec<f64> {
        self.visits_of(class).map(|visit| hour_of(visit.time)).collect()
    }

    /// Days of each class on which a location recorded it.
    pub fn camera_days_by_class(&self) -> BTreeMap<String, u32> {
        let mut days: BTreeMap<&str, BTreeSet<(&str, i64)>> = BTreeMap::new();
        for visit in &self.visits {
            let of_class = days.entry(&visit.class).or_default();
            of_class.extend(visit.records.iter().map(|time| (visit.location.as_str(), time.div_euclid(DAY))));
        }
        let count = |days: BTreeSet<_>| u32::try_from(days.len()).unwrap();
        days.into_iter().map(|(class, days)| (class.to_owned(), count(days))).collect()
    }

    /// Civil days on which each location had a camera at work, and those that its deployments touch.
    pub fn camera_days(&self) -> (u32, u32) {
        let (mut worked, mut touched) = (0, 0);
        let mut day = self.from;
        while day < self.until {
            worked += self.effort_between(day, day + DAY).len();
            let has_records_on_day = |deployment: &&Deployment| {
                deployment.records_from < day + DAY && deployment.records_until >= day
            };
            let deployments = self.survey.deployments.values().filter(has_records_on_day);
            touched += deployments.map(|deployment| &deployment.location).collect::<BTreeSet<_>>().len();
            day += DAY;
        }
        (u32::try_from(worked).unwrap(), u32::try_from(touched).unwrap())
    }

    /// For each location with visits of a class, how many began while the sun was down, and how many there
    /// were. The offset is that of the deployment when none is given.
    pub fn nights(&self, class: &str, offset_hours: Option<f64>) -> Vec<(f64, f64)> {
        let mut cells: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for visit in self.visits_of(class) {
            let deployment = &self.survey.deployments[&visit.deployment];
            let own = deployment.offset.map(|seconds| seconds as f64 / 3600.0);
            let offset = offset_hours.or(own).unwrap();
            let is_night = sun::is_night(deployment.latitude, deployment.longitude, visit.time, offset);
            let cell = cells.entry(&visit.location).or_default();
            *cell = (cell.0 + f64::from(u8::from(is_night)), cell.1 + 1.0);
        }
        cells.into_values().collect()
    }
}

fn hour_of(time: i64) -> f64 {
    time.rem_euclid(DAY) as f64 / 3600.0
}

/// Days that at least one of some spans covers.
fn covered_days(mut spans: Vec<(i64, i64)>) -> f64 {
    spans.sort_unstable();
    let (mut seconds, mut covered_until) = (0, i64::MIN);
    for (start, end) in spans {
        let start = start.max(covered_until);
        if end > start {
            seconds += end - start;
            covered_until = end;
        }
    }
    seconds as f64 / DAY as f64
}

/// Records in order of time, wherever they are within their deployment.
fn records(survey: &Survey, is_one: impl Fn(&Sighting) -> bool) -> Vec<Record> {
    let mut units: BTreeMap<(String, String, String), Record> = BTreeMap::new();
    for sighting in survey.sightings.iter().filter(|sighting| is_one(sighting)) {
        let Some(deployment) = survey.deployments.get(&sighting.deployment) else { continue };
        if sighting.time < deployment.records_from || sighting.time > deployment.records_until {
            continue;
        }
        let key = (sighting.class.clone(), sighting.deployment.clone(), sighting.unit.clone());
        let record = units.entry(key).or_insert_with(|| Record {
            class: sighting.class.clone(),
            deployment: sighting.deployment.clone(),
            location: deployment.location.clone(),
            time: sighting.time,
            moments: (i64::MAX, i64::MIN),
            group: 0,
        });
        record.group += sighting.count;
        record.time = record.time.min(sighting.time);
        let offset = deployment.offset.unwrap_or(0);
        record.moments.0 = record.moments.0.min(sighting.time - offset);
        record.moments.1 = record.moments.1.max(sighting.time.max(sighting.end) - offset);
    }
    let mut records: Vec<Record> = units.into_values().collect();
    records.sort_by_key(|record| record.moments.0);
    records
}

/// Each record is put to the visit of the one before it, when that is near enough.
fn visits(records: &[Record], gap: i64) -> Vec<Visit> {
    let mut open: BTreeMap<(&str, &str), (usize, i64)> = BTreeMap::new();
    let mut visits: Vec<Visit> = Vec::new();
    for record in records {
        let key = (record.class.as_str(), record.location.as_str());
        match open.get_mut(&key) {
            Some((at, last)) if record.moments.0 - *last <= gap => {
                visits[*at].group = visits[*at].group.max(record.group);
                visits[*at].records.push(record.time);
                *last = record.moments.1.max(*last);
            }
            _ => {
                open.insert(key, (visits.len(), record.moments.1));
                visits.push(Visit {
                    class: record.class.clone(),
                    deployment: record.deployment.clone(),
                    location: record.location.clone(),
                    time: record.time,
                    group: record.group,
                    records: vec![record.time],
                });
            }
        }
    }
    visits
}
