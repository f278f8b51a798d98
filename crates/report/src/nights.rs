//! Sunrise and sunset over the camera-days of some periods.

use std::f64::consts::TAU;

use detections::LocalTime;

use crate::data::NightRow;
use crate::effort::Span;
use crate::period::Period;
use crate::request::TimeOfDay;
use crate::rows::round_to;
use crate::sun::{Light, Sky};
use crate::survey::Survey;

/// Parts of the day for which night is given.
const HALF_HOURS: usize = 48;

/// Sunrise and sunset over the camera-days of some periods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nights {
    /// Share of the camera-days on which it is night in each half hour of the camera's clock.
    shares: Vec<f64>,
    /// Mean sunrise and sunset, as hours of the day on the camera's clock.
    pub anchors: Option<(f64, f64)>,
    /// The cameras' offset from UTC is not known and was estimated.
    pub clock_estimated: bool,
    /// The largest distance from the equator, degrees.
    pub highest_latitude: f64,
    /// Deployments with effort whose coordinates are not known.
    pub without_coordinates: Vec<String>,
}

/// Adds up the days of a survey.
#[derive(Default)]
struct Sum {
    nights: Vec<f64>,
    days: f64,
    // Sunrise and sunset as vectors on the clock face, so that their mean is right around midnight.
    anchors: [(f64, f64); 2],
    anchored: bool,
}

impl Nights {
    /// Adds up the camera-days of `surveys`; `None` when no deployment with effort has coordinates.
    pub fn new(surveys: &[&Survey<'_>], sky: &mut Sky<'_>) -> Option<Self> {
        let mut sum = Sum { nights: vec![0.0; HALF_HOURS], ..Sum::default() };
        let mut nights = Self::default();
        for survey in surveys {
            let spans = survey.visits.base.spans.iter().zip(&survey.effort);
            for (row, (span, effort)) in (0..).zip(spans) {
                if let (Some(span), true) = (span, *effort > 0.0) {
                    nights.note_position(survey, row, *span);
                    sum.add(row, *span, survey.period, sky);
                }
            }
        }
        nights.without_coordinates.dedup();
        let hour = |(x, y): (f64, f64)| (y.atan2(x) * 24.0 / TAU).rem_euclid(24.0);
        nights.anchors = sum.anchored.then(|| (hour(sum.anchors[0]), hour(sum.anchors[1])));
        nights.shares = sum.nights.iter().map(|night| night / sum.days).collect();
        (sum.days > 0.0).then_some(nights)
    }

    fn note_position(&mut self, survey: &Survey<'_>, row: u32, span: Span) {
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

    /// The row of the report, on a clock.
    pub fn row(&self, clock: TimeOfDay) -> NightRow {
        let shares = match (clock, self.anchors) {
            (TimeOfDay::Solar, Some((sunrise, sunset))) => {
                let light = Light::RisesAndSets { sunrise, sunset };
                (0..HALF_HOURS).map(|at| f64::from(u8::from(light.is_night(middle(at))))).collect()
            }
            _ => self.shares.iter().map(|share| round_to(*share, 4)).collect(),
        };
        NightRow {
            shares,
            sunrise: self.anchors.map(|(sunrise, _)| round_to(sunrise, 2)),
            sunset: self.anchors.map(|(_, sunset)| round_to(sunset, 2)),
            clock_estimated: self.clock_estimated,
        }
    }
}

impl Sum {
    fn add(&mut self, row: u32, span: Span, period: Period, sky: &mut Sky<'_>) {
        let (from, until) = (span.start.max(period.start_time()), span.end.min(period.end_time()));
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
