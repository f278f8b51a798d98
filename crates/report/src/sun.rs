//! Day and night: sunrise and sunset at a camera's coordinates, on its own clock.
//!
//! The sun's times come from the crate `sunrise` (the sunrise equation; upper rim on the horizon,
//! with refraction), good to a minute or two at the latitudes where people are.

use std::collections::HashMap;

use chrono::NaiveDate;
use detections::{Dataset, LocalTime};
use jiff::civil::Date;
use sunrise::{Coordinates, SolarDay, SolarEvent};

use crate::base::SurveyBase;

/// Hours in a day.
const DAY: f64 = 24.0;

/// The light of one civil day at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Light {
    /// The sun rises and sets, at these hours of the day on the camera's clock, each in `[0, 24)`.
    RisesAndSets {
        /// Sunrise.
        sunrise: f64,
        /// Sunset.
        sunset: f64,
    },
    /// The sun does not set.
    AlwaysDay,
    /// The sun does not rise.
    AlwaysNight,
}

impl Light {
    /// The light of a day at `latitude` and `longitude` (degrees, WGS 84), on a clock `offset`
    /// seconds east of UTC. `None` when these are no coordinates.
    pub fn compute(latitude: f64, longitude: f64, date: Date, offset: i32) -> Option<Self> {
        let place = Coordinates::new(latitude, longitude)?;
        let month = u32::try_from(date.month()).ok()?;
        let civil = NaiveDate::from_ymd_opt(date.year().into(), month, u32::try_from(date.day()).ok()?)?;
        let day = SolarDay::new(place, civil);
        let hour = |event| {
            let seconds = day.event_time(event)?.timestamp() + i64::from(offset);
            Some(seconds.rem_euclid(86_400) as f64 / 3600.0)
        };
        Some(match (hour(SolarEvent::Sunrise), hour(SolarEvent::Sunset)) {
            (Some(sunrise), Some(sunset)) => Self::RisesAndSets { sunrise, sunset },
            // The sun stays up in the half of the year that is summer there.
            _ if northern_summer(date) == (latitude > 0.0) => Self::AlwaysDay,
            _ => Self::AlwaysNight,
        })
    }

    /// Whether the sun is down at an hour of the day.
    pub fn is_night(self, hour: f64) -> bool {
        match self {
            Self::RisesAndSets { sunrise, sunset } => {
                (hour - sunrise).rem_euclid(DAY) >= (sunset - sunrise).rem_euclid(DAY)
            }
            Self::AlwaysDay => false,
            Self::AlwaysNight => true,
        }
    }
}

/// Between the equinoxes of March and September.
fn northern_summer(date: Date) -> bool {
    (80..266).contains(&date.day_of_year())
}

/// Brings a time of day to solar time by average anchoring: sunrise becomes the mean sunrise and
/// sunset the mean sunset, and the hours between them are stretched evenly.
///
/// Vazquez, Rowcliffe, Spoelstra and Jansen (2019), Methods in Ecology and Evolution
/// 10:2057-2066; R `activity::transtime` with two anchors.
pub fn anchor_hour(hour: f64, (sunrise, sunset): (f64, f64), (mean_sunrise, mean_sunset): (f64, f64)) -> f64 {
    let length = |from: f64, to: f64| (to - from).rem_euclid(DAY);
    let (day, mean_day) = (length(sunrise, sunset), length(mean_sunrise, mean_sunset));
    let since_sunrise = length(sunrise, hour);
    let moved = if since_sunrise < day {
        mean_sunrise + since_sunrise * mean_day / day
    } else {
        mean_sunset + (since_sunrise - day) * (DAY - mean_day) / (DAY - day)
    };
    moved.rem_euclid(DAY)
}

/// Sunrises and sunsets, each worked out once.
pub(crate) struct Sky<'a> {
    data: &'a Dataset,
    base: &'a SurveyBase,
    /// By deployment and civil day since 1970.
    known: HashMap<(u32, i64), Option<Light>>,
    /// What was asked last: records come in order of time.
    last: ((u32, i64), Option<Light>),
}

impl<'a> Sky<'a> {
    pub fn new(data: &'a Dataset, base: &'a SurveyBase) -> Self {
        Self { data, base, known: HashMap::new(), last: ((u32::MAX, 0), None) }
    }

