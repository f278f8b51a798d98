//! Ratios of two rates: how many times one is the other.

use serde::{Deserialize, Serialize};

use crate::intervals::{
    Interval, LocationSample, garwood_upper_limit, relative_variance, student_t_quantile,
};

/// How an interval was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// On the logarithmic scale with locations as clusters and Student's t.
    LogT,
    /// One of the two has no event, so the interval is open on that side.
    OneSided,
}

/// The ratio of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateRatio {
    /// The first rate over the second; infinite when only the second has no events, and not a
    /// number when neither has any.
    pub estimate: f64,
    /// How its intervals are found; `None` without one: fewer than two locations, or no event.
    pub method: Option<Method>,
    /// Variance of its logarithm where both have events.
    variance: f64,
    /// Locations with effort for the first or the second.
    units: usize,
    /// The side with events, where only one has any.
    seen: Option<OneSide>,
    effort: [f64; 2],
}

/// The period with events, where the other has none.
#[derive(Clone, Copy, Debug, PartialEq)]
struct OneSide {
    total: LocationSample,
    variance: f64,
    units: usize,
}

impl RateRatio {
    /// Compares the rates of two periods; both slices are of the same locations.
    /// `None` when either has no effort.
    ///
    /// The variance of the logarithm is `L/(L-1) sum d^2` over the locations, of the influence values
    /// `d = (y1 - r1 e1) / sum y1 - (y2 - r2 e2) / sum y2`, which handles locations with effort in both
    /// periods and in one; never below that of two Poisson counts. (Cochran 1977, chapter 6; a Poisson
    /// model with R `sandwich::vcovCL` by location.)
    pub fn new(first: &[LocationSample], second: &[LocationSample]) -> Option<Self> {
        let (a, b) = (LocationSample::total(first), LocationSample::total(second));
        if a.effort <= 0.0 || b.effort <= 0.0 {
            return None;
        }
        let pairs = || first.iter().zip(second).filter(|(a, b)| a.effort + b.effort > 0.0);
        let units = pairs().count();
        let mut ratio = Self {
            estimate: a.rate() / b.rate(),
            method: None,
            variance: 0.0,
            units,
            seen: None,
            effort: [a.effort, b.effort],
        };
        if units < 2 || a.events + b.events <= 0.0 {
            return Some(ratio);
        }
        if a.events > 0.0 && b.events > 0.0 {
            let influence = |(one, other): (&LocationSample, &LocationSample)| {
                (one.events - a.rate() * one.effort) / a.events
                    - (other.events - b.rate() * other.effort) / b.events
            };
            let squares: f64 = pairs().map(|pair| influence(pair).powi(2)).sum();
            let clustered = units as f64 / (units - 1) as f64 * squares;
            ratio.variance = clustered.max(1.0 / a.events + 1.0 / b.events);
            ratio.method = Some(Method::LogT);
        } else {
            let seen = if a.events > 0.0 { first } else { second };
            ratio.seen = OneSide::new(seen);
            ratio.method = ratio.seen.map(|_| Method::OneSided);
        }
        Some(ratio)
    }

    /// The interval at level `1 - alpha`; its upper end is infinite where nothing bounds it. `None`
    /// without a [`RateRatio::method`].
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        match self.method? {
            Method::LogT => {
                let factor =
                    (student_t_quantile(1.0 - alpha / 2.0, self.units - 1) * self.variance.sqrt()).exp();
                Some(Interval { low: self.estimate / factor, high: self.estimate * factor })
            }
            Method::OneSided => {
                let is_first = self.estimate > 0.0;
                let effort_of_empty = self.effort[usize::from(is_first)];
                let limit = self.seen?.limit_of_other(alpha, effort_of_empty);
                Some(if is_first {
                    Interval { low: 1.0 / limit, high: f64::INFINITY }
                } else {
                    Interval { low: 0.0, high: limit }
                })
            }
        }
    }
}

