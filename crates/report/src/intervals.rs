//! Intervals that say how far a number can be trusted. The unit is the location: deployments,
//! pictures and events of one place share its richness in animals (Hurlbert 1984, Ecological
//! Monographs 54:187-211; Field and Welsh 2007, JRSS B 69:369-390).

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::gamma::gamma_ur;

/// A number with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Events and effort of one location.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LocationSample {
    /// Independent events.
    pub events: f64,
    /// Camera-days.
    pub effort: f64,
}

impl LocationSample {
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

/// The value below which a share of Student's t distribution lies; `degrees` of freedom are at
/// least 1, and `probability` is between 0 and 1.
pub fn student_t_quantile(probability: f64, degrees: usize) -> f64 {
    StudentsT::new(0.0, 1.0, degrees.max(1) as f64)
        .map_or(f64::NAN, |distribution| distribution.inverse_cdf(probability))
}

/// 95% interval of events per camera-day over places like these; `None` with fewer than two
/// locations, since one says nothing of others. `samples` are of locations with effort.
///
/// The ratio estimator with locations as clusters, on the log scale, with Student's t (Cochran 1977,
/// Sampling Techniques, chapter 6): the same as a Poisson model with R `sandwich::vcovCL`, but never
/// narrower than the Poisson distribution. Without events the upper limit of Garwood (1936),
/// Biometrika 28:437-442.
pub fn rate_interval(samples: &[LocationSample]) -> Option<Interval> {
    let total = LocationSample::total(samples);
    if samples.len() < 2 || total.effort <= 0.0 {
        return None;
    }
    if total.events <= 0.0 {
        return Some(Interval { low: 0.0, high: garwood_upper_limit(0.0, 0.025) / total.effort });
    }
    let spread = relative_variance(samples).max(1.0 / total.events).sqrt();
    let factor = (student_t_quantile(0.975, samples.len() - 1) * spread).exp();
    Some(Interval { low: total.rate() / factor, high: total.rate() * factor })
}

/// Variance of the logarithm of the rate, between locations: `L/(L-1) sum (y - r e)^2 / (sum y)^2`.
/// There are at least two samples and an event.
pub(crate) fn relative_variance(samples: &[LocationSample]) -> f64 {
    let total = LocationSample::total(samples);
    let residual = |one: &LocationSample| (one.events - total.rate() * one.effort).powi(2);
    let squares: f64 = samples.iter().map(residual).sum();
    let units = samples.len() as f64;
    units / (units - 1.0) * squares / total.events.powi(2)
}

/// 95% interval of a share of events, of which each location has some: `of` of `all`, as pairs.
///
/// As for a rate, with locations as clusters and Student's t, on the scale of the logarithm of the
/// odds, and never narrower than the binomial distribution. Where all or none are such, the interval of
/// Wilson with each location counted once, since the events of one place may be one animal's. `None` with
/// fewer than two locations, since one says nothing of others.
pub fn share_interval(locations: &[(f64, f64)]) -> Option<Interval> {
    let counted: Vec<(f64, f64)> = locations.iter().copied().filter(|(_, all)| *all > 0.0).collect();
    let (of, all) = counted.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let units = counted.len() as f64;
    if counted.len() < 2 {
        return None;
    }
    if of <= 0.0 || of >= all {
        return wilson_interval(if of > 0.0 { units } else { 0.0 }, units);
    }
    let share = of / all;
    let squares: f64 = counted.iter().map(|(of, all)| (of - share * all).powi(2)).sum();
    let variance = (units / (units - 1.0) * squares / all.powi(2)).max(share * (1.0 - share) / all);
    let half = student_t_quantile(0.975, counted.len() - 1) * variance.sqrt() / (share * (1.0 - share));
    let odds = share / (1.0 - share);
    let of_odds = |odds: f64| odds / (1.0 + odds);
    Some(Interval { low: of_odds(odds / half.exp()), high: 1.0 - of_odds((-half).exp() / odds) })
}

/// 95% interval of a share of independent things: `successes` of `trials`. `None` without trials.
///
/// Wilson (1927), Journal of the American Statistical Association 22:209-212.
pub fn wilson_interval(successes: f64, trials: f64) -> Option<Interval> {
    if trials <= 0.0 {
        return None;
    }
    let (n, z) = (trials, 1.959_964);
    let share = successes / n;
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Some(Interval { low: ((centre - half) / scale).max(0.0), high: ((centre + half) / scale).min(1.0) })
}

/// The middle `1 - alpha` of `values`; `None` when there are none.
pub(crate) fn find_percentiles(mut values: Vec<f64>, alpha: f64) -> Option<Interval> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let at = |share: f64| values[(share * last as f64).round() as usize];
    Some(Interval { low: at(alpha / 2.0), high: at(1.0 - alpha / 2.0) })
}

