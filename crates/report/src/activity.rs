//! Diel activity: at what time of day a class is about.
//!
//! A circular kernel density of the times of day of **all** records, since leaving records out biases
//! it (Peral et al. 2022), where the records of one event share its weight. Kernel: von Mises, with
//! the bandwidth of R `overlap::getBandWidth` (Taylor 2008). Source: Ridout and Linkie (2009), Journal
//! of Agricultural, Biological and Environmental Statistics 14:322-337.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use crate::bessel;
use crate::circular::{self, BINS, Kernel};
use crate::times::Times;

/// Minutes in a day.
const MINUTES: usize = 1440;
/// Highest trigonometric moment that the bandwidth is estimated from.
pub(crate) const K_MAX: u32 = 3;

/// An activity curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Relative activity in each hour of the day, with mean 1.
    pub hourly: Vec<f64>,
    /// Relative activity in each quarter of an hour, with mean 1.
    pub curve: Vec<f64>,
    /// The hour of the day, to a tenth, at which the curve is highest.
    pub peak_hour: f64,
}

/// Quarters of an hour in a day.
const QUARTERS: usize = 96;

/// The curve of a sample of times; `None` when there are none.
pub fn smooth_activity(times: &Times) -> Option<Activity> {
    let weights = circular::sum_weights_by_bin(times.iter_weighted(), BINS);
    let curve = Kernel::new(bandwidth(times)?, BINS).smooth(&weights);
    let means =
        |parts: usize| curve.chunks(BINS / parts).map(|part| part.iter().sum::<f64>() / part.len() as f64);
    let peak = (0..BINS).max_by(|&a, &b| curve[a].total_cmp(&curve[b]))?;
    Some(Activity {
        hourly: means(24).collect(),
        curve: means(QUARTERS).collect(),
        peak_hour: (peak as f64 + 0.5) * 24.0 / BINS as f64,
    })
}

/// The concentration of the von Mises kernel for a sample of times of day; `None` when the sample is
/// empty. Larger is narrower. A sample without spread gets the largest value used.
///
/// The sample size of the formula is the number of events.
pub fn bandwidth(times: &Times) -> Option<f64> {
    if times.events() == 0 {
        return None;
    }
    // Large samples by the minute: the moments differ in the sixth digit.
    let moments = if times.records() <= MINUTES {
        moments(times.iter_weighted())
    } else {
        let hour = |minute: usize| (minute as f64 + 0.5) * 24.0 / MINUTES as f64;
        let by_minute = circular::sum_weights_by_bin(times.iter_weighted(), MINUTES);
        moments(by_minute.into_iter().enumerate().map(|(at, weight)| (hour(at), weight)))
    };
    let kappa = (1..).zip(moments).map(|(k, rho)| concentration(k, rho)).fold(0.0, f64::max);
    Some((times.events() as f64 * spread_factor(kappa)).powf(0.4))
}

/// The concentration of the kernel for `n` events whose own concentration is `kappa` is
/// `(3 n k^2 I2(2k) / (4 sqrt(pi) I0(k)^2))^(2/5)` (Taylor 2008, equation 7); this is the fraction, for one
/// event.
fn spread_factor(kappa: f64) -> f64 {
    // The scalings of the Bessel functions cancel.
    let ratio = bessel::scaled_bessel(2, 2.0 * kappa) / bessel::scaled_bessel(0, kappa).powi(2);
    3.0 * kappa.powi(2) * ratio / (4.0 * std::f64::consts::PI.sqrt())
}

/// Lengths of the first trigonometric moments of hours with their weights.
fn moments(hours: impl Iterator<Item = (f64, f64)>) -> [f64; K_MAX as usize] {
    let mut sums = [(0.0, 0.0); K_MAX as usize];
    let mut total = 0.0;
    for (hour, weight) in hours {
        total += weight;
        for (k, sum) in (1..=K_MAX).zip(&mut sums) {
            let (sin, cos) = (f64::from(k) * hour * TAU / 24.0).sin_cos();
            *sum = (sum.0 + sin * weight, sum.1 + cos * weight);
        }
    }
    sums.map(|(sin, cos)| f64::hypot(sin, cos) / total)
}

/// Bandwidths of many resamples, out of tables of the same functions.
pub(crate) struct FastBandwidth {
    /// For each moment, its length at equal steps of the square root of kappa.
    lengths: [Vec<f64>; K_MAX as usize],
    /// [`spread_factor`] to the power 2/5 at the same steps.
    factors: Vec<f64>,
}

/// Steps of the tables: the bandwidth is right to a thousandth.
const STEPS: usize = 500;
const MOST_KAPPA: f64 = 500.0;

