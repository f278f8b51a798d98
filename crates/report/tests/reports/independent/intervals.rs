//! Intervals and corrections by their formulas, with Student's quantiles by integration.

use std::f64::consts::FRAC_PI_2;

/// Simpson's rule.
fn integrate(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let steps = 2000_u32;
    let width = (to - from) / f64::from(steps);
    let at = |step: u32| f(from + f64::from(step) * width);
    let odd: f64 = (1..steps).step_by(2).map(at).sum();
    let even: f64 = (2..steps).step_by(2).map(at).sum();
    (at(0) + at(steps) + 4.0 * odd + 2.0 * even) * width / 3.0
}

fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if is_below(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Quantile of Student's distribution, of a probability of at least a half. With x = sqrt(n) tan(angle) its
/// density is a power of the cosine, which has no tails to cut off.
pub fn student_quantile(probability: f64, degrees: f64) -> f64 {
    let density = |angle: f64| angle.cos().powf(degrees - 1.0);
    let half = integrate(0.0, FRAC_PI_2, density);
    let angle =
        bisect(0.0, FRAC_PI_2, |angle| 0.5 + 0.5 * integrate(0.0, angle, density) / half < probability);
    degrees.sqrt() * angle.tan()
}

/// Events and effort of one location in two periods.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    pub first: (f64, f64),
    pub second: (f64, f64),
}

pub fn sum_of<T>(all: &[T], value: impl Fn(&T) -> f64) -> f64 {
    all.iter().map(value).sum()
}

/// 95 % interval of events per camera-day, from events and effort of each location; none for one location.
pub fn rate_interval(samples: &[(f64, f64)]) -> Option<(f64, f64)> {
    let locations = samples.len() as f64;
    if samples.len() < 2 {
        return None;
    }
    let (events, effort) = (sum_of(samples, |sample| sample.0), sum_of(samples, |sample| sample.1));
    let rate = events / effort;
    let squares = sum_of(samples, |sample| (sample.0 - rate * sample.1).powi(2));
    let variance = (locations / (locations - 1.0) * squares / events.powi(2)).max(1.0 / events);
    let factor = (student_quantile(0.975, locations - 1.0) * variance.sqrt()).exp();
    Some((rate / factor, rate * factor))
}

/// The rate in the second period over the rate in the first, with its interval at level 1 - alpha. Both
/// periods have events.
pub fn rate_ratio(pairs: &[Pair], alpha: f64) -> (f64, (f64, f64)) {
    let locations = pairs.len() as f64;
    let (y1, e1) = (sum_of(pairs, |pair| pair.first.0), sum_of(pairs, |pair| pair.first.1));
    let (y2, e2) = (sum_of(pairs, |pair| pair.second.0), sum_of(pairs, |pair| pair.second.1));
    let influence = |pair: &Pair| {
        let second = (pair.second.0 - y2 / e2 * pair.second.1) / y2;
        second - (pair.first.0 - y1 / e1 * pair.first.1) / y1
    };
    let squares = sum_of(pairs, |pair| influence(pair).powi(2));
    let variance = (locations / (locations - 1.0) * squares).max(1.0 / y1 + 1.0 / y2);
    let factor = (student_quantile(1.0 - alpha / 2.0, locations - 1.0) * variance.sqrt()).exp();
    let ratio = y2 / e2 / (y1 / e1);
    (ratio, (ratio / factor, ratio * factor))
}

/// 95 % interval of a share, from how many and of how many at each location with any.
pub fn share_interval(cells: &[(f64, f64)]) -> (f64, f64) {
    let locations = cells.len() as f64;
    let (some, all) = (sum_of(cells, |cell| cell.0), sum_of(cells, |cell| cell.1));
    let share = some / all;
    if some <= 0.0 || some >= all {
        // Each location counts once.
        return wilson(if some > 0.0 { locations } else { 0.0 }, locations);
    }
    let squares = sum_of(cells, |cell| (cell.0 - share * cell.1).powi(2));
    let clustered = locations / (locations - 1.0) * squares / all.powi(2);
    let spread = share * (1.0 - share);
    let error = clustered.max(spread / all).sqrt() / spread;
    let half = student_quantile(0.975, locations - 1.0) * error;
    let logit = (share / (1.0 - share)).ln();
    let share_of = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    (share_of(logit - half), share_of(logit + half))
}

