//! Statistics by their definitions, slowly.

use std::f64::consts::{PI, TAU};

/// `I_n(x)` by its power series (Abramowitz and Stegun 9.6.10).
fn bessel(order: u32, x: f64) -> f64 {
    let half = x / 2.0;
    let mut term = (1..=order).fold(1.0, |product, k| product * half / f64::from(k));
    let mut sum = term;
    for k in 1..2000 {
        let k = f64::from(k);
        term *= half * half / (k * (k + f64::from(order)));
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// `overlap::getBandWidth`, with kmax 3.
fn bandwidth(hours: &[f64]) -> f64 {
    let n = hours.len() as f64;
    let mut largest: f64 = 0.0;
    for k in 1..=3_u32 {
        let angle = |hour: &f64| f64::from(k) * hour / 24.0 * TAU;
        let cos: f64 = hours.iter().map(|hour| angle(hour).cos()).sum();
        let sin: f64 = hours.iter().map(|hour| angle(hour).sin()).sum();
        let rho = (cos * cos + sin * sin).sqrt() / n;
        let (mut low, mut high) = (0.0, 300.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if bessel(k, middle) / bessel(0, middle) < rho { low = middle } else { high = middle }
        }
        largest = largest.max(low);
    }
    let i0 = bessel(0, largest);
    (3.0 * n * largest * largest * bessel(2, 2.0 * largest) / (4.0 * PI.sqrt() * i0 * i0)).powf(0.4)
}

/// Density per radian.
fn density(hours: &[f64], kappa: f64, at: f64) -> f64 {
    // Scaled on both sides, since exp(kappa) is beyond floating point.
    let norm = TAU * scaled_bessel0(kappa);
    let kernel = |hour: &f64| (kappa * (((at - hour) / 24.0 * TAU).cos() - 1.0)).exp();
    hours.iter().map(kernel).sum::<f64>() / (norm * hours.len() as f64)
}

/// `exp(-x) I_0(x)` by Simpson's rule on its integral.
fn scaled_bessel0(x: f64) -> f64 {
    let steps = 4000;
    let f = |i: u32| (x * ((PI * f64::from(i) / f64::from(steps)).cos() - 1.0)).exp();
    let odd: f64 = (1..steps).step_by(2).map(f).sum();
    let even: f64 = (2..steps).step_by(2).map(f).sum();
    (f(0) + f(steps) + 4.0 * odd + 2.0 * even) / (3.0 * f64::from(steps))
}

/// Relative activity in each hour, with mean 1.
pub fn activity(hours: &[f64]) -> Vec<f64> {
    let kappa = bandwidth(hours);
    let parts = 12;
    let hour = |hour: u32| {
        let at = |part: u32| f64::from(hour) + (f64::from(part) + 0.5) / f64::from(parts);
        (0..parts).map(|part| density(hours, kappa, at(part))).sum::<f64>() / f64::from(parts)
    };
    let all: Vec<f64> = (0..24).map(hour).collect();
    let mean = all.iter().sum::<f64>() / 24.0;
    all.iter().map(|value| value / mean).collect()
}

/// Dhat1 where the smaller sample is under 75, which is told, else Dhat4.
pub fn overlap(a: &[f64], b: &[f64]) -> (f64, bool) {
    let small = a.len().min(b.len()) < 75;
    let adjust = if small { 0.8 } else { 1.0 };
    let (kappa_a, kappa_b) = (bandwidth(a) / adjust, bandwidth(b) / adjust);
    if small {
        let steps = 720;
        let at = |step: u32| (f64::from(step) + 0.5) * 24.0 / f64::from(steps);
        let lower = |step| density(a, kappa_a, at(step)).min(density(b, kappa_b, at(step)));
        return ((0..steps).map(lower).sum::<f64>() * TAU / f64::from(steps), true);
    }
    let share = |own: &[f64], own_kappa, other: &[f64], other_kappa| {
        let ratio = |at: &f64| (density(other, other_kappa, *at) / density(own, own_kappa, *at)).min(1.0);
        own.iter().map(ratio).sum::<f64>() / own.len() as f64
    };
    (f64::midpoint(share(a, kappa_a, b, kappa_b), share(b, kappa_b, a, kappa_a)), false)
}

/// Species expected in `drawn` of `units`: one by one, by how likely each is missed every time.
pub fn expected_species(incidences: &[u32], units: u32, drawn: u32) -> f64 {
    let missed = |days: u32| -> f64 {
        (0..drawn)
            .map(|k| (f64::from(units) - f64::from(days) - f64::from(k)).max(0.0) / f64::from(units - k))
            .product()
    };
    incidences.iter().map(|days| 1.0 - missed(*days)).sum()
}

/// Probability of at most `k` when `mean` are expected.
fn poisson_at_most(k: f64, mean: f64) -> f64 {
    let (mut term, mut sum, mut i) = ((-mean).exp(), (-mean).exp(), 0.0);
    while i < k {
        i += 1.0;
        term *= mean / i;
        sum += term;
    }
    sum
}

fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if below(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// 95 % interval of events per camera-day: by a bootstrap of its own where there are at least
/// five deployments, else the exact one.
pub fn rate_interval(samples: &[(f64, f64)]) -> (f64, f64) {
    let events: f64 = samples.iter().map(|(events, _)| events).sum();
    let effort: f64 = samples.iter().map(|(_, effort)| effort).sum();
    if samples.len() < 5 {
        let low = if events < 1.0 {
            0.0
        } else {
            bisect(0.0, events, |mean| 1.0 - poisson_at_most(events - 1.0, mean) < 0.025)
        };
        let high = bisect(events, events * 3.0 + 30.0, |mean| poisson_at_most(events, mean) > 0.025);
        return (low / effort, high / effort);
    }
    // A generator of another kind (xorshift) and sums made anew each time.
    let mut state = 88_172_645_463_325_252_u64;
    let mut rates: Vec<f64> = (0..4000)
        .map(|_| {
            let (mut events, mut effort) = (0.0, 0.0);
            for _ in 0..samples.len() {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let (e, d) = samples[usize::try_from(state % samples.len() as u64).unwrap()];
                events += e;
                effort += d;
            }
            events / effort
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    (rates[100], rates[3899])
}

/// Probability of at most `k` of `n`, each with chance `p`, through logarithms of factorials.
fn binomial_at_most(k: usize, n: usize, p: f64) -> f64 {
    let log_factorial = |n: usize| (1..=n).map(|i| (i as f64).ln()).sum::<f64>();
    let term = |i: usize| {
        let ways = log_factorial(n) - log_factorial(i) - log_factorial(n - i);
        (ways + i as f64 * p.ln() + (n - i) as f64 * (1.0 - p).ln()).exp()
    };
    (0..=k).map(term).sum()
}

/// Exact interval of the ratio of two rates.
pub fn exact_ratio(
    above: usize,
    effort_above: f64,
    below: usize,
    effort_below: f64,
    alpha: f64,
) -> (f64, f64) {
    let n = above + below;
    let low = if above == 0 {
        0.0
    } else {
        bisect(1e-12, 1.0 - 1e-12, |p| 1.0 - binomial_at_most(above - 1, n, p) < alpha / 2.0)
    };
    let high = if below == 0 {
        1.0
    } else {
        bisect(1e-12, 1.0 - 1e-12, |p| binomial_at_most(above, n, p) > alpha / 2.0)
    };
    let ratio = |p: f64| if p >= 1.0 { f64::INFINITY } else { p / (1.0 - p) * effort_below / effort_above };
    (ratio(low), ratio(high))
}

/// Whether the sun is below the horizon: by its height at that moment (Spencer's series, as in
/// the spreadsheet of the NOAA Global Monitoring Laboratory), not by times of rising and setting.
pub fn is_night(latitude: f64, longitude: f64, local: i64, offset_hours: f64) -> bool {
    let day_of_year = local.div_euclid(86_400).rem_euclid(1461) as f64 % 365.25;
    let hour = local.rem_euclid(86_400) as f64 / 3600.0;
    let gamma = TAU / 365.25 * (day_of_year + (hour - 12.0) / 24.0);
    let equation = 229.18
        * (0.000_075 + 0.001_868 * gamma.cos()
            - 0.032_077 * gamma.sin()
            - 0.014_615 * (2.0 * gamma).cos()
            - 0.040_849 * (2.0 * gamma).sin());
    let declination = 0.006_918 - 0.399_912 * gamma.cos() + 0.070_257 * gamma.sin()
        - 0.006_758 * (2.0 * gamma).cos()
        + 0.000_907 * (2.0 * gamma).sin()
        - 0.002_697 * (3.0 * gamma).cos()
        + 0.001_48 * (3.0 * gamma).sin();
    let solar_minutes = hour * 60.0 + equation + 4.0 * longitude - 60.0 * offset_hours;
    let angle = (solar_minutes / 4.0 - 180.0).to_radians();
    let latitude = latitude.to_radians();
    let sine = latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * angle.cos();
    sine.asin().to_degrees() < -0.833
}
