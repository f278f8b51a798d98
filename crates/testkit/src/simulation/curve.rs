//! At what time of day animals come: a mixture of von Mises curves on the clock.

use std::f64::consts::TAU;

use super::random::Random;

/// Parts of the day that an integral is taken over: half a minute.
const STEPS: u32 = 2880;

/// One peak of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Hour of the day around which it lies.
    pub hour: f64,
    /// Concentration of its von Mises distribution: 0 is the same all day, larger is narrower.
    pub kappa: f64,
    /// Share of the visits that belong to it; those of all peaks add up to 1.
    pub share: f64,
}

/// An activity curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    peaks: Vec<Peak>,
}

impl Curve {
    /// The same at every hour.
    pub fn even() -> Self {
        Self::peak_at(0.0, 0.0)
    }

    /// One peak.
    pub fn peak_at(hour: f64, kappa: f64) -> Self {
        Self { peaks: vec![Peak { hour, kappa, share: 1.0 }] }
    }

    /// Several peaks.
    ///
    /// # Panics
    /// When their shares do not add up to 1.
    pub fn mixture(peaks: Vec<Peak>) -> Self {
        let total: f64 = peaks.iter().map(|peak| peak.share).sum();
        assert!((total - 1.0).abs() < 1e-9, "the shares of the peaks add up to {total}, not to 1");
        Self { peaks }
    }

    /// The density in each of the steps of a day, with mean 1.
    fn density(&self) -> Vec<f64> {
        let mut density = vec![0.0; STEPS as usize];
        for peak in &self.peaks {
            let angle = |step: u32| (f64::from(step) + 0.5) / f64::from(STEPS) * TAU - peak.hour / 24.0 * TAU;
            let weights: Vec<f64> =
                (0..STEPS).map(|step| (peak.kappa * (angle(step).cos() - 1.0)).exp()).collect();
            let mean = weights.iter().sum::<f64>() / f64::from(STEPS);
            for (sum, weight) in density.iter_mut().zip(&weights) {
                *sum += peak.share * weight / mean;
            }
        }
        density
    }

    /// The true overlap with another curve: the area under the lower of the two, from 0 to 1.
    pub fn overlap(&self, other: &Self) -> f64 {
        let lower: f64 = self.density().iter().zip(other.density()).map(|(a, b)| a.min(b)).sum();
        lower / f64::from(STEPS)
    }

    /// The shares of the peaks at one location. `alike` is the concentration of the Dirichlet distribution
    /// around the shares of the curve; without it all locations have those.
    ///
    /// A Dirichlet vector is made of gamma numbers that are divided by their sum.
    pub(super) fn draw_shares(&self, alike: Option<f64>, random: &mut Random) -> Vec<f64> {
        let Some(alike) = alike else { return self.peaks.iter().map(|peak| peak.share).collect() };
        let drawn: Vec<f64> = self.peaks.iter().map(|peak| random.draw_gamma(peak.share * alike)).collect();
        let total: f64 = drawn.iter().sum();
        drawn.into_iter().map(|value| value / total).collect()
    }

    /// An hour in `[0, 24)` of a visit where the peaks have these shares.
    pub(super) fn draw_hour(&self, shares: &[f64], random: &mut Random) -> f64 {
        let mut left = random.draw_uniform();
        let mut chosen = self.peaks[0];
        for (peak, share) in self.peaks.iter().zip(shares) {
            chosen = *peak;
            if left < *share {
                break;
            }
            left -= share;
        }
        let hour = (chosen.hour + random.draw_von_mises(chosen.kappa) / TAU * 24.0).rem_euclid(24.0);
        // The remainder of a tiny negative number is rounded up to 24.
        if hour < 24.0 { hour } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected numbers are of R's `besselI` and a midpoint rule of 28,800 steps.
    #[test]
    fn the_true_overlap_is_the_area_under_both_curves() {
        for (hours, kappa, expected) in [(3.0, 2.0, 0.622_397), (6.0, 2.0, 0.344_564), (2.0, 3.0, 0.669_306)]
        {
            let found = Curve::peak_at(23.0, kappa).overlap(&Curve::peak_at(23.0 + hours, kappa));
            assert!((found - expected).abs() < 1e-4, "{found} and not {expected}");
        }
        let curve = Curve::peak_at(5.0, 3.0);
        assert!((curve.overlap(&curve) - 1.0).abs() < 1e-9);
        let two = Curve::mixture(vec![
            Peak { hour: 0.0, kappa: 60.0, share: 0.25 },
            Peak { hour: 12.0, kappa: 60.0, share: 0.75 },
        ]);
        assert!((two.overlap(&Curve::peak_at(0.0, 60.0)) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn visits_fall_to_the_peaks_by_their_shares() {
        let curve = Curve::mixture(vec![
            Peak { hour: 0.0, kappa: 20.0, share: 0.3 },
            Peak { hour: 12.0, kappa: 20.0, share: 0.7 },
        ]);
        let mut random = Random::with_seed(1);
        let shares = curve.draw_shares(None, &mut random);
        let hours: Vec<f64> = (0..20_000).map(|_| curve.draw_hour(&shares, &mut random)).collect();
        assert!(hours.iter().all(|hour| (0.0..24.0).contains(hour)));
        let at_night = hours.iter().filter(|hour| **hour < 6.0 || **hour > 18.0).count();
        assert!((at_night as f64 / 20_000.0 - 0.3).abs() < 0.02, "{at_night} of 20,000");
    }

    #[test]
    fn shares_that_differ_between_locations_have_the_same_mean() {
        let peaks = [0.3, 0.7].map(|share| Peak { hour: 0.0, kappa: 1.0, share });
        let curve = Curve::mixture(peaks.to_vec());
        let mut random = Random::with_seed(2);
        let drawn: Vec<f64> = (0..20_000).map(|_| curve.draw_shares(Some(3.0), &mut random)[0]).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 0.3).abs() < 0.01 && (variance - 0.3 * 0.7 / 4.0).abs() < 0.004, "{mean} {variance}");
    }
}