    /// The light on the day of `time` at a deployment; `None` when its place is not known.
    pub fn light(&mut self, deployment: u32, time: LocalTime) -> Option<Light> {
        let key = (deployment, time.seconds().div_euclid(86_400));
        if self.last.0 != key {
            let (data, base) = (self.data, self.base);
            let light = self.known.entry(key).or_insert_with(|| {
                let (latitude, longitude) = base.positions[deployment as usize]?;
                let (offset, _) = base.offset(&data.deployments[deployment as usize], time)?;
                Light::compute(latitude, longitude, time.date(), offset)
            });
            self.last = (key, *light);
        }
        self.last.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Tables of the U.S. Naval Observatory and of time-and-date services, to three minutes.
    #[test]
    fn the_sun_rises_when_almanacs_say() {
        for (latitude, longitude, day, offset, rise, set) in [
            // Toronto, 1 January 2016, UTC-5: 7:51 and 16:51.
            (43.65, -79.38, date(2016, 1, 1), -5, 7.85, 16.86),
            // London, 21 June 2020, UTC+1: 4:43 and 21:21.
            (51.507, -0.128, date(2020, 6, 21), 1, 4.72, 21.36),
            // Sydney, 21 December 2021, UTC+11: 5:41 and 20:05.
            (-33.87, 151.21, date(2021, 12, 21), 11, 5.68, 20.09),
            // Quito, 20 March 2022, UTC-5: 6:18 and 18:25.
            (-0.18, -78.47, date(2022, 3, 20), -5, 6.30, 18.41),
        ] {
            let Some(Light::RisesAndSets { sunrise, sunset }) =
                Light::compute(latitude, longitude, day, offset * 3600)
            else {
                panic!("the sun rises and sets at {latitude} on {day}");
            };
            assert!((sunrise - rise).abs() < 0.05, "{day}: {sunrise}, not {rise}");
            assert!((sunset - set).abs() < 0.05, "{day}: {sunset}, not {set}");
        }
    }

    #[test]
    fn beyond_the_polar_circle_it_does_not_always() {
        let tromso = |day| Light::compute(69.65, 18.96, day, 3600).unwrap();
        assert_eq!(tromso(date(2021, 6, 21)), Light::AlwaysDay);
        assert_eq!(tromso(date(2021, 12, 21)), Light::AlwaysNight);
        assert_eq!(Light::compute(-75.0, 0.0, date(2021, 12, 21), 0), Some(Light::AlwaysDay));
        assert_eq!(Light::compute(95.0, 0.0, date(2021, 12, 21), 0), None);
        assert!(Light::AlwaysNight.is_night(12.0) && !Light::AlwaysDay.is_night(0.0));
    }

    #[test]
    fn a_day_that_runs_past_midnight_on_a_wrong_clock_is_still_one_day() {
        let light = Light::RisesAndSets { sunrise: 17.0, sunset: 5.0 };
        assert!(!light.is_night(23.0) && !light.is_night(2.0) && light.is_night(9.0));
    }

    proptest! {
        #[test]
        fn day_is_between_sunrise_and_sunset_whatever_the_clock(
            latitude in -60.0..60.0_f64, longitude in -180.0..180.0_f64, day in 1_i16..365, hour in 0.0..24.0_f64,
            hours in -11_i32..12
        ) {
            let date = date(2021, 1, 1).saturating_add(jiff::Span::new().days(day));
            let utc = Light::compute(latitude, longitude, date, 0).unwrap();
            let there = Light::compute(latitude, longitude, date, hours * 3600).unwrap();
            prop_assert_eq!(utc.is_night(hour), there.is_night((hour + f64::from(hours)).rem_euclid(24.0)));
        }

        #[test]
        fn anchoring_keeps_the_anchors_and_the_order(
            rise in 3.0..9.0_f64, set in 15.0..21.0_f64, mean_rise in 3.0..9.0_f64, mean_set in 15.0..21.0_f64,
            a in 0.0..24.0_f64, b in 0.0..24.0_f64
        ) {
            let (own, mean) = ((rise, set), (mean_rise, mean_set));
            prop_assert!((anchor_hour(rise, own, mean) - mean_rise).abs() < 1e-9);
            prop_assert!((anchor_hour(set, own, mean) - mean_set).abs() < 1e-9);
            prop_assert!((anchor_hour(a, own, own) - a).abs() < 1e-9);
            // Order along the day from sunrise on.
            let since = |hour: f64, rise: f64| (hour - rise).rem_euclid(24.0);
            let (at, bt) = (anchor_hour(a, own, mean), anchor_hour(b, own, mean));
            if since(a, rise) < since(b, rise) - 1e-6 {
                prop_assert!(since(at, mean_rise) <= since(bt, mean_rise) + 1e-6);
            }
        }
    }
}
