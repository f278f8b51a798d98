//! Overlap of two activity curves: 0 when two classes are never about at the same hour, 1 when
//! their curves are the same.
//!
//! The estimators are those of Ridout and Linkie (2009), Journal of Agricultural, Biological and
//! Environmental Statistics 14:322-337, with the choice and the smoothing of R `overlap` (Meredith
//! and Ridout): *Dhat1*, the area under both curves, when the smaller sample is under 75; else
//! *Dhat4*, the mean over the records of how far the other curve reaches. The interval is the
//! middle 95 % of a seeded bootstrap of the records; each kernel keeps the width of its whole
//! sample. Samples of thousands of records are resampled by the part of the day, each part's
//! count as a Poisson number (Hanley and `MacGibbon` 2006, Computer Methods and Programs in
//! Biomedicine 83:57-62), which costs the same whatever their size.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::activity::bandwidth;
use crate::circular::{self, BINS, Kernel};
use crate::intervals::{Interval, percentiles};

/// Parts of the day in a resample: a quarter of an hour, which moves no end of an interval that is
/// shown.
const RESAMPLE_BINS: usize = 96;
/// Resamples of the bootstrap.
const RESAMPLES: usize = 1000;
/// Fixed, so that the same data give the same report.
const SEED: u64 = 20_090_322;
/// From this size of the smaller sample on Dhat4 is the better estimator.
const LARGE: usize = 75;
/// Larger samples are resampled by the part of the day.
const EXACT: usize = 2000;

/// Fewer records than this say too little about a curve to compare it.
pub const ENOUGH: usize = 20;
/// Classes that a report compares two by two.
pub const MOST_CLASSES: usize = 6;

/// Which estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Estimator {
    /// For small samples: the area under the lower of the two curves.
    Dhat1,
    /// For large ones: from the densities at the records themselves.
    Dhat4,
}

impl Estimator {
    /// The better one when the smaller sample has `smaller` records.
    pub fn for_size(smaller: usize) -> Self {
        if smaller < LARGE { Self::Dhat1 } else { Self::Dhat4 }
    }

    /// What the bandwidth is divided by, as in R `overlap`.
    fn adjust(self) -> f64 {
        match self {
            Self::Dhat1 => 0.8,
            Self::Dhat4 => 1.0,
        }
    }

    fn of(self, a: &Curve, b: &Curve) -> f64 {
        match self {
            Self::Dhat1 => a.common_area(b),
            Self::Dhat4 => f64::midpoint(a.reached_by(b), b.reached_by(a)),
        }
    }
}

/// How far two curves overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// How it was estimated.
    pub estimator: Estimator,
    /// Between 0 and 1.
    pub estimate: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The overlap of two samples of hours of the day in `[0, 24)`; `None` when one is empty.
pub fn overlap(a: &[f64], b: &[f64]) -> Option<Overlap> {
    pairs(&[a, b]).pop().map(|(_, _, overlap)| overlap)
}

/// The overlap of two samples by the estimator that is asked for, without an interval; `None` when
/// one is empty.
pub fn estimate(a: &[f64], b: &[f64], estimator: Estimator) -> Option<f64> {
    let curve = |hours: &[f64]| {
        let kappa = bandwidth(hours)? / estimator.adjust();
        Some(Curve::new(circular::counts(hours, BINS), &Kernel::new(kappa, BINS)))
    };
    Some(estimator.of(&curve(a)?, &curve(b)?))
}

/// The overlap of each pair of samples that are not empty, with their places in `samples`.
///
/// Costs one bootstrap for each sample and estimator, not one for each pair.
pub fn pairs(samples: &[&[f64]]) -> Vec<(usize, usize, Overlap)> {
    let mut curves: Vec<[Option<Resampled>; 2]> = samples.iter().map(|_| [None, None]).collect();
    let mut found = Vec::new();
    for b in 0..samples.len() {
        for a in 0..b {
            let smaller = samples[a].len().min(samples[b].len());
            if smaller == 0 {
                continue;
            }
            let estimator = Estimator::for_size(smaller);
            for place in [a, b] {
                let slot = &mut curves[place][estimator as usize];
                // Samples are resampled apart from each other, so each has a seed of its own.
                let seed = SEED + place as u64;
                slot.get_or_insert_with(|| Resampled::new(samples[place], estimator, seed));
            }
            if let (Some(one), Some(other)) = (&curves[a][estimator as usize], &curves[b][estimator as usize])
            {
                found.push((a, b, one.overlap(other, estimator)));
            }
        }
    }
    found.sort_by_key(|(a, b, _)| (*a, *b));
    found
}

