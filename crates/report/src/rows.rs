//! The rows of a period: its classes, buckets and locations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use detections::Coordinates;

use crate::data::{BucketRow, ClassRow, LocationRow};
use crate::events::Event;
use crate::intervals;
use crate::period::Period;
use crate::prose::format::label_bucket;
use crate::survey::Survey;

/// Digits of a degree that rounded coordinates have.
pub(crate) const COORDINATE_DIGITS: u8 = 1;

impl Survey<'_> {
    /// Most events first.
    pub fn class_rows(&self) -> Vec<ClassRow> {
        let mut rows: Vec<ClassRow> = self
            .events
            .chunk_by(|a, b| a.class == b.class)
            .take_while(|_| !self.visits.cancellation.is_cancelled())
            .map(|events| self.class_row(events))
            .collect();
        rows.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.classification.cmp(&b.classification)));
        rows
    }

    /// `events` are all of one class, and there are some.
    fn class_row(&self, events: &[Event]) -> ClassRow {
        let class = events[0].class;
        let named = &self.data().classes[class as usize];
        let records = || events.iter().flat_map(|event| self.visits.records_of(event));
        let on_event_level =
            records().filter(|record| self.visits.base.event_level[record.deployment as usize]).count();
        let confidence = records().fold((0.0, 0_u32), |(sum, count), record| {
            (sum + f64::from(record.confidence.0), count + record.confidence.1)
        });
        let locations = events.iter().map(|event| event.location).collect::<BTreeSet<_>>().len();
        let surveyed = self.locations.len();
        let rate = intervals::rate_interval(&self.samples(class));
        let occupancy = intervals::wilson_interval(locations as f64, surveyed as f64);
        ClassRow {
            classification: named.name.clone(),
            vernacular_name: named.vernacular.clone(),
            domestic: named.is_domestic(),
            level: if on_event_level * 2 > records().count() { "event" } else { "media" }.into(),
            events: events.len(),
            individuals: events.iter().map(|event| u64::from(event.group_size)).sum(),
            records: records().count(),
            rai: rate_per_hundred_days(events.len(), self.effort_days()),
            rai_low: rate.map(|rate| round_to(rate.low * 100.0, 4)),
            rai_high: rate.map(|rate| round_to(rate.high * 100.0, 4)),
            locations,
            naive_occupancy: (surveyed > 0).then(|| round_to(locations as f64 / surveyed as f64, 4)),
            occupancy_low: occupancy.map(|interval| round_to(interval.low, 4)),
            occupancy_high: occupancy.map(|interval| round_to(interval.high, 4)),
            mean_confidence: (confidence.1 > 0).then(|| round_to(confidence.0 / f64::from(confidence.1), 4)),
        }
    }

    pub fn bucket_rows(&self) -> Vec<BucketRow> {
        let row = |bucket: &Period| BucketRow {
            start: bucket.start,
            end: bucket.end,
            label: label_bucket(bucket.start, self.request().group_by),
            effort_days: round_to(self.watched_in_buckets().days_in(*bucket).iter().sum(), 4),
            events: BTreeMap::new(),
        };
        let mut rows: Vec<BucketRow> = self.buckets.iter().map(row).collect();
        for events in self.events.chunk_by(|a, b| a.class == b.class) {
            let mut counts = vec![0; rows.len()];
            for event in events.iter().filter(|event| self.is_in_buckets(event)) {
                counts[self.bucket_of(event)] += 1;
            }
            let class = &self.data().classes[events[0].class as usize].name;
            for (row, count) in rows.iter_mut().zip(counts).filter(|(_, count)| *count > 0) {
                row.events.insert(class.clone(), count);
            }
        }
        rows
    }

    /// The number of the bucket in which an event of the period begins.
    pub fn bucket_of(&self, event: &Event) -> usize {
        self.bucket_ends.partition_point(|end| *end <= event.time)
    }

    /// By name.
    pub fn location_rows(&self) -> Vec<LocationRow> {
        let mut seen: HashMap<u32, (usize, BTreeSet<u32>)> = HashMap::new();
        for event in &self.events {
            let (events, classes) = seen.entry(event.location).or_default();
            *events += 1;
            classes.insert(event.class);
        }
        let placed = self.data().deployments.iter().zip(&self.visits.base.positions);
        let positions: HashMap<u32, (f64, f64)> =
            placed.filter_map(|(deployment, position)| Some((deployment.location, (*position)?))).collect();
        let row = |(location, effort): (u32, &f64)| {
            let (events, classes) = seen.remove(&location).unwrap_or_default();
            let position = positions.get(&location);
            LocationRow {
                location: self.data().locations[location as usize].name.clone(),
                effort_days: round_to(*effort, 4),
                events,
                rai: rate_per_hundred_days(events, *effort),
                classes: classes.len(),
                latitude: position.map(|(latitude, _)| self.coordinate(*latitude)),
                longitude: position.map(|(_, longitude)| self.coordinate(*longitude)),
            }
        };
        let surveyed = (0..).zip(&self.effort_by_location).filter(|(_, effort)| **effort > 0.0);
        let mut rows: Vec<LocationRow> = surveyed.map(row).collect();
        rows.sort_by(|a, b| a.location.cmp(&b.location));
        rows
    }

    fn coordinate(&self, degrees: f64) -> f64 {
        match self.request().coordinates {
            Coordinates::Rounded => round_to(degrees, COORDINATE_DIGITS.into()),
            Coordinates::Exact => degrees,
        }
    }
}

pub(crate) fn rate_per_hundred_days(events: usize, effort_days: f64) -> Option<f64> {
    (effort_days > 0.0).then(|| round_to(100.0 * events as f64 / effort_days, 4))
}

/// To so many digits after the point; `None` for what is not finite, which JSON has no form for.
pub(crate) fn round_finite(value: f64, digits: i32) -> Option<f64> {
    value.is_finite().then(|| round_to(value, digits))
}

/// A probability to four significant digits, so that a small one is not 0.
pub(crate) fn round_p(p: f64) -> f64 {
    format!("{p:.3e}").parse().unwrap_or(p)
}

/// To so many digits after the point.
pub(crate) fn round_to(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
