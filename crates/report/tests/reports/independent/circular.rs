//! Times of day: bandwidth, curve and overlap by their definitions, record by record.

use std::f64::consts::{PI, TAU};

/// Times of day with a weight for each record; the weights of an event add up to 1.
#[derive(Clone, Debug, Default)]
pub struct Times {
    pub hours: Vec<f64>,
    pub weights: Vec<f64>,
    pub events: usize,
}

impl Times {
    /// One record for each event.
    pub fn of_events(hours: &[f64]) -> Self {
        Self { hours: hours.to_vec(), weights: vec![1.0; hours.len()], events: hours.len() }
    }

    fn iter_weighted(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.hours.iter().copied().zip(self.weights.iter().copied())
    }
}

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

/// `overlap::getBandWidth`, with kmax 3, whose n is the number of events.
fn bandwidth(times: &Times) -> f64 {
    let mut largest: f64 = 0.0;
    for k in 1..=3_u32 {
        let moment = |part: fn(f64) -> f64| -> f64 {
            times.iter_weighted().map(|(hour, weight)| weight * part(f64::from(k) * hour / 24.0 * TAU)).sum()
        };
        let rho = f64::hypot(moment(f64::cos), moment(f64::sin)) / times.weights.iter().sum::<f64>();
        let (mut low, mut high) = (0.0, 300.0);
        for _ in 0..45 {
            let middle = f64::midpoint(low, high);
            if bessel(k, middle) / bessel(0, middle) < rho { low = middle } else { high = middle }
        }
        largest = largest.max(low);
    }
    let (n, i0) = (times.events as f64, bessel(0, largest));
    (3.0 * n * largest * largest * bessel(2, 2.0 * largest) / (4.0 * PI.sqrt() * i0 * i0)).powf(0.4)
}

/// A smoothed sample.
struct SmoothedCurve<'a> {
    times: &'a Times,
    kappa: f64,
    norm: f64,
}

impl<'a> SmoothedCurve<'a> {
    fn new(times: &'a Times, adjust: f64) -> Self {
        let kappa = bandwidth(times) / adjust;
        // Scaled on both sides, since exp(kappa) is beyond floating point.
        let norm = TAU * scaled_bessel0(kappa) * times.weights.iter().sum::<f64>();
        Self { times, kappa, norm }
    }

    /// Density per radian.
    fn density(&self, at: f64) -> f64 {
        let kernel = |hour: f64| (self.kappa * (((at - hour) / 24.0 * TAU).cos() - 1.0)).exp();
        self.times.iter_weighted().map(|(hour, weight)| weight * kernel(hour)).sum::<f64>() / self.norm
    }
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
pub fn activity(times: &Times) -> Vec<f64> {
    let smoothed = SmoothedCurve::new(times, 1.0);
    let parts = 12;
    let hour = |hour: u32| {
        let at = |part: u32| f64::from(hour) + (f64::from(part) + 0.5) / f64::from(parts);
        (0..parts).map(|part| smoothed.density(at(part))).sum::<f64>() / f64::from(parts)
    };
    let all: Vec<f64> = (0..24).map(hour).collect();
    let mean = all.iter().sum::<f64>() / 24.0;
    all.iter().map(|value| value / mean).collect()
}

/// Whether the smaller number of events asks for Dhat1, else it is Dhat4.
pub fn is_small(a: &Times, b: &Times) -> bool {
    a.events.min(b.events) < 75
}

/// Dhat1 or Dhat4, by the number of events.
pub fn overlap(a: &Times, b: &Times) -> f64 {
    let is_small = is_small(a, b);
    let adjust = if is_small { 0.8 } else { 1.0 };
    let (one, other) = (SmoothedCurve::new(a, adjust), SmoothedCurve::new(b, adjust));
    if is_small {
        let steps = 720;
        let at = |step: u32| (f64::from(step) + 0.5) * 24.0 / f64::from(steps);
        let lower = |step| one.density(at(step)).min(other.density(at(step)));
        return (0..steps).map(lower).sum::<f64>() * TAU / f64::from(steps);
    }
    let share = |own: &SmoothedCurve<'_>, other: &SmoothedCurve<'_>| {
        let reach = |hour: f64| (other.density(hour) / own.density(hour)).min(1.0);
        let total: f64 = own.times.iter_weighted().map(|(hour, weight)| weight * reach(hour)).sum();
        total / own.times.weights.iter().sum::<f64>()
    };
    f64::midpoint(share(&one, &other), share(&other, &one))
}