/// A sample with its smoothed curve.
struct Curve {
    /// Share of the records in each part of the day.
    records: Vec<f64>,
    /// Density in each part of the day, with mean 1.
    density: Vec<f64>,
}

/// The curve of a sample and those of its resamples.
struct Resampled {
    whole: Curve,
    resamples: Vec<Curve>,
}

impl Resampled {
    /// `hours` is not empty.
    fn new(hours: &[f64], estimator: Estimator, seed: u64) -> Self {
        let kappa = bandwidth(hours).unwrap_or(1.0) / estimator.adjust();
        let kernel = Kernel::new(kappa, RESAMPLE_BINS);
        let mut random = fastrand::Rng::with_seed(seed);
        let resamples = if hours.len() > EXACT {
            let counts = circular::counts(hours, RESAMPLE_BINS);
            let draw = |_| counts.iter().map(|count| poisson(*count, &mut random)).collect();
            (0..RESAMPLES).map(draw).map(|counts| Curve::new(counts, &kernel)).collect()
        } else {
            let bins: Vec<usize> = hours.iter().map(|hour| circular::bin(*hour, RESAMPLE_BINS)).collect();
            let draw = |_| {
                let mut counts = vec![0.0; RESAMPLE_BINS];
                for _ in 0..bins.len() {
                    counts[bins[random.usize(..bins.len())]] += 1.0;
                }
                Curve::new(counts, &kernel)
            };
            (0..RESAMPLES).map(draw).collect()
        };
        let whole = Curve::new(circular::counts(hours, BINS), &Kernel::new(kappa, BINS));
        Self { whole, resamples }
    }

    fn overlap(&self, other: &Self, estimator: Estimator) -> Overlap {
        let again = self.resamples.iter().zip(&other.resamples).map(|(a, b)| estimator.of(a, b)).collect();
        let whole = estimator.of(&self.whole, &other.whole);
        let interval = percentiles(again, 0.05).unwrap_or(Interval { low: whole, high: whole });
        Overlap { estimator, estimate: whole, interval }
    }
}

impl Curve {
    fn new(counts: Vec<f64>, kernel: &Kernel) -> Self {
        let density = kernel.smooth(&counts);
        let total: f64 = counts.iter().sum();
        Self { records: counts.into_iter().map(|count| count / total).collect(), density }
    }

    /// Area under the lower of two curves.
    fn common_area(&self, other: &Self) -> f64 {
        let lower: f64 = self.density.iter().zip(&other.density).map(|(a, b)| a.min(*b)).sum();
        (lower / self.density.len() as f64).min(1.0)
    }

    /// Mean over the records of this curve of how far the other reaches, at most all the way.
    fn reached_by(&self, other: &Self) -> f64 {
        let parts = self.records.iter().zip(self.density.iter().zip(&other.density));
        parts
            .filter(|(share, _)| **share > 0.0)
            .map(|(share, (own, there))| share * (there / own).min(1.0))
            .sum()
    }
}