impl OneSide {
    fn new(samples: &[LocationSample]) -> Option<Self> {
        let at_work: Vec<LocationSample> =
            samples.iter().copied().filter(|sample| sample.effort > 0.0).collect();
        let total = LocationSample::total(&at_work);
        (at_work.len() >= 2).then(|| Self {
            total,
            variance: relative_variance(&at_work).max(1.0 / total.events),
            units: at_work.len(),
        })
    }

    /// The largest ratio of a rate without events in `effort` to this one.
    ///
    /// The upper limit of a Poisson count of 0 (Garwood 1936), as many times as large as the animals
    /// are clumped where they were seen, put together with the lower limit of this rate by the method
    /// of variance estimates recovery (Donner and Zou 2012, Statistical Methods in Medical Research
    /// 21:347-359, for a ratio whose numerator is 0).
    fn limit_of_other(&self, alpha: f64, effort: f64) -> f64 {
        let clumping = self.variance * self.total.events;
        let upper = garwood_upper_limit(0.0, alpha / 2.0) * clumping / effort;
        let rate = self.total.rate();
        let factor = (student_t_quantile(1.0 - alpha / 2.0, self.units - 1) * self.variance.sqrt()).exp();
        let lower = rate / factor;
        upper / (lower * (2.0 * rate - lower)).sqrt()
    }
}

/// Holm's p-values of several tests, in their order, each at most 1.
///
/// Holm (1979), Scandinavian Journal of Statistics 6:65-70; R `p.adjust(p, "holm")`.
pub fn adjust_by_holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &at) in order.iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        largest = largest.max((p_values[at] * left).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}

/// Probability below which a difference is called one, for all tests of a family together.
pub const ALPHA: f64 = 0.05;

