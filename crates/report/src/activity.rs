//! Diel activity: at what time of day a class is about.
//!
//! A circular kernel density of the times of day of **all** records, since filtering by
//! independence biases it (Peral et al. 2022). Kernel: von Mises, with the bandwidth of R
//! `overlap::getBandWidth` (Taylor 2008). Source: Ridout and Linkie (2009), Journal of
//! Agricultural, Biological and Environmental Statistics 14:322-337.

use std::f64::consts::TAU;

use crate::bessel;

/// Times are binned to the minute, which is finer than any bandwidth.
const MINUTES: usize = 1440;
/// The curve is evaluated every six minutes.
const POINTS: usize = 240;
/// Highest trigonometric moment that the bandwidth is estimated from.
const K_MAX: u32 = 3;

/// An activity curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Relative activity in each hour of the day, with mean 1.
    pub hourly: [f64; 24],
    /// The hour of the day, to a tenth, at which the curve is highest.
    pub peak_hour: f64,
}

/// The curve of `hours`, times of day in `[0, 24)`; `None` when there are none.
///
/// `adjust` divides the bandwidth, as in R `overlap`: 1 for curves and Dhat4, 0.8 for Dhat1.
pub fn activity(hours: &[f64], adjust: f64) -> Option<Activity> {
    let kappa = bandwidth(hours)? / adjust;
    let curve = density(hours, kappa);
    let mut hourly = [0.0; 24];
    for (point, value) in curve.iter().enumerate() {
        hourly[point * 24 / POINTS] += value;
    }
    let mean = hourly.iter().sum::<f64>() / 24.0;
    let peak = (0..POINTS).max_by(|&a, &b| curve[a].total_cmp(&curve[b]))?;
    Some(Activity {
        hourly: hourly.map(|value| value / mean),
        peak_hour: (peak as f64 + 0.5) * 24.0 / POINTS as f64,
    })
}

/// The concentration of the von Mises kernel for a sample of hours of the day; `None` when the
/// sample is empty. Larger is narrower. A sample without spread gets the largest value used.
pub fn bandwidth(hours: &[f64]) -> Option<f64> {
    if hours.is_empty() {
        return None;
    }
    let n = hours.len() as f64;
    let kappa = (1..=K_MAX).map(|k| concentration(k, moment(hours, k))).fold(0.0, f64::max);
    // 3 n k^2 I2(2k) / (4 sqrt(pi) I0(k)^2), to the power 2/5; the scalings cancel.
    let ratio = bessel::scaled(2, 2.0 * kappa) / bessel::scaled(0, kappa).powi(2);
    let bandwidth = (3.0 * n * kappa.powi(2) * ratio / (4.0 * std::f64::consts::PI.sqrt())).powf(0.4);
    Some(bandwidth)
}

/// Length of the `k`-th trigonometric moment.
fn moment(hours: &[f64], k: u32) -> f64 {
    let angle = |hour: &f64| f64::from(k) * hour * TAU / 24.0;
    let (sin, cos) = hours.iter().map(angle).fold((0.0, 0.0), |(s, c), a| (s + a.sin(), c + a.cos()));
    (sin.powi(2) + cos.powi(2)).sqrt() / hours.len() as f64
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

/// Density at the middle of each of [`POINTS`] steps of the day, up to a constant factor.
fn density(hours: &[f64], kappa: f64) -> [f64; POINTS] {
    let mut bins = [0_u32; MINUTES];
    for hour in hours {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let minute = (hour * 60.0) as usize;
        bins[minute.min(MINUTES - 1)] += 1;
    }
    // Distances between the middle of a bin and the middle of a step are half minutes.
    let kernel: Vec<f64> = (0..2 * MINUTES)
        .map(|half_minutes| (kappa * ((half_minutes as f64 / (2 * MINUTES) as f64 * TAU).cos() - 1.0)).exp())
        .collect();
    let step = 2 * MINUTES / POINTS;
    std::array::from_fn(|point| {
        let here = point * step + step / 2;
        let filled = bins.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(bin, &count)| f64::from(count) * kernel[here.abs_diff(2 * bin + 1)]).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_records_have_no_curve() {
        assert_eq!(activity(&[], 1.0), None);
    }

    #[test]
    fn one_record_peaks_at_its_own_time() {
        let found = activity(&[21.5], 1.0).unwrap();
        assert!((found.peak_hour - 21.5).abs() < 0.11, "{}", found.peak_hour);
        assert!(found.hourly.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn a_peak_at_midnight_is_one_peak() {
        let found = activity(&[23.0, 23.5, 0.25, 0.75, 1.0, 23.9], 1.0).unwrap();
        assert!(found.peak_hour > 23.0 || found.peak_hour < 1.0);
        assert!((found.hourly[23] - found.hourly[0]).abs() < 1.0);
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
            let found = activity(&hours, 1.0).unwrap();
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
            let (a, b) = (activity(&hours, 1.0).unwrap(), activity(&shifted, 1.0).unwrap());
            for hour in 0..24 {
                let there = b.hourly[(hour + usize::from(by)) % 24];
                prop_assert!((a.hourly[hour] - there).abs() < 0.05 * a.hourly[hour].max(1.0), "{hour}");
            }
        }
    }
}