/// A Poisson number. By Knuth's product of uniforms where the mean is small, else by the normal
/// distribution, rounded.
fn poisson(mean: f64, random: &mut fastrand::Rng) -> f64 {
    if mean > 50.0 {
        // Box and Muller.
        let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
        return (mean + mean.sqrt() * radius * (TAU * random.f64()).cos()).round().max(0.0);
    }
    let (limit, mut product, mut number) = ((-mean).exp(), random.f64(), 0.0);
    while product > limit {
        product *= random.f64();
        number += 1.0;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bessel;
    use proptest::prelude::*;

    /// Dhat1 and Dhat4 as they are defined, record by record and without a series.
    fn by_definition(a: &[f64], b: &[f64], estimator: Estimator) -> f64 {
        let density = |sample: &[f64], hour: f64| -> f64 {
            let kappa = bandwidth(sample).unwrap() / estimator.adjust();
            let kernel = |x: &f64| (kappa * (((hour - x) * TAU / 24.0).cos() - 1.0)).exp();
            let norm = TAU * bessel::scaled(0, kappa);
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

    /// Hours around a middle.
    fn around(middle: f64, spread: f64, size: usize, seed: u64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..size).map(|_| (middle + spread * (random.f64() + random.f64() - 1.0)).rem_euclid(24.0)).collect()
    }

    #[test]
    fn the_estimators_are_those_of_their_definitions() {
        for (size, estimator) in [(30, Estimator::Dhat1), (150, Estimator::Dhat4)] {
            let (a, b) = (around(5.0, 6.0, size, 1), around(22.0, 8.0, size + 20, 2));
            let found = overlap(&a, &b).unwrap();
            let expected = by_definition(&a, &b, estimator);
            assert_eq!(found.estimator, estimator);
            assert!((found.estimate - expected).abs() < 0.003, "{} and not {expected}", found.estimate);
            for estimator in [Estimator::Dhat1, Estimator::Dhat4] {
                let (found, expected) =
                    (estimate(&a, &b, estimator).unwrap(), by_definition(&a, &b, estimator));
                assert!((found - expected).abs() < 0.003, "{estimator:?}: {found} and not {expected}");
            }
        }
    }

    #[test]
    fn day_and_night_do_not_overlap_and_a_sample_overlaps_with_itself() {
        let (day, night) = (around(12.0, 2.0, 100, 1), around(0.0, 2.0, 100, 2));
        assert!(overlap(&day, &night).unwrap().interval.high < 0.05);
        assert!(overlap(&day, &day).unwrap().estimate > 0.999);
        assert_eq!(overlap(&day, &[]), None);
    }

    #[test]
    fn resampling_by_the_part_of_the_day_is_resampling_records() {
        // One record more than are drawn one by one; the intervals must hardly differ.
        let (a, b) = (around(5.0, 6.0, EXACT + 1, 1), around(9.0, 8.0, EXACT + 1, 2));
        let (many, fewer) = (overlap(&a, &b).unwrap(), overlap(&a[1..], &b[1..]).unwrap());
        assert!((many.interval.low - fewer.interval.low).abs() < 0.01, "{many:?} {fewer:?}");
        assert!((many.interval.high - fewer.interval.high).abs() < 0.01, "{many:?} {fewer:?}");
        let mut random = fastrand::Rng::with_seed(1);
        for mean in [0.3, 7.0, 49.0, 51.0, 900.0] {
            let drawn: Vec<f64> = (0..4000).map(|_| poisson(mean, &mut random)).collect();
            let found = drawn.iter().sum::<f64>() / 4000.0;
            let variance = drawn.iter().map(|n| (n - found).powi(2)).sum::<f64>() / 4000.0;
            assert!((found - mean).abs() < 0.1 * mean.sqrt() && (variance / mean - 1.0).abs() < 0.15);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn it_lies_between_none_and_all_and_is_the_same_both_ways(
            a in prop::collection::vec(0.0..24.0_f64, 1..120), b in prop::collection::vec(0.0..24.0_f64, 1..120)
        ) {
            let (there, back) = (overlap(&a, &b).unwrap(), overlap(&b, &a).unwrap());
            for overlap in [there, back] {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&overlap.estimate));
                prop_assert!(overlap.interval.low <= overlap.interval.high);
            }
            prop_assert!((there.estimate - back.estimate).abs() < 1e-9);
        }

        #[test]
        fn neither_the_order_of_rows_nor_the_zone_matters(
            a in prop::collection::vec(0.0..24.0_f64, 5..100), b in prop::collection::vec(0.0..24.0_f64, 5..100),
            by in 1_u8..24
        ) {
            let before = overlap(&a, &b).unwrap().estimate;
            let shift = |sample: &[f64]| -> Vec<f64> {
                sample.iter().rev().map(|hour| (hour + f64::from(by)) % 24.0).collect()
            };
            let after = overlap(&shift(&a), &shift(&b)).unwrap().estimate;
            prop_assert!((before - after).abs() < 0.01, "{before} {after}");
        }
    }
}
