//! Counts of a period, straight from the definitions.

use std::collections::{BTreeMap, BTreeSet};

use super::statistics;
use super::tables::{Deployment, Survey};

/// A class in a file or event: time and group.
#[derive(Clone)]
pub struct Record {
    pub class: String,
    pub deployment: String,
    pub location: String,
    pub time: i64,
    /// Beginning and end in seconds of UTC, where the clock's offset is known.
    pub moments: (i64, i64),
    pub group: u64,
}

/// A visit.
pub struct Visit {
    pub class: String,
    pub deployment: String,
    pub location: String,
    pub time: i64,
    pub group: u64,
}

pub struct Naive<'a> {
    survey: &'a Survey,
    from: i64,
    until: i64,
    records: Vec<Record>,
    visits: Vec<Visit>,
}

impl<'a> Naive<'a> {
    /// Of the seconds from `from` to before `until`.
    pub fn new(survey: &'a Survey, from: i64, until: i64, minutes: i64) -> Self {
        let mut units: BTreeMap<(String, String, String), Record> = BTreeMap::new();
        for sighting in &survey.sightings {
            let Some(deployment) = survey.deployments.get(&sighting.deployment) else { continue };
            let inside =
                deployment.records_from <= sighting.time && sighting.time <= deployment.records_until;
            if !inside || sighting.time < from || sighting.time >= until {
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
        let visits = visits(&records, minutes * 60);
        Self { survey, from, until, records, visits }
    }

    pub fn effort_days(&self) -> f64 {
        self.locations_with_effort().values().sum()
    }

    /// Seconds of a deployment between two moments, in days.
    fn days(deployment: &Deployment, from: i64, until: i64) -> f64 {
        let seconds = deployment.end.min(until) - deployment.start.max(from);
        if seconds > 0 { seconds as f64 / 86_400.0 } else { 0.0 }
    }

    pub fn locations_with_effort(&self) -> BTreeMap<String, f64> {
        let mut effort = BTreeMap::new();
        for deployment in self.survey.deployments.values() {
            let days = Self::days(deployment, self.from, self.until);
            if days > 0.0 {
                *effort.entry(deployment.location.clone()).or_insert(0.0) += days;
            }
        }
        effort
    }

    pub fn effort_in_month(&self, month: &str) -> f64 {
        let mut total = 0.0;
        // Day by day.
        let mut day = self.from;
        while day < self.until {
            if month_of(day) == month {
                total +=
                    self.survey.deployments.values().map(|d| Self::days(d, day, day + 86_400)).sum::<f64>();
            }
            day += 86_400;
        }
        total
    }

    pub fn events_by_class(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for visit in &self.visits {
            *counts.entry(visit.class.clone()).or_insert(0) += 1;
        }
        counts
    }

    pub fn events_in_month(&self, month: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for visit in self.visits.iter().filter(|visit| month_of(visit.time) == month) {
            *counts.entry(visit.class.clone()).or_insert(0) += 1;
        }
        counts
    }

    pub fn events_at(&self, location: &str) -> usize {
        self.visits.iter().filter(|visit| visit.location == location).count()
    }

    pub fn individuals(&self, class: &str) -> u64 {
        self.visits.iter().filter(|visit| visit.class == class).map(|visit| visit.group).sum()
    }

    pub fn records_of(&self, class: &str) -> Vec<&Record> {
        self.records.iter().filter(|record| record.class == class).collect()
    }

    pub fn locations_of(&self, class: &str) -> BTreeSet<&str> {
        self.visits.iter().filter(|visit| visit.class == class).map(|visit| visit.location.as_str()).collect()
    }

    pub fn hours(&self, class: &str) -> Vec<f64> {
        self.records_of(class).iter().map(|record| record.time.rem_euclid(86_400) as f64 / 3600.0).collect()
    }

    /// Events and camera-days of each deployment at work.
    pub fn samples(&self, class: &str) -> Vec<(f64, f64)> {
        let of = |(id, deployment): (&String, &Deployment)| {
            let days = Self::days(deployment, self.from, self.until);
            let events =
                self.visits.iter().filter(|visit| visit.class == class && visit.deployment == *id).count();
            (days > 0.0).then_some((events as f64, days))
        };
        self.survey.deployments.iter().filter_map(of).collect()
    }

    /// Days of each class on which a deployment recorded it.
    pub fn camera_days_by_class(&self) -> Vec<u32> {
        let mut days: BTreeMap<&str, BTreeSet<(&str, i64)>> = BTreeMap::new();
        for record in &self.records {
            days.entry(&record.class)
                .or_default()
                .insert((&record.deployment, record.time.div_euclid(86_400)));
        }
        days.values().map(|days| u32::try_from(days.len()).unwrap()).collect()
    }

    /// Civil days on which each deployment could record something.
    pub fn camera_days(&self) -> u32 {
        let mut days = 0;
        for deployment in self.survey.deployments.values() {
            let mut day = self.from;
            while day < self.until {
                days += u32::from(deployment.records_from < day + 86_400 && deployment.records_until >= day);
                day += 86_400;
            }
        }
        days
    }

    /// Visits that began while the sun was down. The offset is that of the deployment when none is
    /// given.
    pub fn events_at_night(&self, class: &str, offset_hours: Option<f64>) -> usize {
        let night = |visit: &&Visit| {
            let deployment = &self.survey.deployments[&visit.deployment];
            let own = deployment.offset.map(|seconds| seconds as f64 / 3600.0);
            let offset = offset_hours.or(own).unwrap();
            statistics::is_night(deployment.latitude, deployment.longitude, visit.time, offset)
        };
        self.visits.iter().filter(|visit| visit.class == class).filter(night).count()
    }
}

fn month_of(time: i64) -> String {
    let days = u64::try_from(time.div_euclid(86_400)).unwrap();
    let date = jiff::civil::date(1970, 1, 1).checked_add(std::time::Duration::from_hours(24 * days)).unwrap();
    date.strftime("%Y-%m").to_string()
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
                });
            }
        }
    }
    visits
}
