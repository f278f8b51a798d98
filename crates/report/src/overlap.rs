//! Overlap of two activity curves: 0 when two classes are never about at the same hour, 1 when
//! their curves are the same.
//!
//! The estimators are those of Ridout and Linkie (2009), Journal of Agricultural, Biological and
//! Environmental Statistics 14:322-337, with the choice and the smoothing of R `overlap` (Meredith
//! and Ridout): *Dhat1*, the area under both curves, when the smaller sample is under 75 events; else
//! *Dhat4*, the mean over the records of how far the other curve reaches, each weighted as in the
//! curve. For the interval see [`crate::resample`], for the test [`crate::activity_test`].

use multiversion::multiversion;
use serde::{Deserialize, Serialize};

use crate::activity::bandwidth;
use crate::circular::{self, BINS, Kernel, divide_by_sum};
use crate::times::Times;

/// From this size of the smaller sample on Dhat4 is the better estimator.
pub(crate) const LARGE: usize = 75;

/// Fewer events than this are too few to compare a curve.
pub const MIN_EVENTS: usize = 20;

/// Which estimator.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Estimator {
    /// For small samples: the area under the lower of the two curves.
    Dhat1,
    /// For large ones: from the densities at the records themselves.
    Dhat4,
}

impl Estimator {
    /// The better one when the smaller sample has `smaller` events.
    pub fn for_size(smaller: usize) -> Self {
        if smaller < LARGE { Self::Dhat1 } else { Self::Dhat4 }
    }

    /// What the bandwidth is divided by, as in R `overlap`.
    pub(crate) fn adjust(self) -> f64 {
        match self {
            Self::Dhat1 => 0.8,
            Self::Dhat4 => 1.0,
        }
    }

    /// The overlap of two curves, of which each part of the day has the share of the records and the
    /// density.
    pub(crate) fn estimate(self, a: &Curve, b: &Curve) -> f64 {
        match self {
            Self::Dhat1 => a.common_area(b),
            Self::Dhat4 => f64::midpoint(a.reached_by(b), b.reached_by(a)),
        }
    }
}

/// The overlap of two samples by an estimator, without an interval; `None` when
/// one is empty.
pub fn estimate(a: &Times, b: &Times, estimator: Estimator) -> Option<f64> {
    Some(estimator.estimate(&draw_curve(a, estimator)?, &draw_curve(b, estimator)?))
}

/// The curve of a sample as an estimator wants it; `None` when the sample is empty.
pub(crate) fn draw_curve(times: &Times, estimator: Estimator) -> Option<Curve> {
    let kappa = bandwidth(times)? / estimator.adjust();
    let weights = circular::sum_weights_by_bin(times.iter_weighted(), BINS);
    #[allow(clippy::cast_possible_truncation)]
    let mut shares: Vec<f32> = weights.into_iter().map(|weight| weight as f32).collect();
    divide_by_sum(&mut shares);
    let density = Kernel::new(kappa, BINS).smooth_shares(&shares);
    Some(Curve::new(shares, density))
}

/// A sample with its smoothed curve. Thousands of them are kept, so they are small.
pub(crate) struct Curve {
    /// Share of the records in each part of the day.
    shares: Vec<f32>,
    /// Density in each part of the day, with mean 1.
    density: Vec<f32>,
}

impl Curve {
    pub fn new(shares: Vec<f32>, density: Vec<f32>) -> Self {
        Self { shares, density }
    }

    /// Area under the lower of two curves.
    fn common_area(&self, other: &Self) -> f64 {
        let lower = sum_lower(&self.density, &other.density);
        f64::from(lower / self.density.len() as f32).min(1.0)
    }

    /// Mean over the records of this curve of how far the other reaches, at most all the way.
    fn reached_by(&self, other: &Self) -> f64 {
        f64::from(sum_reached(&self.shares, &self.density, &other.density))
    }
}

/// Numbers that the processor adds up side by side: pairs of curves are compared thousands of times for a report.
const LANES: usize = 16;

/// Sums the lower of two curves.
#[multiversion(targets("x86_64+avx2"))]
fn sum_lower(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane].min(b[lane]);
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a.min(*b)).sum::<f32>()
}

