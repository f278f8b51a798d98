//! Ratios of two rates: how many times one is the other, and whether that is a difference.

use serde::{Deserialize, Serialize};

use crate::bootstrap::Bootstrap;
use crate::intervals::{Interval, MIN_DEPLOYMENTS, Sample, percentiles};

/// How an interval was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A percentile bootstrap over deployments, which allows for places that animals come to
    /// more than to others.
    Bootstrap,
    /// The exact interval of the conditional binomial, which takes events to come by chance
    /// alone: for few deployments, or when one of the periods has no event.
    Exact,
}

/// Two rates held against each other.
#[derive(Clone, Debug)]
pub struct RateRatio {
    /// The first rate over the second; infinite when only the second has no events, and not a
    /// number when neither has any.
    pub estimate: f64,
    /// How its intervals are found.
    pub method: Method,
    /// Ratios of the resamples.
    resampled: Vec<f64>,
    first: Sample,
    second: Sample,
}

impl RateRatio {
    /// Holds the rates of two periods against each other. Both slices are of the units of
    /// `bootstrap`, in their order; `None` when either has no effort.
    ///
    /// Source: for the bootstrap, Efron and Tibshirani (1993), chapter 13; for the exact
    /// interval, Przyborowski and Wilenski (1940), Biometrika 31:313-323, with the limits of
    /// Clopper and Pearson (1934), Biometrika 26:404-413.
    pub fn new(first: &[Sample], second: &[Sample], bootstrap: &Bootstrap) -> Option<Self> {
        let (a, b) = (Sample::total(first), Sample::total(second));
        if a.effort <= 0.0 || b.effort <= 0.0 {
            return None;
        }
        let at_work = |samples: &[Sample]| samples.iter().filter(|sample| sample.effort > 0.0).count();
        let enough = at_work(first).min(at_work(second)) >= MIN_DEPLOYMENTS;
        let (method, resampled) = if enough && a.events > 0.0 && b.events > 0.0 {
            (Method::Bootstrap, resampled_ratios(first, second, bootstrap))
        } else {
            (Method::Exact, Vec::new())
        };
        Some(Self { estimate: a.rate() / b.rate(), method, resampled, first: a, second: b })
    }

    /// The interval at level `1 - alpha`; its upper end is infinite where nothing bounds it.
    pub fn interval(&self, alpha: f64) -> Interval {
        match self.method {
            Method::Bootstrap => percentiles(self.resampled.clone(), alpha)
                .unwrap_or(Interval { low: 0.0, high: f64::INFINITY }),
            Method::Exact => {
                let Interval { low, high } =
                    clopper_pearson(self.first.events, self.first.events + self.second.events, alpha / 2.0);
                let ratio = |share: f64| share / (1.0 - share) * self.second.effort / self.first.effort;
                Interval { low: ratio(low), high: if high >= 1.0 { f64::INFINITY } else { ratio(high) } }
            }
        }
    }

    /// Probability, at most 1, of a ratio as far from 1 as this one or farther, on either side,
    /// were there no difference: the smallest alpha whose interval leaves 1 out.
    pub fn p_value(&self) -> f64 {
        let tails = match self.method {
            Method::Bootstrap => {
                let share = |beyond: fn(&f64) -> bool| {
                    // One more, since the sample itself is a resample too: never exactly 0.
                    let count = self.resampled.iter().filter(|ratio| beyond(ratio)).count() + 1;
                    count as f64 / (self.resampled.len() + 1) as f64
                };
                share(|ratio| *ratio <= 1.0).min(share(|ratio| *ratio >= 1.0))
            }
            Method::Exact => {
                let (x, n) = (self.first.events, self.first.events + self.second.events);
                let share = self.first.effort / (self.first.effort + self.second.effort);
                binomial_at_most(x, n, share).min(binomial_at_most(n - x, n, 1.0 - share))
            }
        };
        (2.0 * tails).min(1.0)
    }
}

fn resampled_ratios(first: &[Sample], second: &[Sample], bootstrap: &Bootstrap) -> Vec<f64> {
    let rates = |samples: &[Sample]| -> Vec<f64> {
        let events = bootstrap.totals(samples.iter().map(|sample| sample.events));
        let effort = bootstrap.totals(samples.iter().map(|sample| sample.effort));
        events.iter().zip(&effort).map(|(events, effort)| events / effort).collect()
    };
    // A resample with nothing in either period says nothing of their ratio.
    let ratios = rates(first).into_iter().zip(rates(second)).map(|(a, b)| a / b);
    ratios.filter(|ratio| !ratio.is_nan()).collect()
}

/// A p-value after Holm's correction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corrected {
    /// At most 1.
    pub p_value: f64,
    /// The alpha that this comparison's own interval is taken at.
    pub alpha: f64,
    /// Whether it is a difference, at 5 % for all comparisons together.
    pub holds: bool,
}

/// Corrects the p-values of several comparisons, in their order.
///
/// Holm (1979), Scandinavian Journal of Statistics 6:65-70.
pub fn holm(p_values: &[f64]) -> Vec<Corrected> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut corrected = vec![Corrected { p_value: 1.0, alpha: 0.05, holds: false }; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &at) in order.iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        largest = largest.max((p_values[at] * left).min(1.0));
        corrected[at] = Corrected { p_value: largest, alpha: 0.05 / left, holds: largest < 0.05 };
    }
    corrected
}

