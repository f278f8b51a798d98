//! Smoothing of many resamples, fast: on fewer parts of the day, out of kernels made once.

use std::f64::consts::TAU;

use crate::activity::FastBandwidth;
use crate::circular::Kernel;
use crate::overlap::{Curve, Estimator};

/// Kernels are made for bandwidths this far apart on the scale of logarithms: two percent, which moves
/// no end of an interval that is shown.
const STEP: f64 = 0.02;
/// Concentrations that there are kernels for; narrower than a part of the day is of no use.
const KAPPAS: std::ops::RangeInclusive<f64> = 0.05..=2000.0;

/// Curves of resamples on a clock of `bins` parts.
pub(crate) struct Smoother {
    /// Parts of the day.
    pub bins: usize,
    kernels: Vec<Kernel>,
    /// Cosine and sine of each part of the day, of the first three harmonics.
    harmonics: Vec<[(f64, f64); 3]>,
}

impl Smoother {
    pub fn new(bins: usize) -> Self {
        let kernel = |at: usize| Kernel::new(KAPPAS.start() * (at as f64 * STEP).exp(), bins);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let number = ((KAPPAS.end() / KAPPAS.start()).ln() / STEP) as usize + 1;
        let harmonic = |bin: usize| {
            let angle = (bin as f64 + 0.5) / bins as f64 * TAU;
            [1.0, 2.0, 3.0].map(|k: f64| ((k * angle).cos(), (k * angle).sin()))
        };
        Self {
            bins,
            kernels: (0..number).map(kernel).collect(),
            harmonics: (0..bins).map(harmonic).collect(),
        }
    }

    /// The curve of a sample of so many events whose weight in each part of the day is given, with a
    /// bandwidth of its own.
    pub fn curve(&self, weights: &[f64], events: f64, estimator: Estimator) -> Curve {
        let kappa = FastBandwidth::tables().bandwidth(self.moments(weights), events) / estimator.adjust();
        let density = self.kernel(kappa).smooth_small(weights);
        Curve::new(weights, density)
    }

    /// The kernel nearest to a concentration.
    pub fn kernel(&self, kappa: f64) -> &Kernel {
        let kappa = kappa.clamp(*KAPPAS.start(), *KAPPAS.end());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = ((kappa / KAPPAS.start()).ln() / STEP).round() as usize;
        &self.kernels[at.min(self.kernels.len() - 1)]
    }

    fn moments(&self, weights: &[f64]) -> [f64; 3] {
        let mut sums = [(0.0, 0.0); 3];
        let mut total = 0.0;
        for (weight, harmonics) in weights.iter().zip(&self.harmonics).filter(|(weight, _)| **weight > 0.0) {
            total += weight;
            for (sum, (cos, sin)) in sums.iter_mut().zip(harmonics) {
                *sum = (sum.0 + weight * cos, sum.1 + weight * sin);
            }
        }
        sums.map(|(cos, sin)| f64::hypot(cos, sin) / total)
    }
}