/// Sums how far a curve reaches up to the `own` one, at most all the way, weighted by shares.
#[multiversion(targets("x86_64+avx2"))]
fn sum_reached(shares: &[f32], own: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (shares, shares_rest) = shares.as_chunks::<LANES>();
    let (own, own_rest) = own.as_chunks::<LANES>();
    let (other, other_rest) = other.as_chunks::<LANES>();
    // Where there is no record the share is 0, and `min` makes a number out of 0 / 0.
    for ((shares, own), other) in shares.iter().zip(own).zip(other) {
        for lane in 0..LANES {
            sums[lane] += shares[lane] * (other[lane] / own[lane]).min(1.0);
        }
    }
    let rest = shares_rest.iter().zip(own_rest).zip(other_rest);
    sums.iter().sum::<f32>() + rest.map(|((share, own), other)| share * (other / own).min(1.0)).sum::<f32>()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bessel;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    /// Dhat1 and Dhat4 as they are defined, record by record and without a series.
    fn by_definition(a: &[f64], b: &[f64], estimator: Estimator) -> f64 {
        let density = |sample: &[f64], hour: f64| -> f64 {
            let kappa = bandwidth(&Times::of_events(sample)).unwrap() / estimator.adjust();
            let kernel = |x: &f64| (kappa * (((hour - x) * TAU / 24.0).cos() - 1.0)).exp();
            let norm = TAU * bessel::scaled_bessel(0, kappa);
            sample.iter().map(kernel).sum::<f64>() / (norm * sample.len() as f64)
        };
        let reach = |from: &[f64], to: &[f64]| {
            let share = |hour: &f64| (density(to, *hour) / density(from, *hour)).min(1.0);
            from.iter().map(share).sum::<f64>() / from.len() as f64
        };
        match estimator {
            Estimator::Dhat1 => {
                let hours = (0..960).map(|step| f64::from(step) / 40.0);
                hours.map(|hour| density(a, hour).min(density(b, hour))).sum::<f64>() * TAU / 960.0
            }
            Estimator::Dhat4 => f64::midpoint(reach(a, b), reach(b, a)),
        }
    }

    fn estimate_hours(a: &[f64], b: &[f64], estimator: Estimator) -> f64 {
        estimate(&Times::of_events(a), &Times::of_events(b), estimator).unwrap()
    }

    /// Hours around a middle.
    pub fn draw_around(middle: f64, spread: f64, size: usize, seed: u64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..size).map(|_| (middle + spread * (random.f64() + random.f64() - 1.0)).rem_euclid(24.0)).collect()
    }

    #[test]
    fn the_estimators_are_those_of_their_definitions() {
        for size in [30, 150] {
            let (a, b) = (draw_around(5.0, 6.0, size, 1), draw_around(22.0, 8.0, size + 20, 2));
            for estimator in [Estimator::Dhat1, Estimator::Dhat4] {
                let (found, expected) = (estimate_hours(&a, &b, estimator), by_definition(&a, &b, estimator));
                assert!((found - expected).abs() < 0.003, "{estimator:?}: {found} and not {expected}");
            }
        }
    }

    #[test]
    fn day_and_night_do_not_overlap_and_a_sample_overlaps_with_itself() {
        let (day, night) = (draw_around(12.0, 2.0, 100, 1), draw_around(0.0, 2.0, 100, 2));
        assert!(estimate_hours(&day, &night, Estimator::Dhat4) < 0.05);
        assert!(estimate_hours(&day, &day, Estimator::Dhat4) > 0.999);
        assert_eq!(estimate(&Times::of_events(&day), &Times::default(), Estimator::Dhat1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn it_lies_between_none_and_all_and_is_the_same_both_ways(
            a in prop::collection::vec(0.0..24.0_f64, 1..120), b in prop::collection::vec(0.0..24.0_f64, 1..120)
        ) {
            for estimator in [Estimator::Dhat1, Estimator::Dhat4] {
                let (there, back) = (estimate_hours(&a, &b, estimator), estimate_hours(&b, &a, estimator));
                prop_assert!((0.0..=1.0 + 1e-9).contains(&there));
                prop_assert!((there - back).abs() < 1e-9);
            }
        }

        #[test]
        fn neither_the_order_of_rows_nor_the_zone_matters(
            a in prop::collection::vec(0.0..24.0_f64, 5..100), b in prop::collection::vec(0.0..24.0_f64, 5..100),
            by in 1_u8..24
        ) {
            let estimator = Estimator::for_size(a.len().min(b.len()));
            let before = estimate_hours(&a, &b, estimator);
            let shift = |sample: &[f64]| -> Vec<f64> {
                sample.iter().rev().map(|hour| (hour + f64::from(by)) % 24.0).collect()
            };
            let after = estimate_hours(&shift(&a), &shift(&b), estimator);
            prop_assert!((before - after).abs() < 0.01, "{before} {after}");
        }
    }
}
