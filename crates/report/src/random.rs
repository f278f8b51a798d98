//! Numbers that resamples are made of.

use std::f64::consts::TAU;

use crate::circular::weigh_distance;

/// Equally likely turns that are drawn from.
const TURNS: usize = 4096;

/// A von Mises distribution around 0 on a clock of equal parts.
pub(crate) struct VonMises(Vec<u16>);

impl VonMises {
    /// `kappa` is the concentration; larger is narrower.
    pub fn new(kappa: f64, bins: usize) -> Self {
        let weight = |bin: usize| weigh_distance(kappa, bin, bins);
        let total: f64 = (0..bins).map(weight).sum();
        let mut turns = Vec::with_capacity(TURNS);
        let mut sum = 0.0;
        for bin in 0..bins {
            sum += weight(bin);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let until = (sum / total * TURNS as f64).round() as usize;
            turns.resize(until.clamp(turns.len(), TURNS), u16::try_from(bin).unwrap_or(0));
        }
        turns.resize(TURNS, 0);
        Self(turns)
    }

    /// Parts of the day to turn forwards.
    pub fn draw(&self, random: &mut fastrand::Rng) -> usize {
        usize::from(self.0[random.usize(..TURNS)])
    }
}

/// A Poisson number. By Knuth's product of uniforms where the mean is small, else by the normal
/// distribution, rounded.
pub(crate) fn draw_poisson(mean: f64, random: &mut fastrand::Rng) -> f64 {
    if mean > 50.0 {
        return (mean + mean.sqrt() * draw_normal(random)).round().max(0.0);
    }
    let (limit, mut product, mut number) = ((-mean).exp(), random.f64(), 0.0);
    while product > limit {
        product *= random.f64();
        number += 1.0;
    }
    number
}

/// How many of `drawn` things taken out of `all` without putting them back are among `special` ones.
/// One by one where few are special, else by the normal distribution, rounded.
pub(crate) fn draw_hypergeometric(
    special: usize,
    all: usize,
    drawn: usize,
    random: &mut fastrand::Rng,
) -> usize {
    let (least, most) = ((special + drawn).saturating_sub(all), special.min(drawn));
    if special > 50 {
        let (special, all, drawn) = (special as f64, all as f64, drawn as f64);
        let share = drawn / all;
        let variance = special * share * (1.0 - share) * (all - special) / (all - 1.0).max(1.0);
        let number = (special * share + variance.sqrt() * draw_normal(random)).round().max(0.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        return (number as usize).clamp(least, most);
    }
    let (mut left, mut wanted) = (all, drawn);
    for _ in 0..special {
        wanted -= usize::from(random.usize(..left) < wanted);
        left -= 1;
    }
    drawn - wanted
}

/// A number of the standard normal distribution (Box and Muller 1958).
fn draw_normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (TAU * random.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(numbers: &[f64]) -> (f64, f64) {
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        (mean, numbers.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / numbers.len() as f64)
    }

    #[test]
    fn poisson_numbers_have_their_mean_and_variance() {
        let mut random = fastrand::Rng::with_seed(1);
        for mean in [0.3, 7.0, 49.0, 51.0, 900.0] {
            let drawn: Vec<f64> = (0..4000).map(|_| draw_poisson(mean, &mut random)).collect();
            let (found, variance) = mean_and_variance(&drawn);
            assert!((found - mean).abs() < 0.1 * mean.sqrt() && (variance / mean - 1.0).abs() < 0.15);
        }
    }

    #[test]
    fn numbers_drawn_without_putting_back_have_their_mean_and_variance() {
        let mut random = fastrand::Rng::with_seed(1);
        for (special, all, drawn) in [(10_usize, 40, 15), (45, 100, 80), (200, 1000, 300)] {
            let numbers: Vec<f64> =
                (0..6000).map(|_| draw_hypergeometric(special, all, drawn, &mut random) as f64).collect();
            let (special, all, drawn) = (special as f64, all as f64, drawn as f64);
            let expected = special * drawn / all;
            let spread = expected * (1.0 - special / all) * (all - drawn) / (all - 1.0);
            let (mean, variance) = mean_and_variance(&numbers);
            assert!((mean - expected).abs() < 0.08 * spread.sqrt(), "{mean}, not {expected}");
            assert!((variance / spread - 1.0).abs() < 0.12, "{variance}, not {spread}");
        }
    }

    #[test]
    fn turns_are_as_wide_as_their_distribution() {
        let mut random = fastrand::Rng::with_seed(1);
        let noise = VonMises::new(20.0, 96);
        let drawn: Vec<f64> = (0..20_000)
            .map(|_| {
                let turn = noise.draw(&mut random) as f64;
                if turn > 48.0 { turn - 96.0 } else { turn }
            })
            .collect();
        let (mean, variance) = mean_and_variance(&drawn);
        // About 1 / kappa radians squared.
        let expected = (96.0 / TAU).powi(2) / 20.0 * 1.03;
        assert!(
            mean.abs() < 0.15 && (variance / expected - 1.0).abs() < 0.06,
            "{mean} {variance} {expected}"
        );
    }
}
