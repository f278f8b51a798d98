//! Times of day: activity, events at night, and overlaps of activity.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use crate::activity::smooth_activity;
use crate::activity_test;
use crate::data::{ActivityRow, ClassRow, OverlapRow, OverlapTest, ShareRow};
use crate::events::Event;
use crate::intervals;
use crate::nights::Nights;
use crate::overlap;
use crate::ratios::{ALPHA, adjust_by_holm};
use crate::records::Record;
use crate::request::TimeOfDay;
use crate::resample::{Overlap, bootstrap_overlaps};
use crate::rows::{round_p, round_to};
use crate::sun::{Light, Sky, anchor_hour};
use crate::survey::Survey;
use crate::times::Times;

/// Times of day of each class.
pub(crate) struct Hours {
    /// The clock they are on: solar only where that was requested and the sun is known.
    pub clock: TimeOfDay,
    /// Records on days, or at places, without a sunrise; they have no solar time.
    pub without_sunrise: usize,
    of_class: BTreeMap<u32, Times>,
}

impl Hours {
    pub fn times_of(&self, class: u32) -> Option<&Times> {
        self.of_class.get(&class).filter(|times| times.events() > 0)
    }
}

/// Hour of a record with sunrise and sunset at their means; `None` on a day without them.
fn solar_hour(record: &Record, means: (f64, f64), sky: &mut Sky<'_>) -> Option<f64> {
    match sky.light(record.deployment, record.time)? {
        Light::RisesAndSets { sunrise, sunset } => {
            Some(anchor_hour(record.time.hour_of_day(), (sunrise, sunset), means))
        }
        Light::AlwaysDay | Light::AlwaysNight => None,
    }
}

impl Survey<'_> {
    /// Times of day of all records, on the requested clock where that is possible.
    pub fn hours(&self, requested: TimeOfDay, nights: Option<&Nights>, sky: &mut Sky<'_>) -> Hours {
        let means = match requested {
            TimeOfDay::Solar => nights.and_then(|nights| nights.anchors),
            TimeOfDay::Clock => None,
        };
        let clock = if means.is_some() { TimeOfDay::Solar } else { TimeOfDay::Clock };
        let mut hours = Hours { clock, without_sunrise: 0, of_class: BTreeMap::new() };
        for event in &self.events {
            let records = self.visits.records_of(event).iter();
            let mut of_event = Vec::with_capacity(event.records.len());
            for record in records.filter(|record| self.visits.has_clock(record.deployment)) {
                let hour = match means {
                    Some(means) => solar_hour(record, means, sky),
                    None => Some(record.time.hour_of_day()),
                };
                hours.without_sunrise += usize::from(hour.is_none());
                of_event.extend(hour);
            }
            hours.of_class.entry(event.class).or_default().add_event(event.location, of_event);
        }
        hours
    }

    /// Activity of each class that was recorded, in the order of `classes`.
    pub fn activity_rows(&self, classes: &[ClassRow], hours: &Hours, sky: &mut Sky<'_>) -> Vec<ActivityRow> {
        let row = |class: &ClassRow| {
            let number = self.data().find_class(&class.classification)?;
            let times = hours.times_of(number)?;
            let curve = smooth_activity(times)?;
            Some(ActivityRow {
                classification: class.classification.clone(),
                records: times.records(),
                events: times.events(),
                density: curve.hourly.iter().map(|value| round_to(*value, 4)).collect(),
                curve: curve.curve.iter().map(|value| round_to(*value, 3)).collect(),
                peak_hour: round_to(curve.peak_hour, 1),
                night: self.share_of_events(number, |event| {
                    let light = sky.light(event.deployment, event.time)?;
                    Some(light.is_night(event.time.hour_of_day()))
                }),
            })
        };
        classes.iter().take_while(|_| !self.visits.cancellation.is_cancelled()).filter_map(row).collect()
    }

    /// The share of the events of a class for which `is_so` holds, of those with a reliable clock for which
    /// it is known. `None` without any.
    pub fn share_of_events(
        &self,
        class: u32,
        mut is_so: impl FnMut(&Event) -> Option<bool>,
    ) -> Option<ShareRow> {
        let events = self.events_of(class).iter().filter(|event| self.visits.has_clock(event.deployment));
        share_row(events.filter_map(|event| Some((event.location, is_so(event)?))))
    }

    /// Every two classes with enough events.
    pub fn overlap_rows(&self, classes: &[ClassRow], hours: &Hours) -> Vec<OverlapRow> {
        let compared: Vec<(&str, &Times)> = classes
            .iter()
            .filter_map(|row| {
                let number = self.data().find_class(&row.classification)?;
                Some((row.classification.as_str(), hours.times_of(number)?))
            })
            .filter(|(_, times)| times.events() >= overlap::MIN_EVENTS)
            .collect();
        let samples: Vec<&Times> = compared.iter().map(|(_, times)| *times).collect();
        test_overlaps(&samples, &self.locations, self.visits.cancellation)
            .into_iter()
            .map(|tested| OverlapRow {
                a: compared[tested.pair.0].0.into(),
                b: compared[tested.pair.1].0.into(),
                events_a: samples[tested.pair.0].events(),
                events_b: samples[tested.pair.1].events(),
                test: tested.to_row(tested.p_adjusted),
            })
            .collect()
    }
}

