//! Samples of times of day, and smoothing them round the clock.

use std::f64::consts::TAU;

use multiversion::multiversion;

/// Parts of the day that a sample is sorted into: three minutes, finer than any bandwidth.
pub(crate) const BINS: usize = 480;

/// Number of the part of the day, of `bins`, that an hour in `[0, 24)` falls in.
pub(crate) fn find_bin(hour: f64, bins: usize) -> usize {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bin = (hour * bins as f64 / 24.0) as usize;
    bin.min(bins - 1)
}

/// How much of `hours`, each with its weight, falls in each of `bins` parts of the day.
pub(crate) fn sum_weights_by_bin(hours: impl IntoIterator<Item = (f64, f64)>, bins: usize) -> Vec<f64> {
    let mut weights = vec![0.0; bins];
    for (hour, weight) in hours {
        weights[find_bin(hour, bins)] += weight;
    }
    weights
}

/// Divides weights by their sum, so that they are shares.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn divide_by_sum(weights: &mut [f32]) {
    const LANES: usize = 8;
    let mut sums = [0.0_f32; LANES];
    let (parts, rest) = weights.as_chunks::<LANES>();
    for part in parts {
        for lane in 0..LANES {
            sums[lane] += part[lane];
        }
    }
    let sum = sums.iter().sum::<f32>() + rest.iter().sum::<f32>();
    for weight in weights {
        *weight /= sum;
    }
}

/// How much a von Mises kernel of concentration `kappa` weighs so many parts of the day away, with 1 at its
/// middle.
pub(crate) fn weigh_distance(kappa: f64, parts: usize, bins: usize) -> f64 {
    (kappa * ((parts as f64 / bins as f64 * TAU).cos() - 1.0)).exp()
}

/// A von Mises kernel on a clock that is cut into equal parts.
pub(crate) struct Kernel {
    /// Weight at each distance, written twice so that each turn of it is one slice; the mean is 1.
    turned: Vec<f64>,
    /// The same within the reach where a weight is not negligible, for resamples, of which there are thousands.
    near: Vec<f32>,
}

/// A weight that changes no digit of a curve of resamples, beside the largest.
const NEGLIGIBLE: f64 = 1e-6;

impl Kernel {
    /// `kappa` is the concentration; larger is narrower.
    pub fn new(kappa: f64, bins: usize) -> Self {
        let once: Vec<f64> = (0..bins).map(|bin| weigh_distance(kappa, bin, bins)).collect();
        let mean = once.iter().sum::<f64>() / bins as f64;
        let turned: Vec<f64> = once.iter().chain(&once).map(|weight| weight / mean).collect();
        let reach = once.iter().take(bins / 2 + 1).rposition(|weight| *weight >= NEGLIGIBLE).unwrap_or(0);
        let length = (2 * reach + 1).min(bins);
        #[allow(clippy::cast_possible_truncation)]
        let near = turned[bins - length / 2..][..length].iter().map(|weight| *weight as f32).collect();
        Self { turned, near }
    }

    /// The smoothed curve of a sample, in each part of the day, with mean 1. Parts of the sample
    /// need not be whole numbers, but some must be above 0.
    pub fn smooth(&self, weights: &[f64]) -> Vec<f64> {
        add_turns(&self.turned, weights)
    }

    /// The same out of the share of the sample in each part of the day, with fewer digits and without negligible
    /// weights, many times as fast.
    pub fn smooth_shares(&self, shares: &[f32]) -> Vec<f32> {
        let before = self.near.len() / 2;
        let after = self.near.len() - before;
        // Over midnight on both sides, so that each part of the day has its neighbours beside it.
        let around = [&shares[shares.len() - before..], shares, &shares[..after]].concat();
        let mut curve = vec![0.0; shares.len()];
        weigh_neighbours(&around, &self.near, &mut curve);
        curve
    }
}

/// Sums, for each place of `sums`, the places of `around` from the same one on, weighted with `weights`.
///
/// The places of a block are summed side by side, in the same order whatever the processor can do.
#[multiversion(targets("x86_64+avx2"))]
fn weigh_neighbours(around: &[f32], weights: &[f32], sums: &mut [f32]) {
    const BLOCK: usize = 16;
    let (blocks, rest) = sums.as_chunks_mut::<BLOCK>();
    let rest_begins = blocks.len() * BLOCK;
    for (number, block) in blocks.iter_mut().enumerate() {
        let mut block_sums = [0.0_f32; BLOCK];
        for (neighbours, weight) in around[number * BLOCK..].windows(BLOCK).zip(weights) {
            let neighbours: &[f32; BLOCK] = neighbours.try_into().expect("a window of a block");
            for place in 0..BLOCK {
                block_sums[place] += weight * neighbours[place];
            }
        }
        *block = block_sums;
    }
    for (place, sum) in rest.iter_mut().enumerate() {
        *sum = around[rest_begins + place..]
            .iter()
            .zip(weights)
            .map(|(neighbour, weight)| weight * neighbour)
            .sum();
    }
}

fn add_turns(turned: &[f64], weights: &[f64]) -> Vec<f64> {
    let bins = turned.len() / 2;
    let total: f64 = weights.iter().sum();
    let mut curve = vec![0.0; bins];
    for (bin, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        let share = weight / total;
        // The kernel is even, so the weight at `at` of a record in `bin` is that at their distance.
        for (value, weight) in curve.iter_mut().zip(&turned[bins - bin..][..bins]) {
            *value += share * weight;
        }
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_highest_where_its_records_are() {
        let curve =
            Kernel::new(20.0, 48).smooth(&sum_weights_by_bin([6.1, 6.2, 23.9].map(|hour| (hour, 1.0)), 48));
        let highest = (0..48).max_by(|&a, &b| curve[a].total_cmp(&curve[b])).unwrap();
        assert_eq!(highest, find_bin(6.1, 48));
        assert!(curve[0] > curve[3] && curve[47] > curve[44], "midnight is no border");
        assert!((curve.iter().sum::<f64>() / 48.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn curves_of_resamples_are_those_of_samples() {
        let weights = sum_weights_by_bin([0.1, 6.1, 6.2, 13.0, 23.9].map(|hour| (hour, 1.0)), 96);
        for kappa in [0.05, 1.0, 20.0, 300.0, 2000.0] {
            let kernel = Kernel::new(kappa, 96);
            #[allow(clippy::cast_possible_truncation)]
            let shares: Vec<f32> = weights.iter().map(|weight| (weight / 5.0) as f32).collect();
            for (small, exact) in kernel.smooth_shares(&shares).iter().zip(kernel.smooth(&weights)) {
                let difference = (f64::from(*small) - exact).abs();
                assert!(difference < 1e-4 * exact.max(1.0), "{kappa}: {small} and not {exact}");
            }
        }
    }

    #[test]
    fn the_end_of_the_day_has_a_bin() {
        assert_eq!((find_bin(0.0, 24), find_bin(23.999, 24), find_bin(24.0, 24)), (0, 23, 23));
    }
}
