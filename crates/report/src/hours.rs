//! Times of day: activity, night, and how far two classes share the day.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use detections::LocalTime;

use crate::activity::activity;
use crate::data::{ActivityRow, ClassRow, NightRow, OverlapRow, ShareRow};
use crate::effort::Span;
use crate::intervals;
use crate::overlap;
use crate::period::Period;
use crate::ratios::{ALPHA, holm};
use crate::records::Record;
use crate::request::TimeOfDay;
use crate::resample::{Overlap, overlaps};
use crate::rows::{rounded, significant};
use crate::same_activity;
use crate::sun::{Light, Sky, anchored};
use crate::survey::Survey;
use crate::times::Times;

/// Parts of the day for which night is given.
const HALF_HOURS: usize = 48;

/// Sunrise and sunset over the camera-days of some periods.
#[derive(Clone, Debug)]
pub(crate) struct Nights {
    /// Share of the camera-days on which it is night in each half hour of the camera's clock.
    shares: [f64; HALF_HOURS],
    /// Mean sunrise and sunset, as hours of the day on the camera's clock.
    anchors: Option<(f64, f64)>,
    /// Nothing is known of the cameras' clocks, so their offset was estimated.
    pub clock_estimated: bool,
    /// The largest distance from the equator, degrees.
    pub highest_latitude: f64,
    /// Deployments at work whose coordinates are not known.
    pub without_coordinates: Vec<String>,
}

/// Adds up the days of a survey.
#[derive(Default)]
struct Sum {
    nights: Vec<f64>,
    days: f64,
    // Sunrise and sunset as directions, since their mean is one round the clock.
    anchors: [(f64, f64); 2],
    anchored: bool,
}

