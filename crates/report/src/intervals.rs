//! Intervals that say how far a number can be trusted. All are 95 % unless a level is given.

use crate::bootstrap::Bootstrap;

/// A number with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Below this many deployments, resampling them says little.
pub const MIN_DEPLOYMENTS: usize = 5;

/// Events and effort of one deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Independent events.
    pub events: f64,
    /// Camera-days.
    pub effort: f64,
}

impl Sample {
    /// All samples added up.
    pub fn total<'a>(samples: impl IntoIterator<Item = &'a Self>) -> Self {
        samples.into_iter().fold(Self::default(), |sum, one| Self {
            events: sum.events + one.events,
            effort: sum.effort + one.effort,
        })
    }

    /// Events per camera-day; not a number without effort.
    pub fn rate(self) -> f64 {
        self.events / self.effort
    }
}

/// Interval of a share: `successes` of `trials`. `None` without trials.
///
/// Wilson (1927), Journal of the American Statistical Association 22:209-212.
pub fn wilson(successes: u32, trials: u32) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let (n, z) = (f64::from(trials), 1.959_964);
    let share = f64::from(successes) / n;
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Some(Interval { low: ((centre - half) / scale).max(0.0), high: ((centre + half) / scale).min(1.0) })
}

/// Interval of events per camera-day; `None` without effort.
///
/// With at least [`MIN_DEPLOYMENTS`] deployments a percentile bootstrap over deployments, which
/// allows for animals that come more to one place than to another; else, or when nothing was
/// seen, the exact Poisson interval (Garwood 1936, Biometrika 28:437-442). `samples` are of the
/// units of `bootstrap`, in their order.
pub fn rate(samples: &[Sample], bootstrap: &Bootstrap) -> Option<Interval> {
    let total = Sample::total(samples);
    if total.effort <= 0.0 {
        return None;
    }
    if bootstrap.units() < MIN_DEPLOYMENTS || total.events < 1.0 {
        let Interval { low, high } = garwood(total.events);
        return Some(Interval { low: low / total.effort, high: high / total.effort });
    }
    let events = bootstrap.totals(samples.iter().map(|sample| sample.events));
    let effort = bootstrap.totals(samples.iter().map(|sample| sample.effort));
    let rates = events.iter().zip(&effort).filter(|(_, effort)| **effort > 0.0);
    percentiles(rates.map(|(events, effort)| events / effort).collect(), 0.05)
}

/// The middle `1 - alpha` of `values`; `None` when there are none.
pub(crate) fn percentiles(mut values: Vec<f64>, alpha: f64) -> Option<Interval> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let at = |share: f64| values[(share * last as f64).round() as usize];
    Some(Interval { low: at(alpha / 2.0), high: at(1.0 - alpha / 2.0) })
}

/// Exact interval of a Poisson count.
fn garwood(events: f64) -> Interval {
    let tail = 0.025;
    let low =
        if events < 1.0 { 0.0 } else { root(events + 1.0, |mean| 1.0 - poisson_below(events, mean) >= tail) };
    let high = root(events * 2.0 + 20.0, |mean| poisson_below(events + 1.0, mean) <= tail);
    Interval { low, high }
}

/// Smallest mean up to `limit` for which `reached` holds, which must be monotone.
fn root(limit: f64, reached: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, limit);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if reached(middle) { high = middle } else { low = middle }
    }
    high
}

/// Probability of fewer than `count` events when `mean` are expected.
fn poisson_below(count: f64, mean: f64) -> f64 {
    let mut log_term = -mean;
    let (mut total, mut k) = (0.0, 0.0);
    while k < count {
        total += f64::exp(log_term);
        k += 1.0;
        log_term += mean.ln() - k.ln();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-4, "{found}, not {expected}");
    }

    /// R: `poisson.test(10)$conf.int` and `poisson.test(0)$conf.int`.
    #[test]
    fn the_exact_interval_of_a_count_is_the_one_of_r() {
        let ten = garwood(10.0);
        close(ten.low, 4.795_389);
        close(ten.high, 18.390_36);
        let none = garwood(0.0);
        close(none.low, 0.0);
        close(none.high, 3.688_879);
    }

    /// R: `prop.test(15, 50, correct = FALSE)$conf.int`.
    #[test]
    fn the_interval_of_a_share_is_the_one_of_r() {
        let found = wilson(15, 50).unwrap();
        close(found.low, 0.191_05);
        close(found.high, 0.437_49);
        assert_eq!(wilson(0, 0), None);
    }

    proptest! {
        #[test]
        fn a_rate_lies_in_its_interval(counts in prop::collection::vec(0_u32..30, 1..40)) {
            let samples: Vec<Sample> =
                counts.iter().map(|&n| Sample { events: f64::from(n), effort: 30.0 }).collect();
            let Interval { low, high } = rate(&samples, &Bootstrap::new(&vec![0; samples.len()], 500)).unwrap();
            let total = Sample::total(&samples);
            let rate = total.rate();
            prop_assert!(low <= rate + 1e-9 && rate <= high + 1e-9, "{low} {rate} {high}");
            prop_assert!(low >= 0.0);
        }

        #[test]
        fn the_same_data_give_the_same_interval(counts in prop::collection::vec(0_u32..30, 5..40)) {
            let samples: Vec<Sample> =
                counts.iter().map(|&n| Sample { events: f64::from(n), effort: 30.0 }).collect();
            let again = || rate(&samples, &Bootstrap::new(&vec![0; samples.len()], 500));
            prop_assert_eq!(again(), again());
        }
    }
}