/// Exact interval of a share of `x` in `n`, with `tail` on each side.
fn clopper_pearson(x: f64, n: f64, tail: f64) -> Interval {
    let root = |reached: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if reached(middle) { high = middle } else { low = middle }
        }
        f64::midpoint(low, high)
    };
    let low = if x < 1.0 { 0.0 } else { root(&|share| binomial_at_most(n - x, n, 1.0 - share) >= tail) };
    let high = if x > n - 1.0 { 1.0 } else { root(&|share| binomial_at_most(x, n, share) <= tail) };
    Interval { low, high }
}

/// Probability of at most `x` of `n` when the share is `share`.
fn binomial_at_most(x: f64, n: f64, share: f64) -> f64 {
    if share <= 0.0 || x >= n {
        return 1.0;
    }
    if share >= 1.0 {
        return 0.0;
    }
    // Logarithms, since (1 - share)^n is 0 in floating point for a few thousand events.
    let odds = (share / (1.0 - share)).ln();
    let mut log_term = n * (1.0 - share).ln();
    let (mut total, mut k) = (log_term.exp(), 0.0);
    while k < x {
        log_term += ((n - k) / (k + 1.0)).ln() + odds;
        total += log_term.exp();
        k += 1.0;
    }
    total.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-4 * expected.max(1.0), "{found}, not {expected}");
    }

    fn one(events: f64, effort: f64) -> Vec<Sample> {
        vec![Sample { events, effort }]
    }

    /// R: `poisson.test(c(11, 6 + 8 + 7), c(800, 1083 + 1050 + 878))` gives ratio 1.971488 and
    /// (0.8581, 4.2770); `binom.test(7, 20)$conf.int` is (0.1539092, 0.5921885).
    #[test]
    fn the_exact_interval_is_the_one_of_r() {
        let ratio = RateRatio::new(&one(11.0, 800.0), &one(21.0, 3011.0), &Bootstrap::new(&[0], 10)).unwrap();
        close(ratio.estimate, 1.971_488);
        close(ratio.interval(0.05).low, 0.858_1);
        close(ratio.interval(0.05).high, 4.277_3);
        let share = clopper_pearson(7.0, 20.0, 0.025);
        close(share.low, 0.153_909_2);
        close(share.high, 0.592_188_5);
    }

    #[test]
    fn nothing_in_one_period_leaves_the_interval_open() {
        let ratio = RateRatio::new(&one(12.0, 100.0), &one(0.0, 100.0), &Bootstrap::new(&[0], 10)).unwrap();
        assert!(ratio.estimate.is_infinite() && ratio.interval(0.05).high.is_infinite());
        assert!(ratio.interval(0.05).low > 2.0 && ratio.p_value() < 0.001);
        assert!(RateRatio::new(&one(1.0, 1.0), &one(1.0, 0.0), &Bootstrap::new(&[0], 10)).is_none());
    }

    /// R: `p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm")` is 0.04, 0.06, 0.06, 0.06.
    #[test]
    fn the_correction_is_the_one_of_r() {
        let found: Vec<f64> = holm(&[0.03, 0.01, 0.04, 0.02]).iter().map(|c| c.p_value).collect();
        for (found, expected) in found.iter().zip([0.06, 0.04, 0.06, 0.06]) {
            close(*found, expected);
        }
        assert_eq!(holm(&[0.03, 0.01, 0.04, 0.02]).iter().filter(|c| c.holds).count(), 1);
        assert!(holm(&[]).is_empty());
    }

    fn samples(counts: &[u32], effort: f64) -> Vec<Sample> {
        counts.iter().map(|&n| Sample { events: f64::from(n), effort }).collect()
    }

    proptest! {
        #[test]
        fn a_ratio_lies_in_its_interval_and_turns_with_its_periods(
            pairs in prop::collection::vec((0_u32..20, 0_u32..20), 2..30), few in any::<bool>()
        ) {
            let pairs = if few { &pairs[..2] } else { &pairs[..] };
            let (a, b): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
            prop_assume!(a.iter().sum::<u32>() > 0 && b.iter().sum::<u32>() > 0);
            let bootstrap = Bootstrap::new(&vec![0; a.len()], 400);
            let there = RateRatio::new(&samples(&a, 10.0), &samples(&b, 30.0), &bootstrap).unwrap();
            let back = RateRatio::new(&samples(&b, 30.0), &samples(&a, 10.0), &bootstrap).unwrap();
            prop_assert!((there.estimate * back.estimate - 1.0).abs() < 1e-9);
            prop_assert!((there.p_value() - back.p_value()).abs() < 1e-9);
            let Interval { low, high } = there.interval(0.05);
            prop_assert!(low <= high && low >= 0.0);
            if there.method == Method::Exact {
                prop_assert!(low <= there.estimate && there.estimate <= high);
                prop_assert!((low * back.interval(0.05).high - 1.0).abs() < 1e-6 || low == 0.0);
            }
            // A higher level takes in more.
            let wider = there.interval(0.01);
            prop_assert!(wider.low <= low + 1e-12 && high <= wider.high + 1e-12);
        }

        #[test]
        fn correcting_never_makes_a_p_value_smaller_or_changes_their_order(
            p in prop::collection::vec(0.0..1.0_f64, 1..40)
        ) {
            let corrected = holm(&p);
            for (a, one) in p.iter().zip(&corrected) {
                prop_assert!(one.p_value >= *a && one.p_value <= 1.0);
                for (b, other) in p.iter().zip(&corrected) {
                    prop_assert!(a > b || one.p_value <= other.p_value);
                }
            }
        }
    }
}
