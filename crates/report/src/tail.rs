//! Small probabilities beyond what was drawn.

use statrs::function::gamma::gamma_ur;

/// Sums of powers of numbers that were drawn, kept in the order of drawing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    count: f64,
    sums: [f64; 3],
}

impl Moments {
    pub fn add(mut self, value: f64) -> Self {
        self.count += 1.0;
        self.sums[0] += value;
        self.sums[1] += value.powi(2);
        self.sums[2] += value.powi(3);
        self
    }

    /// Probability of a value at least as large, if what was drawn follows a Pearson type III
    /// distribution with the same mean, variance and skewness: the approximation of permutation tests
    /// of Mielke and Berry (2001), Permutation Methods: A Distance Function Approach, chapter 2.
    /// 1 where nothing varies.
    pub fn tail_above(&self, value: f64) -> f64 {
        let [first, second, third] = self.sums.map(|sum| sum / self.count);
        let variance = second - first.powi(2);
        if variance.is_nan() || variance <= 1e-18 {
            return 1.0;
        }
        let skewness = (third - 3.0 * first * second + 2.0 * first.powi(3)) / variance.powf(1.5);
        // Without skewness the distribution is normal, and with a negative one it has an end: the
        // normal tail is larger than either.
        let skewness = skewness.max(1e-2);
        let shape = 4.0 / skewness.powi(2);
        let standard = (value - first) / variance.sqrt();
        let place = shape + standard * shape.sqrt();
        if place <= 0.0 { 1.0 } else { gamma_ur(shape, place) }
    }

    /// The same of a value at most as large.
    pub fn tail_below(&self, value: f64) -> f64 {
        let [first, second, third] = self.sums;
        Self { count: self.count, sums: [-first, second, -third] }.tail_above(-value)
    }
}

/// `(1 + as extreme) / (1 + drawn)` (Phipson and Smyth 2010, Statistical Applications in Genetics and
/// Molecular Biology 9:39). Where none was as extreme, and enough were drawn, the tail of their
/// distribution, which is smaller.
pub(crate) fn p_value(extreme: usize, drawn: usize, tail: impl FnOnce() -> f64) -> f64 {
    let counted = (1 + extreme) as f64 / (1 + drawn) as f64;
    if extreme == 0 && drawn >= ENOUGH_DRAWN {
        // Smaller than this is no probability of anything.
        counted.min(tail()).max(1e-9)
    } else {
        counted
    }
}

/// With fewer draws their moments say little.
const ENOUGH_DRAWN: usize = 399;

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: impl Iterator<Item = f64>) -> Moments {
        values.fold(Moments::default(), Moments::add)
    }

    /// R: `pchisq(30, 4, lower.tail = FALSE)` is 4.894e-06 and `pnorm(-4)` is 3.167e-05.
    #[test]
    fn tails_are_those_of_the_distributions_that_were_drawn_from() {
        let mut random = fastrand::Rng::with_seed(1);
        // The sum of two exponential numbers, doubled, is chi-squared with four degrees of freedom.
        let chi =
            moments((0..200_000).map(|_| -2.0 * (1.0 - random.f64()).ln() - 2.0 * (1.0 - random.f64()).ln()));
        let found = chi.tail_above(30.0);
        assert!((found / 4.894e-6 - 1.0).abs() < 0.3, "{found}");
        // Twelve uniform numbers make nearly a normal one.
        let normal = moments((0..200_000).map(|_| (0..12).map(|_| random.f64()).sum::<f64>() - 6.0));
        let found = normal.tail_below(-4.0);
        assert!((found / 3.167e-5 - 1.0).abs() < 0.3, "{found}");
        assert!((moments([2.0; 9].into_iter()).tail_above(3.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_tail_counts_only_where_nothing_was_as_extreme() {
        assert!((p_value(3, 999, || 0.0) - 0.004).abs() < 1e-12);
        assert!((p_value(0, 999, || 1e-5) - 1e-5).abs() < 1e-12);
        assert!((p_value(0, 999, || 0.5) - 0.001).abs() < 1e-12);
        assert!((p_value(0, 99, || 1e-5) - 0.01).abs() < 1e-12);
    }
}