/// Upper limit of a Poisson mean of which `events` were seen, with `tail` above it.
pub(crate) fn garwood_upper_limit(events: f64, tail: f64) -> f64 {
    let (mut low, mut high) = (0.0, events * 2.0 + 20.0 - tail.ln());
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if gamma_ur(events + 1.0, middle) <= tail { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-4, "{found}, not {expected}");
    }

    /// R: `qt(0.975, c(1, 7, 19, 37))` and `qt(1 - 0.05 / 2 / 26, 37)`.
    #[test]
    fn the_quantiles_of_student_are_those_of_r() {
        for (probability, degrees, expected) in [
            (0.975, 1, 12.706_205),
            (0.975, 7, 2.364_624),
            (0.975, 19, 2.093_024),
            (0.975, 37, 2.026_192),
            (1.0 - 0.05 / 52.0, 37, 3.339_860),
        ] {
            assert_close(student_t_quantile(probability, degrees), expected);
        }
    }

    /// R: `poisson.test(10)$conf.int` and `poisson.test(0)$conf.int`.
    #[test]
    fn the_exact_interval_of_a_count_is_the_one_of_r() {
        assert_close(garwood_upper_limit(10.0, 0.025), 18.390_36);
        assert_close(garwood_upper_limit(0.0, 0.025), 3.688_879);
    }

    /// R: `prop.test(15, 50, correct = FALSE)$conf.int`.
    #[test]
    fn the_interval_of_a_share_is_the_one_of_r() {
        let found = wilson_interval(15.0, 50.0).unwrap();
        assert_close(found.low, 0.191_05);
        assert_close(found.high, 0.437_49);
        assert_eq!(wilson_interval(0.0, 0.0), None);
    }

    fn samples(counts: &[u32]) -> Vec<LocationSample> {
        counts.iter().map(|&n| LocationSample { events: f64::from(n), effort: 30.0 }).collect()
    }

    /// By hand: 4 locations with 1, 2, 3 and 6 events in 30 days each: mean 3, squares 4 + 1 + 0 + 9
    /// = 14, so v = 4/3 * 14 / 144, and t of 3 degrees is 3.182446.
    #[test]
    fn the_interval_of_a_rate_is_its_formula() {
        let factor = (3.182_446 * (4.0_f64 / 3.0 * 14.0 / 144.0).sqrt()).exp();
        let found = rate_interval(&samples(&[1, 2, 3, 6])).unwrap();
        assert_close(found.low, 0.1 / factor);
        assert_close(found.high, 0.1 * factor);
    }

    #[test]
    fn one_location_says_nothing_of_others() {
        assert_eq!(rate_interval(&samples(&[7])), None);
        assert_eq!(rate_interval(&[]), None);
    }

    #[test]
    fn animals_that_are_spread_evenly_do_not_make_it_narrower_than_chance() {
        let found = rate_interval(&samples(&[4; 10])).unwrap();
        let factor = (2.262_157 / 40.0_f64.sqrt()).exp();
        assert_close(found.high, 4.0 / 30.0 * factor);
    }

    #[test]
    fn nothing_seen_has_an_upper_limit() {
        let found = rate_interval(&samples(&[0, 0, 0])).unwrap();
        assert_close(found.high, 3.688_879 / 90.0);
        assert!(found.low.abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_rate_lies_in_its_interval(counts in prop::collection::vec(0_u32..30, 2..40)) {
            let samples = samples(&counts);
            let Interval { low, high } = rate_interval(&samples).unwrap();
            let rate = LocationSample::total(&samples).rate();
            prop_assert!(low <= rate + 1e-9 && rate <= high + 1e-9, "{low} {rate} {high}");
            prop_assert!(low >= 0.0);
        }

        #[test]
        fn a_share_lies_in_its_interval_and_turns_with_what_is_counted(
            counts in prop::collection::vec((0_u32..20, 0_u32..20), 1..30)
        ) {
            let pairs: Vec<(f64, f64)> =
                counts.iter().map(|(a, b)| (f64::from(*a), f64::from(a + b))).collect();
            let turned: Vec<(f64, f64)> = pairs.iter().map(|(of, all)| (all - of, *all)).collect();
            let all: f64 = pairs.iter().map(|pair| pair.1).sum();
            prop_assume!(pairs.iter().filter(|pair| pair.1 > 0.0).count() > 1);
            let of: f64 = pairs.iter().map(|pair| pair.0).sum();
            let (there, back) = (share_interval(&pairs).unwrap(), share_interval(&turned).unwrap());
            prop_assert!(there.low <= of / all + 1e-9 && of / all <= there.high + 1e-9);
            prop_assert!((0.0..=1.0).contains(&there.low) && (0.0..=1.0).contains(&there.high));
            prop_assert!((there.low - (1.0 - back.high)).abs() < 1e-6);
        }
    }
}
