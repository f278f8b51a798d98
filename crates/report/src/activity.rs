//! Diel activity: at what time of day a class is about.
//!
//! A circular kernel density of the times of day of **all** records, since filtering by
//! independence biases it (Peral et al. 2022). Kernel: von Mises, with the bandwidth of R
//! `overlap::getBandWidth` (Taylor 2008). Source: Ridout and Linkie (2009), Journal of
//! Agricultural, Biological and Environmental Statistics 14:322-337.

use std::f64::consts::TAU;

use crate::bessel;
use crate::circular::{self, BINS, Kernel};

/// Minutes in a day.
const MINUTES: usize = 1440;
/// Highest trigonometric moment that the bandwidth is estimated from.
const K_MAX: u32 = 3;

/// An activity curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Relative activity in each hour of the day, with mean 1.
    pub hourly: [f64; 24],
    /// Relative activity in each quarter of an hour, with mean 1.
    pub curve: Vec<f64>,
    /// The hour of the day, to a tenth, at which the curve is highest.
    pub peak_hour: f64,
}

/// Quarters of an hour in a day.
const QUARTERS: usize = 96;

/// The curve of `hours`, times of day in `[0, 24)`; `None` when there are none.
pub fn activity(hours: &[f64]) -> Option<Activity> {
    let curve = Kernel::new(bandwidth(hours)?, BINS).smooth(&circular::counts(hours, BINS));
    let means =
        |parts: usize| curve.chunks(BINS / parts).map(|part| part.iter().sum::<f64>() / part.len() as f64);
    let peak = (0..BINS).max_by(|&a, &b| curve[a].total_cmp(&curve[b]))?;
    let mut hourly = [0.0; 24];
    hourly.iter_mut().zip(means(24)).for_each(|(hour, mean)| *hour = mean);
    Some(Activity {
        hourly,
        curve: means(QUARTERS).collect(),
        peak_hour: (peak as f64 + 0.5) * 24.0 / BINS as f64,
    })
}

/// The concentration of the von Mises kernel for a sample of hours of the day; `None` when the
/// sample is empty. Larger is narrower. A sample without spread gets the largest value used.
pub fn bandwidth(hours: &[f64]) -> Option<f64> {
    if hours.is_empty() {
        return None;
    }
    let n = hours.len() as f64;
    // Large samples by the minute: the moments differ in the sixth digit.
    let moment = |k| {
        if hours.len() <= MINUTES {
            moment(hours.iter().map(|hour| (*hour, 1.0)), k)
        } else {
            let hour = |minute: usize| (minute as f64 + 0.5) * 24.0 / MINUTES as f64;
            moment(circular::counts(hours, MINUTES).into_iter().enumerate().map(|(at, n)| (hour(at), n)), k)
        }
    };
    let kappa = (1..=K_MAX).map(|k| concentration(k, moment(k))).fold(0.0, f64::max);
    // 3 n k^2 I2(2k) / (4 sqrt(pi) I0(k)^2), to the power 2/5; the scalings cancel.
    let ratio = bessel::scaled(2, 2.0 * kappa) / bessel::scaled(0, kappa).powi(2);
    let bandwidth = (3.0 * n * kappa.powi(2) * ratio / (4.0 * std::f64::consts::PI.sqrt())).powf(0.4);
    Some(bandwidth)
}

/// Length of the `k`-th trigonometric moment of hours with their weights.
fn moment(hours: impl Iterator<Item = (f64, f64)>, k: u32) -> f64 {
    let (sin, cos, weight) = hours.fold((0.0, 0.0, 0.0), |(sin, cos, total), (hour, weight)| {
        let (s, c) = (f64::from(k) * hour * TAU / 24.0).sin_cos();
        (sin + s * weight, cos + c * weight, total + weight)
    });
    f64::hypot(sin, cos) / weight
}

/// The kappa in `0..=500` of a von Mises distribution whose `k`-th moment is `rho`.
fn concentration(k: u32, rho: f64) -> f64 {
    let (mut low, mut high) = (0.0, 500.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if bessel::ratio_to_zeroth(k, middle) < rho {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_records_have_no_curve() {
        assert_eq!(activity(&[]), None);
    }

    #[test]
    fn one_record_peaks_at_its_own_time() {
        let found = activity(&[21.5]).unwrap();
        assert!((found.peak_hour - 21.5).abs() < 0.11, "{}", found.peak_hour);
        assert!(found.hourly.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn a_peak_at_midnight_is_one_peak() {
        let found = activity(&[23.0, 23.5, 0.25, 0.75, 1.0, 23.9]).unwrap();
        assert!(found.peak_hour > 23.0 || found.peak_hour < 1.0);
        assert!(found.hourly[23] > 3.0 && found.hourly[0] > 3.0 && found.hourly[12] < 0.1);
        let (last, first) = (found.curve[95], found.curve[0]);
        assert!((last - first).abs() < 0.1 * first, "midnight is no border: {last} and {first}");
    }

    /// R: `overlap::getBandWidth(c(1, 2, 2.5, 3, 5) * pi / 6)` style sample, by the closed form:
    /// for kappa = 2, I2(4) and I0(2) are 6.4221893753 and 2.2795853023.
    #[test]
    fn the_bandwidth_is_that_of_its_formula() {
        let kappa: f64 = 2.0;
        let ratio = bessel::scaled(2, 2.0 * kappa) / bessel::scaled(0, kappa).powi(2);
        assert!((ratio - 6.422_189_375_3 / 2.279_585_302_3_f64.powi(2)).abs() < 1e-8);
    }

    proptest! {
        #[test]
        fn the_mean_is_one_and_nothing_is_negative(hours in prop::collection::vec(0.0..24.0_f64, 1..80)) {
            let found = activity(&hours).unwrap();
            prop_assert!((found.hourly.iter().sum::<f64>() - 24.0).abs() < 1e-6);
            prop_assert!(found.hourly.iter().all(|value| *value >= 0.0));
            prop_assert!((0.0..24.0).contains(&found.peak_hour));
        }

        #[test]
        fn the_order_of_rows_does_not_matter(mut hours in prop::collection::vec(0.0..24.0_f64, 1..80)) {
            let before = bandwidth(&hours).unwrap();
            hours.reverse();
            prop_assert!((bandwidth(&hours).unwrap() - before).abs() < 1e-6 * before.max(1.0));
        }

        #[test]
        fn a_shifted_clock_shifts_the_curve(hours in prop::collection::vec(0.0..24.0_f64, 1..80), by in 1_u8..24) {
            let shifted: Vec<f64> = hours.iter().map(|hour| (hour + f64::from(by)) % 24.0).collect();
            let (a, b) = (activity(&hours).unwrap(), activity(&shifted).unwrap());
            for hour in 0..24 {
                let there = b.hourly[(hour + usize::from(by)) % 24];
                prop_assert!((a.hourly[hour] - there).abs() < 0.05 * a.hourly[hour].max(1.0), "{hour}");
            }
        }
    }
}