/// The row of a share, from the location of each event and whether it counts. `None` without any event.
pub(crate) fn share_row(events: impl Iterator<Item = (u32, bool)>) -> Option<ShareRow> {
    let mut by_location: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for (location, is_so) in events {
        let (of, all) = by_location.entry(location).or_default();
        *of += f64::from(u8::from(is_so));
        *all += 1.0;
    }
    let locations: Vec<(f64, f64)> = by_location.into_values().collect();
    let (of, all) = locations.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let interval = intervals::share_interval(&locations);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (all > 0.0).then(|| ShareRow {
        events: of as usize,
        of: all as usize,
        share: round_to(of / all, 4),
        low: interval.map(|interval| round_to(interval.low, 4)),
        high: interval.map(|interval| round_to(interval.high, 4)),
    })
}

/// The overlap of two samples, with its test.
pub(crate) struct TestedOverlap {
    /// Numbers of the two samples.
    pub pair: (usize, usize),
    pub overlap: Overlap,
    pub p_value: f64,
    /// After Holm's correction for the pairs of one call.
    pub p_adjusted: f64,
}

impl TestedOverlap {
    /// Its numbers as reports have them, with a probability that is corrected for all rows.
    pub fn to_row(&self, p_adjusted: f64) -> OverlapTest {
        let Overlap { estimator, estimate, interval, unit } = &self.overlap;
        let mut test = OverlapTest {
            estimator: *estimator,
            estimate: round_to(*estimate, 4),
            low: round_to(interval.low, 4),
            high: round_to(interval.high, 4),
            resampled: *unit,
            p_value: round_p(self.p_value),
            p_adjusted: 1.0,
            differs: false,
        };
        test.correct(p_adjusted);
        test
    }
}

impl OverlapTest {
    /// Sets the probability that is corrected for all rows, and whether the curves differ.
    pub(crate) fn correct(&mut self, p_adjusted: f64) {
        self.p_adjusted = round_p(p_adjusted);
        self.differs = self.p_adjusted < ALPHA;
    }
}

/// Overlaps and tests of every two of `samples`, in order.
pub(crate) fn test_overlaps(
    samples: &[&Times],
    locations: &[u32],
    cancellation: &CancellationToken,
) -> Vec<TestedOverlap> {
    let found = bootstrap_overlaps(samples, locations, cancellation);
    let pairs: Vec<(&Times, &Times)> = found.iter().map(|(a, b, _)| (samples[*a], samples[*b])).collect();
    let p_values = activity_test::p_values(&pairs, cancellation);
    let adjusted = adjust_by_holm(&p_values);
    found
        .into_iter()
        .zip(p_values.into_iter().zip(adjusted))
        .map(|((a, b, overlap), (p_value, p_adjusted))| TestedOverlap {
            pair: (a, b),
            overlap,
            p_value,
            p_adjusted,
        })
        .collect()
}
