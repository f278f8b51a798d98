//! Times of day: activity, night, and how far two classes share the day.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use detections::LocalTime;

use crate::activity::activity;
use crate::data::{ActivityRow, ClassRow, NightRow, OverlapRow, ShareRow};
use crate::effort::Span;
use crate::intervals::{self, Interval};
use crate::overlap::{self, Overlap};
use crate::period::Period;
use crate::records::Record;
use crate::request::TimeOfDay;
use crate::rows::rounded;
use crate::sun::{Light, Sky, anchored};
use crate::survey::Survey;

/// Parts of the day that night is told for.
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
            let spans = survey.ground.spans.iter().zip(&survey.effort);
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
        let deployment = &survey.data.deployments[row as usize];
        let position = survey.ground.positions[row as usize];
        match (position, survey.ground.offset(deployment, span.start)) {
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

/// Times of day of the records of each class.
pub(crate) struct Hours {
    /// The clock they are on: solar only where that was asked for and the sun is known.
    pub on: TimeOfDay,
    /// Records on days, or at places, without a sunrise to go by; they have no solar time.
    pub left_out: usize,
    of_class: BTreeMap<u32, Vec<f64>>,
}

impl Hours {
    pub fn of(&self, class: u32) -> Option<&[f64]> {
        self.of_class.get(&class).map(Vec::as_slice)
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
    pub fn hours(&self, asked: TimeOfDay, nights: Option<&Nights>, sky: &mut Sky<'_>) -> Hours {
        let means = match asked {
            TimeOfDay::Solar => nights.and_then(|nights| nights.anchors),
            TimeOfDay::Clock => None,
        };
        let on = if means.is_some() { TimeOfDay::Solar } else { TimeOfDay::Clock };
        let mut hours = Hours { on, left_out: 0, of_class: BTreeMap::new() };
        for record in self.found.records.iter().filter(|record| self.has_clock(record.deployment)) {
            let hour = match means {
                Some(means) => solar_hour(record, means, sky),
                None => Some(record.time.hour_of_day()),
            };
            hours.left_out += usize::from(hour.is_none());
            hours.of_class.entry(record.class).or_default().extend(hour);
        }
        hours
    }

    /// Whether times of day of a deployment mean anything: its source does not say that the clock was
    /// wrong.
    pub fn has_clock(&self, deployment: u32) -> bool {
        !self.data.deployments[deployment as usize].has_timestamp_issues
    }

    /// Activity of each class that was recorded, in the order of `classes`.
    pub fn activity_rows(&self, classes: &[ClassRow], hours: &Hours, sky: &mut Sky<'_>) -> Vec<ActivityRow> {
        let row = |class: &ClassRow| {
            let number = self.data.class(&class.classification)?;
            let hours = hours.of(number)?;
            let curve = activity(hours)?;
            Some(ActivityRow {
                classification: class.classification.clone(),
                records: hours.len(),
                density: curve.hourly.map(|value| rounded(value, 4)).to_vec(),
                curve: curve.curve.iter().map(|value| rounded(*value, 3)).collect(),
                peak_hour: rounded(curve.peak_hour, 1),
                night: self.night_share(number, sky),
            })
        };
        classes.iter().take_while(|_| !(self.stop)()).filter_map(row).collect()
    }

    /// How many events of a class began while the sun was down.
    fn night_share(&self, class: u32, sky: &mut Sky<'_>) -> Option<ShareRow> {
        let (mut events, mut of) = (0_u32, 0_u32);
        for event in self.events_of(class).iter().filter(|event| self.has_clock(event.deployment)) {
            if let Some(light) = sky.light(event.deployment, event.time) {
                of += 1;
                events += u32::from(light.is_night(event.time.hour_of_day()));
            }
        }
        let Interval { low, high } = intervals::wilson(events, of)?;
        Some(ShareRow {
            events: events as usize,
            of: of as usize,
            share: rounded(f64::from(events) / f64::from(of), 4),
            low: rounded(low, 4),
            high: rounded(high, 4),
        })
    }

    /// The classes with most records, of which there are enough, two by two.
    pub fn overlap_rows(&self, classes: &[ClassRow], hours: &Hours) -> Vec<OverlapRow> {
        let mut compared: Vec<(&str, &[f64])> = classes
            .iter()
            .filter_map(|row| {
                let number = self.data.class(&row.classification)?;
                Some((row.classification.as_str(), hours.of(number)?))
            })
            .filter(|(_, hours)| hours.len() >= overlap::ENOUGH)
            .collect();
        compared.sort_by_key(|(_, hours)| std::cmp::Reverse(hours.len()));
        compared.truncate(overlap::MOST_CLASSES);
        let samples: Vec<&[f64]> = compared.iter().map(|(_, hours)| *hours).collect();
        let row = |(a, b, found): (usize, usize, Overlap)| OverlapRow {
            a: compared[a].0.into(),
            b: compared[b].0.into(),
            estimator: found.estimator,
            estimate: rounded(found.estimate, 4),
            low: rounded(found.interval.low, 4),
            high: rounded(found.interval.high, 4),
        };
        overlap::pairs(&samples).into_iter().map(row).collect()
    }
}
