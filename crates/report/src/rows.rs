//! The rows of a period: its classes, buckets and locations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use detections::LocalTime;

use crate::data::{AccumulationPoint, AccumulationRow, BucketRow, ClassRow, LocationRow};
use crate::events::Event;
use crate::intervals;
use crate::period::{Bucket, GroupBy};
use crate::records::Record;
use crate::request::Coordinates;
use crate::richness;
use crate::survey::Survey;

impl Survey<'_> {
    /// Most events first.
    pub fn class_rows(&self) -> Vec<ClassRow> {
        let surveyed = self.surveyed();
        let mut records: HashMap<u32, (usize, usize)> = HashMap::new();
        for record in &self.found.records {
            let (all, on_event_level) = records.entry(record.class).or_default();
            *all += 1;
            *on_event_level += usize::from(self.ground.event_level[record.deployment as usize]);
        }
        let mut rows: Vec<ClassRow> = self
            .events
            .chunk_by(|a, b| a.class == b.class)
            .take_while(|_| !(self.stop)())
            .map(|events| self.class_row(events, records[&events[0].class], &surveyed))
            .collect();
        rows.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.classification.cmp(&b.classification)));
        rows
    }

    /// `surveyed` are the locations with effort.
    fn class_row(
        &self,
        events: &[Event],
        records: (usize, usize),
        surveyed: &BTreeMap<u32, f64>,
    ) -> ClassRow {
        let (records, on_event_level) = records;
        let class = events[0].class;
        let named = &self.data.classes[class as usize];
        let locations = events.iter().map(|event| event.location).collect::<BTreeSet<_>>();
        // Both of the share's parts are of locations with effort, so it is at most 1.
        let occupied = locations.iter().filter(|location| surveyed.contains_key(location)).count();
        let rate = intervals::rate(&self.at_work(&self.samples(class, self.period)), &self.bootstrap);
        let confidence = self.found.confidence.get(class as usize).filter(|(_, count)| *count > 0);
        ClassRow {
            classification: named.name.clone(),
            vernacular_name: named.vernacular.clone(),
            domestic: named.is_domestic(),
            level: if on_event_level * 2 > records { "event" } else { "media" }.into(),
            events: events.len(),
            individuals: events.iter().map(|event| u64::from(event.group_size)).sum(),
            records,
            rai: per_hundred(events.len(), self.effort_days()),
            rai_low: rate.map(|rate| rounded(rate.low * 100.0, 4)),
            rai_high: rate.map(|rate| rounded(rate.high * 100.0, 4)),
            locations: locations.len(),
            naive_occupancy: (!surveyed.is_empty())
                .then(|| rounded(occupied as f64 / surveyed.len() as f64, 4)),
            mean_confidence: confidence.map(|(sum, count)| rounded(sum / f64::from(*count), 4)),
        }
    }

    pub fn bucket_rows(&self) -> Vec<BucketRow> {
        let mut rows: Vec<BucketRow> = self.buckets.iter().map(|bucket| self.bucket_row(*bucket)).collect();
        let ends: Vec<LocalTime> = self.buckets.iter().map(|bucket| bucket.until()).collect();
        for events in self.events.chunk_by(|a, b| a.class == b.class) {
            let mut counts = vec![0; rows.len()];
            for event in events {
                counts[ends.partition_point(|end| *end <= event.time)] += 1;
            }
            let class = &self.data.classes[events[0].class as usize].name;
            for (row, count) in rows.iter_mut().zip(counts).filter(|(_, count)| *count > 0) {
                row.events.insert(class.clone(), count);
            }
        }
        rows
    }

    fn bucket_row(&self, bucket: Bucket) -> BucketRow {
        let format = match self.request.group_by {
            GroupBy::Day | GroupBy::Week => "%-d %b %Y",
            GroupBy::Month => "%b %Y",
        };
        let spans = self.ground.spans.iter().flatten();
        let effort: f64 = spans.map(|span| span.days_in(bucket)).sum();
        BucketRow {
            start: bucket.start,
            end: bucket.end,
            label: bucket.start.strftime(format).to_string(),
            effort_days: rounded(effort, 4),
            events: BTreeMap::new(),
        }
    }

    /// By name.
    pub fn location_rows(&self) -> Vec<LocationRow> {
        let mut seen: HashMap<u32, (usize, BTreeSet<u32>)> = HashMap::new();
        for event in &self.events {
            let (events, classes) = seen.entry(event.location).or_default();
            *events += 1;
            classes.insert(event.class);
        }
        let placed = self.data.deployments.iter().zip(&self.ground.positions);
        let positions: HashMap<u32, (f64, f64)> =
            placed.filter_map(|(deployment, position)| Some((deployment.location, (*position)?))).collect();
        let row = |(location, effort): (u32, f64)| {
            let (events, classes) = seen.remove(&location).unwrap_or_default();
            let position = positions.get(&location);
            LocationRow {
                location: self.data.locations[location as usize].name.clone(),
                effort_days: rounded(effort, 4),
                events,
                rai: per_hundred(events, effort),
                classes: classes.len(),
                latitude: position.map(|(latitude, _)| self.coordinate(*latitude)),
                longitude: position.map(|(_, longitude)| self.coordinate(*longitude)),
            }
        };
        let mut rows: Vec<LocationRow> = self.surveyed().into_iter().map(row).collect();
        rows.sort_by(|a, b| a.location.cmp(&b.location));
        rows
    }

    fn coordinate(&self, degrees: f64) -> f64 {
        match self.request.coordinates {
            Coordinates::Rounded => rounded(degrees, 1),
            Coordinates::Exact => degrees,
        }
    }

    /// Classes against camera-days; `None` when no class was found.
    pub fn accumulation(&self) -> Option<AccumulationRow> {
        let incidences: Vec<u32> =
            self.found.records.chunk_by(|a, b| a.class == b.class).map(camera_days).collect();
        let units = self.camera_day_units();
        let total = richness::chao2(&incidences, units)?;
        let point = |point: richness::Accumulated| AccumulationPoint {
            camera_days: point.units,
            classes: rounded(point.species, 4),
            low: rounded(point.interval.low, 4),
            high: rounded(point.interval.high, 4),
        };
        Some(AccumulationRow {
            observed: incidences.len(),
            units,
            curve: richness::accumulation(&incidences, units).into_iter().map(point).collect(),
            chao2: rounded(total.estimate, 4),
            chao2_low: rounded(total.interval.low, 4),
            chao2_high: rounded(total.interval.high, 4),
            uniques: total.uniques,
            duplicates: total.duplicates,
        })
    }

    /// Civil days on which each deployment could record something, added up.
    fn camera_day_units(&self) -> u32 {
        let day = |seconds: i64| seconds.div_euclid(86_400);
        let (first, last) = (day(self.period.from().seconds()), day(self.period.until().seconds() - 1));
        let touched = self.ground.spans.iter().flatten().map(|span| {
            let (from, until) = (day(span.records.0.seconds()), day(span.records.1.seconds()));
            (until.min(last) - from.max(first) + 1).max(0)
        });
        u32::try_from(touched.sum::<i64>()).unwrap_or(u32::MAX)
    }
}

/// On how many camera-days the records of a class were made.
fn camera_days(of_class: &[Record]) -> u32 {
    let day = |record: &Record| (record.deployment, record.time.seconds().div_euclid(86_400));
    let mut days: Vec<(u32, i64)> = of_class.iter().map(day).collect();
    days.dedup();
    days.sort_unstable();
    days.dedup();
    days.len().try_into().unwrap_or(u32::MAX)
}

fn per_hundred(events: usize, effort_days: f64) -> Option<f64> {
    (effort_days > 0.0).then(|| rounded(100.0 * events as f64 / effort_days, 4))
}

/// To so many digits after the point; `None` for what is not finite, which JSON has no form for.
pub(crate) fn bounded(value: f64, digits: i32) -> Option<f64> {
    value.is_finite().then(|| rounded(value, digits))
}

/// To so many digits after the point.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