impl Nights {
    /// Over the camera-days of `surveys`; `None` when no deployment at work has coordinates.
    pub fn over(surveys: &[&Survey<'_>], sky: &mut Sky<'_>) -> Option<Self> {
        let mut sum = Sum { nights: vec![0.0; HALF_HOURS], ..Sum::default() };
        let mut nights = Self {
            shares: [0.0; HALF_HOURS],
            anchors: None,
            clock_estimated: false,
            highest_latitude: 0.0,
            without_coordinates: Vec::new(),
        };
        for survey in surveys {
            let spans = survey.visits.base.spans.iter().zip(&survey.effort);
            for (row, (span, effort)) in (0..).zip(spans) {
                if let (Some(span), true) = (span, *effort > 0.0) {
                    nights.note(survey, row, *span);
                    sum.add(row, *span, survey.period, sky);
                }
            }
        }
        nights.without_coordinates.dedup();
        let hour = |(x, y): (f64, f64)| (y.atan2(x) * 24.0 / TAU).rem_euclid(24.0);
        nights.anchors = sum.anchored.then(|| (hour(sum.anchors[0]), hour(sum.anchors[1])));
        nights.shares.iter_mut().zip(&sum.nights).for_each(|(share, night)| *share = night / sum.days);
        (sum.days > 0.0).then_some(nights)
    }

    fn note(&mut self, survey: &Survey<'_>, row: u32, span: Span) {
        let deployment = &survey.data().deployments[row as usize];
        let position = survey.visits.base.positions[row as usize];
        match (position, survey.visits.base.offset(deployment, span.start)) {
            (Some((latitude, _)), Some((_, estimated))) => {
                self.highest_latitude = self.highest_latitude.max(latitude.abs());
                self.clock_estimated |= estimated;
            }
            _ => self.without_coordinates.push(deployment.id.clone()),
        }
    }

    /// As a row of the report, on the clock that is asked for.
    pub fn row(&self, on: TimeOfDay) -> NightRow {
        let shares = match (on, self.anchors) {
            (TimeOfDay::Solar, Some((sunrise, sunset))) => {
                let light = Light::RisesAndSets { sunrise, sunset };
                (0..HALF_HOURS).map(|at| f64::from(u8::from(light.is_night(middle(at))))).collect()
            }
            _ => self.shares.iter().map(|share| rounded(*share, 4)).collect(),
        };
        NightRow {
            shares,
            sunrise: self.anchors.map(|(sunrise, _)| rounded(sunrise, 2)),
            sunset: self.anchors.map(|(_, sunset)| rounded(sunset, 2)),
            clock_estimated: self.clock_estimated,
        }
    }
}

impl Sum {
    fn add(&mut self, row: u32, span: Span, period: Period, sky: &mut Sky<'_>) {
        let (from, until) = (span.start.max(period.from()), span.end.min(period.until()));
        let mut day = LocalTime::start_of(from.date());
        while day < until {
            if let Some(light) = sky.light(row, day) {
                self.days += 1.0;
                for (at, night) in self.nights.iter_mut().enumerate() {
                    *night += f64::from(u8::from(light.is_night(middle(at))));
                }
                if let Light::RisesAndSets { sunrise, sunset } = light {
                    self.anchored = true;
                    for (sum, hour) in self.anchors.iter_mut().zip([sunrise, sunset]) {
                        let angle = hour * TAU / 24.0;
                        *sum = (sum.0 + angle.cos(), sum.1 + angle.sin());
                    }
                }
            }
            day = day.plus_days(1);
        }
    }
}

/// Hour in the middle of a half hour.
fn middle(half_hour: usize) -> f64 {
    half_hour as f64 / 2.0 + 0.25
}

/// Times of day of each class.
pub(crate) struct Hours {
    /// The clock they are on: solar only where that was asked for and the sun is known.
    pub on: TimeOfDay,
    /// Records on days, or at places, without a sunrise to go by; they have no solar time.
    pub left_out: usize,
    of_class: BTreeMap<u32, Times>,
}

impl Hours {
    pub fn of(&self, class: u32) -> Option<&Times> {
        self.of_class.get(&class).filter(|times| times.events() > 0)
    }
}

/// Hour of a record with sunrise and sunset at their means; `None` on a day without them.
fn solar_hour(record: &Record, means: (f64, f64), sky: &mut Sky<'_>) -> Option<f64> {
    match sky.light(record.deployment, record.time)? {
        Light::RisesAndSets { sunrise, sunset } => {
            Some(anchored(record.time.hour_of_day(), (sunrise, sunset), means))
        }
        Light::AlwaysDay | Light::AlwaysNight => None,
    }
}

impl Survey<'_> {
    /// Times of day of all records, on the clock that is asked for where that can be.
    pub fn hours(&self, wanted: TimeOfDay, nights: Option<&Nights>, sky: &mut Sky<'_>) -> Hours {
        let means = match wanted {
            TimeOfDay::Solar => nights.and_then(|nights| nights.anchors),
            TimeOfDay::Clock => None,
        };
        let on = if means.is_some() { TimeOfDay::Solar } else { TimeOfDay::Clock };
        let mut hours = Hours { on, left_out: 0, of_class: BTreeMap::new() };
        for event in &self.events {
            let records = self.visits.records_of(event).iter();
            let mut of_event = Vec::with_capacity(event.records.len());
            for record in records.filter(|record| self.visits.has_clock(record.deployment)) {
                let hour = match means {
                    Some(means) => solar_hour(record, means, sky),
                    None => Some(record.time.hour_of_day()),
                };
                hours.left_out += usize::from(hour.is_none());
                of_event.extend(hour);
            }
            hours.of_class.entry(event.class).or_default().add_event(event.location, of_event);
        }
        hours
    }

    /// Activity of each class that was recorded, in the order of `classes`.
    pub fn activity_rows(&self, classes: &[ClassRow], hours: &Hours, sky: &mut Sky<'_>) -> Vec<ActivityRow> {
        let row = |class: &ClassRow| {
            let number = self.data().class(&class.classification)?;
            let times = hours.of(number)?;
            let curve = activity(times)?;
            Some(ActivityRow {
                classification: class.classification.clone(),
                records: times.records(),
                events: times.events(),
                density: curve.hourly.map(|value| rounded(value, 4)).to_vec(),
                curve: curve.curve.iter().map(|value| rounded(*value, 3)).collect(),
                peak_hour: rounded(curve.peak_hour, 1),
                night: self.night_share(number, sky),
            })
        };
        classes.iter().take_while(|_| !(self.visits.stop)()).filter_map(row).collect()
    }

