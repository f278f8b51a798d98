//! Smoothing of many resamples, fast: on fewer parts of the day, out of kernels made once.

use std::f64::consts::TAU;

use multiversion::multiversion;

use crate::activity::FastBandwidth;
use crate::circular::{Kernel, divide_by_sum};
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
    /// Cosine and sine of the first three harmonics, each for all parts of the day.
    harmonics: [[Vec<f32>; 2]; 3],
}

impl Smoother {
    pub fn new(bins: usize) -> Self {
        let kernel = |at: usize| Kernel::new(KAPPAS.start() * (at as f64 * STEP).exp(), bins);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let number = ((KAPPAS.end() / KAPPAS.start()).ln() / STEP) as usize + 1;
        let angle = |k: f64| move |bin: usize| k * (bin as f64 + 0.5) / bins as f64 * TAU;
        #[allow(clippy::cast_possible_truncation)]
        let small = |number: f64| number as f32;
        let harmonic =
            |k: f64| [f64::cos, f64::sin].map(|part| (0..bins).map(angle(k)).map(part).map(small).collect());
        Self { bins, kernels: (0..number).map(kernel).collect(), harmonics: [1.0, 2.0, 3.0].map(harmonic) }
    }

    /// The curve of a sample of so many events whose weight in each part of the day is given, with a
    /// bandwidth of its own.
    pub fn curve(&self, mut weights: Vec<f32>, events: f64, estimator: Estimator) -> Curve {
        divide_by_sum(&mut weights);
        let kappa = FastBandwidth::tables().bandwidth(self.moments(&weights), events) / estimator.adjust();
        let density = self.kernel(kappa).smooth_shares(&weights);
        Curve::new(weights, density)
    }

    /// The kernel nearest to a concentration.
    pub fn kernel(&self, kappa: f64) -> &Kernel {
        let kappa = kappa.clamp(*KAPPAS.start(), *KAPPAS.end());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = ((kappa / KAPPAS.start()).ln() / STEP).round() as usize;
        &self.kernels[at.min(self.kernels.len() - 1)]
    }

    /// Lengths of the first trigonometric moments of a sample, of which each part of the day has a share.
    fn moments(&self, shares: &[f32]) -> [f64; 3] {
        self.harmonics.each_ref().map(|parts| {
            let [cos, sin] = parts.each_ref().map(|part| f64::from(sum_products(shares, part)));
            (cos * cos + sin * sin).sqrt()
        })
    }
}

/// The sum of products, in partial sums that the processor adds up side by side.
#[multiversion(targets("x86_64+avx2"))]
fn sum_products(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