/// The largest ratio of a period without events to one with some: the upper limit of the empty one, as many
/// times as large as the animals clump in the other, and the lower limit of the other, put together by the
/// variances that they stand for. `sides` gives events and effort of the other, and the effort of the empty one.
pub fn limit_beside(pairs: &[Pair], sides: impl Fn(&Pair) -> ((f64, f64), f64), alpha: f64) -> f64 {
    let seen: Vec<(f64, f64)> = pairs.iter().map(|pair| sides(pair).0).filter(|side| side.1 > 0.0).collect();
    let empty_effort = sum_of(pairs, |pair| sides(pair).1);
    let (events, effort) = (sum_of(&seen, |side| side.0), sum_of(&seen, |side| side.1));
    let locations = seen.len() as f64;
    let rate = events / effort;
    let squares = sum_of(&seen, |side| (side.0 - rate * side.1).powi(2));
    let variance = (locations / (locations - 1.0) * squares / events.powi(2)).max(1.0 / events);
    // Without events, a Poisson mean of m is missed with the chance exp(-m).
    let upper = -(alpha / 2.0).ln() * variance * events / empty_effort;
    let lower = rate / (student_quantile(1.0 - alpha / 2.0, locations - 1.0) * variance.sqrt()).exp();
    upper / (rate.powi(2) - (rate - lower).powi(2)).sqrt()
}

/// The shares at which the score test of the share that was found is just at 5 %: Wilson's interval as it is
/// defined, without solving the quadratic equation.
pub fn wilson(some: f64, all: f64) -> (f64, f64) {
    let found = some / all;
    let is_far = |share: f64| (found - share).abs() > 1.959_964 * (share * (1.0 - share) / all).sqrt();
    (bisect(0.0, found, is_far), bisect(found, 1.0, |share| !is_far(share)))
}

/// Holm's correction: the smallest p-value times all, the next times one fewer, and none below the one before.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let corrected = |p: f64| {
        let is_before = |other: &&f64| **other <= p;
        let steps = p_values.iter().filter(is_before).map(|other| {
            let smaller = p_values.iter().filter(|third| **third < *other).count();
            other * (p_values.len() - smaller) as f64
        });
        steps.fold(0.0, f64::max).min(1.0)
    };
    p_values.iter().map(|p| corrected(*p)).collect()
}

/// R: `qt(0.975, c(1, 7, 19, 37))`, `qt(1 - 0.05 / 2 / 26, 37)`, `p.adjust(..., "holm")`,
/// `prop.test(15, 50, correct = FALSE)$conf.int`.
#[test]
fn they_agree_with_r() {
    for (probability, degrees, expected) in [
        (0.975, 1.0, 12.706_205),
        (0.975, 7.0, 2.364_624),
        (0.975, 19.0, 2.093_024),
        (0.975, 37.0, 2.026_192),
        (1.0 - 0.05 / 2.0 / 26.0, 37.0, 3.339_860),
    ] {
        let found = student_quantile(probability, degrees);
        assert!((found - expected).abs() < 2e-6, "{found} and not {expected}");
    }
    let (low, high) = wilson(15.0, 50.0);
    assert!((low - 0.191_035_5).abs() < 1e-5 && (high - 0.437_503_5).abs() < 1e-5, "{low} {high}");
    let found = holm(&[0.03, 0.01, 0.04, 0.02]);
    for (found, expected) in found.iter().zip([0.06, 0.04, 0.06, 0.06]) {
        assert!((found - expected).abs() < 1e-12, "{found} and not {expected}");
    }
}