    /// How many events of a class began while the sun was down.
    fn night_share(&self, class: u32, sky: &mut Sky<'_>) -> Option<ShareRow> {
        self.share_of_events(class, |event| {
            let light = sky.light(event.deployment, event.time)?;
            Some(light.is_night(event.time.hour_of_day()))
        })
    }

    /// The share of the events of a class of which something is so; of those with a clock that can be
    /// relied on, and of which it is known. `None` without any.
    pub fn share_of_events(
        &self,
        class: u32,
        mut is_so: impl FnMut(&crate::events::Event) -> Option<bool>,
    ) -> Option<ShareRow> {
        let mut by_location: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for event in self.events_of(class).iter().filter(|event| self.visits.has_clock(event.deployment)) {
            if let Some(is_so) = is_so(event) {
                let (of, all) = by_location.entry(event.location).or_default();
                *of += f64::from(u8::from(is_so));
                *all += 1.0;
            }
        }
        share_row(&by_location.into_values().collect::<Vec<_>>())
    }

    /// Every two classes with enough events.
    pub fn overlap_rows(&self, classes: &[ClassRow], hours: &Hours) -> Vec<OverlapRow> {
        let compared: Vec<(&str, &Times)> = classes
            .iter()
            .filter_map(|row| {
                let number = self.data().class(&row.classification)?;
                Some((row.classification.as_str(), hours.of(number)?))
            })
            .filter(|(_, times)| times.events() >= overlap::ENOUGH)
            .collect();
        let samples: Vec<&Times> = compared.iter().map(|(_, times)| *times).collect();
        let found = tested_overlaps(&samples, &self.locations, self.visits.stop);
        found
            .into_iter()
            .map(|tested| OverlapRow {
                a: compared[tested.pair.0].0.into(),
                b: compared[tested.pair.1].0.into(),
                events_a: samples[tested.pair.0].events(),
                events_b: samples[tested.pair.1].events(),
                estimator: tested.overlap.estimator,
                estimate: rounded(tested.overlap.estimate, 4),
                low: rounded(tested.overlap.interval.low, 4),
                high: rounded(tested.overlap.interval.high, 4),
                resampled: tested.overlap.unit,
                p_value: significant(tested.p_value),
                p_adjusted: significant(tested.p_adjusted),
                differs: significant(tested.p_adjusted) < ALPHA,
            })
            .collect()
    }
}

/// A share as a row, of what is so and of all at each location.
pub(crate) fn share_row(locations: &[(f64, f64)]) -> Option<ShareRow> {
    let (of, all) = locations.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let interval = intervals::share(locations);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (all > 0.0).then(|| ShareRow {
        events: of as usize,
        of: all as usize,
        share: rounded(of / all, 4),
        low: interval.map(|interval| rounded(interval.low, 4)),
        high: interval.map(|interval| rounded(interval.high, 4)),
    })
}

/// The overlap of two samples, with its test.
pub(crate) struct TestedOverlap {
    /// Their places.
    pub pair: (usize, usize),
    pub overlap: Overlap,
    pub p_value: f64,
    /// After Holm's correction; to begin with for the pairs of one call.
    pub p_adjusted: f64,
}

/// Every two of `samples`, in order.
pub(crate) fn tested_overlaps(
    samples: &[&Times],
    locations: &[u32],
    stop: &(dyn Fn() -> bool + Sync),
) -> Vec<TestedOverlap> {
    let found = overlaps(samples, locations, stop);
    let pairs: Vec<(&Times, &Times)> = found.iter().map(|(a, b, _)| (samples[*a], samples[*b])).collect();
    let p_values = same_activity::p_values(&pairs, stop);
    let adjusted = holm(&p_values);
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