impl FastBandwidth {
    pub fn tables() -> &'static Self {
        static TABLES: LazyLock<FastBandwidth> = LazyLock::new(|| {
            let kappa = |at: usize| (at as f64 / STEPS as f64).powi(2) * MOST_KAPPA;
            let of_moment = |k| (0..=STEPS).map(|at| bessel::ratio_to_zeroth(k, kappa(at))).collect();
            FastBandwidth {
                lengths: [of_moment(1), of_moment(2), of_moment(3)],
                factors: (0..=STEPS).map(|at| spread_factor(kappa(at)).powf(0.4)).collect(),
            }
        });
        &TABLES
    }

    /// Of a sample whose trigonometric moments have these lengths, of so many events.
    pub fn bandwidth(&self, moments: [f64; K_MAX as usize], events: f64) -> f64 {
        let place = |(rho, table): (&f64, &Vec<f64>)| find_place(table, *rho);
        let highest = moments.iter().zip(&self.lengths).map(place).fold(0.0, f64::max);
        interpolate(&self.factors, highest) * events.powf(0.4)
    }
}

/// Where in a table that rises a value stands, between its first place and its last.
fn find_place(table: &[f64], value: f64) -> f64 {
    let above = table.partition_point(|known| *known < value);
    if above == 0 || above == table.len() {
        return above.min(table.len() - 1) as f64;
    }
    let (low, high) = (table[above - 1], table[above]);
    (above - 1) as f64 + (value - low) / (high - low)
}

/// The value of a table at a place of [`find_place`].
fn interpolate(table: &[f64], place: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let below = (place as usize).min(table.len() - 2);
    let part = place - below as f64;
    table[below] * (1.0 - part) + table[below + 1] * part
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
        assert_eq!(smooth_activity(&Times::default()), None);
    }

    #[test]
    fn one_record_peaks_at_its_own_time() {
        let found = smooth_activity(&Times::of_events(&[21.5])).unwrap();
        assert!((found.peak_hour - 21.5).abs() < 0.11, "{}", found.peak_hour);
        assert!(found.hourly.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn a_peak_at_midnight_is_one_peak() {
        let found = smooth_activity(&Times::of_events(&[23.0, 23.5, 0.25, 0.75, 1.0, 23.9])).unwrap();
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
        let ratio = bessel::scaled_bessel(2, 2.0 * kappa) / bessel::scaled_bessel(0, kappa).powi(2);
        assert!((ratio - 6.422_189_375_3 / 2.279_585_302_3_f64.powi(2)).abs() < 1e-8);
    }

    #[test]
    fn a_burst_weighs_as_much_as_one_picture() {
        let hours = [5.0, 6.5, 7.0, 8.0, 18.0, 19.0];
        let mut bursts = Times::default();
        for hour in hours {
            bursts.add_event(0, vec![hour; 40]);
        }
        let (once, often) = (Times::of_events(&hours), bursts);
        assert!((bandwidth(&once).unwrap() - bandwidth(&often).unwrap()).abs() < 1e-6);
        let (once, often) = (smooth_activity(&once).unwrap(), smooth_activity(&often).unwrap());
        assert!(once.hourly.iter().zip(often.hourly).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn the_tables_give_the_same_bandwidth() {
        for hours in [vec![6.0, 6.4, 7.0, 18.0, 18.9], vec![1.0, 7.0, 13.0, 19.5], vec![3.0, 3.1, 3.15, 3.2]]
        {
            let times = Times::of_events(&hours);
            let exact = bandwidth(&times).unwrap();
            let fast = FastBandwidth::tables().bandwidth(moments(times.iter_weighted()), hours.len() as f64);
            assert!((fast / exact - 1.0).abs() < 0.01, "{fast}, not {exact}");
        }
    }

    proptest! {
        #[test]
        fn the_mean_is_one_and_nothing_is_negative(hours in prop::collection::vec(0.0..24.0_f64, 1..80)) {
            let found = smooth_activity(&Times::of_events(&hours)).unwrap();
            prop_assert!((found.hourly.iter().sum::<f64>() - 24.0).abs() < 1e-6);
            prop_assert!(found.hourly.iter().all(|value| *value >= 0.0));
            prop_assert!((0.0..24.0).contains(&found.peak_hour));
        }

        #[test]
        fn the_order_of_rows_does_not_matter(mut hours in prop::collection::vec(0.0..24.0_f64, 1..80)) {
            let before = bandwidth(&Times::of_events(&hours)).unwrap();
            hours.reverse();
            prop_assert!((bandwidth(&Times::of_events(&hours)).unwrap() - before).abs() < 1e-6 * before.max(1.0));
        }

        #[test]
        fn a_shifted_clock_shifts_the_curve(hours in prop::collection::vec(0.0..24.0_f64, 1..80), by in 1_u8..24) {
            let shifted: Vec<f64> = hours.iter().map(|hour| (hour + f64::from(by)) % 24.0).collect();
            let curve = |hours: &[f64]| smooth_activity(&Times::of_events(hours)).unwrap();
            let (a, b) = (curve(&hours), curve(&shifted));
            for hour in 0..24 {
                let there = b.hourly[(hour + usize::from(by)) % 24];
                prop_assert!((a.hourly[hour] - there).abs() < 0.05 * a.hourly[hour].max(1.0), "{hour}");
            }
        }
    }
}