/// The interval of a ratio made to agree with the verdict of a test that has the last word: an
/// interval holds what the test does not reject, so it holds 1 if and only if there is no difference.
///
/// Strassburger and Bretz (2008), Statistics in Medicine 27:4914-4927: of a hypothesis that Holm's
/// method rejects, the bound is the value of that hypothesis where a wider interval would pass it.
pub fn make_compatible(interval: Interval, estimate: f64, differs: bool) -> Interval {
    let Interval { low, high } = interval;
    match differs {
        true if estimate > 1.0 => Interval { low: low.max(1.0), high },
        true => Interval { low, high: high.min(1.0) },
        false => Interval { low: low.min(1.0), high: high.max(1.0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-4 * expected.max(1.0), "{found}, not {expected}");
    }

    fn samples(counts: &[u32], effort: f64) -> Vec<LocationSample> {
        counts.iter().map(|&n| LocationSample { events: f64::from(n), effort }).collect()
    }

    /// By hand: pairs (2, 4), (3, 5), (7, 9) of equal effort. r1 = 4 and r2 = 6 of each; d is
    /// -2/12 + 2/18, -1/12 + 1/18, 3/12 - 3/18 = -1/18, -1/36, 1/12, so v = 3/2 * (4 + 1 + 9) / 1296,
    /// which is below 1/12 + 1/18.
    #[test]
    fn the_interval_is_its_formula() {
        let ratio = RateRatio::new(&samples(&[2, 3, 7], 10.0), &samples(&[4, 5, 9], 10.0)).unwrap();
        assert_close(ratio.estimate, 12.0 / 18.0);
        assert_close(ratio.variance, 1.0 / 12.0 + 1.0 / 18.0);
        // R: qt(0.975, 2) is 4.302653.
        let factor = (4.302_653 * (5.0_f64 / 36.0).sqrt()).exp();
        assert_close(ratio.interval(0.05).unwrap().high, 2.0 / 3.0 * factor);
        let apart = RateRatio::new(&samples(&[2, 30, 70], 10.0), &samples(&[40, 5, 9], 10.0)).unwrap();
        let d = |a: f64, b: f64| (a - 34.0) / 102.0 - (b - 18.0) / 54.0;
        let squares = d(2.0, 40.0).powi(2) + d(30.0, 5.0).powi(2) + d(70.0, 9.0).powi(2);
        assert_close(apart.variance, 1.5 * squares);
    }

    #[test]
    fn places_that_are_richer_in_both_periods_do_not_blur_the_ratio() {
        let ratio = RateRatio::new(&samples(&[2, 60, 20, 8], 10.0), &samples(&[1, 30, 10, 4], 10.0)).unwrap();
        assert_close(ratio.variance, 1.0 / 90.0 + 1.0 / 45.0);
    }

    #[test]
    fn nothing_in_one_period_leaves_the_interval_open() {
        let (some, none) = (samples(&[3, 4, 5, 2, 4, 3], 100.0), samples(&[0; 6], 100.0));
        let ratio = RateRatio::new(&some, &none).unwrap();
        let interval = ratio.interval(0.05).unwrap();
        assert!(ratio.estimate.is_infinite() && interval.high.is_infinite());
        assert!(interval.low > 2.0, "{interval:?}");
        let turned = RateRatio::new(&none, &some).unwrap().interval(0.05).unwrap();
        assert_close(turned.high, 1.0 / interval.low);
        // The same number at one place of six may well be chance.
        let clumped = RateRatio::new(&samples(&[21, 0, 0, 0, 0, 0], 100.0), &none).unwrap();
        assert!(clumped.interval(0.05).unwrap().low < 1.0);
        assert!(RateRatio::new(&some, &samples(&[0; 6], 0.0)).is_none());
        assert_eq!(RateRatio::new(&none, &none).unwrap().method, None);
    }

    #[test]
    fn one_location_has_no_interval() {
        assert_eq!(RateRatio::new(&samples(&[20], 9.0), &samples(&[36], 9.0)).unwrap().interval(0.05), None);
    }

    /// R: `p.adjust(c(0.03, 0.01, 0.04, 0.02), "holm")`.
    #[test]
    fn the_correction_is_the_one_of_r() {
        for (found, expected) in
            adjust_by_holm(&[0.03, 0.01, 0.04, 0.02]).iter().zip([0.06, 0.04, 0.06, 0.06])
        {
            assert_close(*found, expected);
        }
        assert!(adjust_by_holm(&[]).is_empty());
    }

    #[test]
    fn an_interval_agrees_with_the_verdict() {
        let interval = Interval { low: 1.1, high: 3.0 };
        assert_eq!(make_compatible(interval, 1.8, false), Interval { low: 1.0, high: 3.0 });
        assert_eq!(make_compatible(interval, 1.8, true), interval);
        let wide = Interval { low: 0.9, high: 3.0 };
        assert_eq!(make_compatible(wide, 1.8, true), Interval { low: 1.0, high: 3.0 });
        assert_eq!(make_compatible(wide, 1.8, false), wide);
    }

    proptest! {
        #[test]
        fn a_ratio_lies_in_its_interval_and_turns_with_its_periods(
            pairs in prop::collection::vec((0_u32..20, 0_u32..20), 2..30)
        ) {
            let (a, b): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
            prop_assume!(a.iter().sum::<u32>() > 0 && b.iter().sum::<u32>() > 0);
            let there = RateRatio::new(&samples(&a, 10.0), &samples(&b, 30.0)).unwrap();
            let back = RateRatio::new(&samples(&b, 30.0), &samples(&a, 10.0)).unwrap();
            prop_assert!((there.estimate * back.estimate - 1.0).abs() < 1e-9);
            let Interval { low, high } = there.interval(0.05).unwrap();
            prop_assert!(low <= there.estimate && there.estimate <= high && low >= 0.0);
            prop_assert!((low * back.interval(0.05).unwrap().high - 1.0).abs() < 1e-6);
            // A higher level takes in more.
            let wider = there.interval(0.01).unwrap();
            prop_assert!(wider.low <= low + 1e-12 && high <= wider.high + 1e-12);
        }

        #[test]
        fn correcting_never_makes_a_p_value_smaller_or_changes_their_order(
            p in prop::collection::vec(0.0..1.0_f64, 1..40)
        ) {
            let adjusted = adjust_by_holm(&p);
            for (a, one) in p.iter().zip(&adjusted) {
                prop_assert!(one >= a && *one <= 1.0);
                for (b, other) in p.iter().zip(&adjusted) {
                    prop_assert!(a > b || one <= other);
                }
            }
        }
    }
}
