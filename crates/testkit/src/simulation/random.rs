//! Random numbers of the distributions that a simulated survey is made of.

use std::f64::consts::{PI, TAU};

/// A Poisson number with a larger mean is the sum of two with half of it, so that the limit of the product
/// below stays far from the smallest number that floating point has.
const LARGEST_MEAN: f64 = 30.0;

/// A seeded generator: the same seed gives the same numbers on every machine.
pub struct Random(fastrand::Rng);

impl Random {
    /// Starts at a seed.
    pub fn with_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Draws a number in `[0, 1)`, each part as likely as another.
    pub fn draw_uniform(&mut self) -> f64 {
        self.0.f64()
    }

    /// Draws a whole number below `limit`, which is at least 1.
    pub fn draw_below(&mut self, limit: u32) -> u32 {
        self.0.u32(..limit)
    }

    /// Draws from the normal distribution with mean 0 and variance 1.
    ///
    /// Box and Muller (1958), Annals of Mathematical Statistics 29:610-611.
    pub fn draw_normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.draw_uniform()).ln()).sqrt();
        radius * (TAU * self.draw_uniform()).cos()
    }

    /// Draws from the gamma distribution with mean and variance `shape`.
    ///
    /// Marsaglia and Tsang (2000), ACM Transactions on Mathematical Software 26:363-372; shapes below 1 by
    /// the power of a uniform number that the same paper gives.
    pub fn draw_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let power = (1.0 - self.draw_uniform()).powf(1.0 / shape);
            return self.draw_gamma(shape + 1.0) * power;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.draw_normal();
            let v = (1.0 + c * x).powi(3);
            let chance = 1.0 - self.draw_uniform();
            if v > 0.0 && chance.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Draws a Poisson number.
    ///
    /// Knuth (1969), The Art of Computer Programming 2, section 3.4.1: a product of uniform numbers.
    pub fn draw_poisson(&mut self, mean: f64) -> u32 {
        if mean > LARGEST_MEAN {
            return self.draw_poisson(mean / 2.0) + self.draw_poisson(mean / 2.0);
        }
        let limit = (-mean).exp();
        let (mut product, mut number) = (self.draw_uniform(), 0);
        while product > limit {
            product *= self.draw_uniform();
            number += 1;
        }
        number
    }

    /// Draws the number of failures before a success (the geometric distribution) with this mean: a
    /// Poisson number whose mean is exponential.
    pub fn draw_geometric(&mut self, mean: f64) -> u32 {
        let exponential = -(1.0 - self.draw_uniform()).ln();
        self.draw_poisson(mean * exponential)
    }

    /// Draws an angle in `[-pi, pi]` from the von Mises distribution around 0.
    ///
    /// Best and Fisher (1979), Applied Statistics 28:152-157.
    pub fn draw_von_mises(&mut self, kappa: f64) -> f64 {
        // So flat a curve is a circle, where the formula would divide by nothing.
        if kappa < 1e-6 {
            return PI * (2.0 * self.draw_uniform() - 1.0);
        }
        let tau = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
        let rho = (tau - (2.0 * tau).sqrt()) / (2.0 * kappa);
        let r = (1.0 + rho * rho) / (2.0 * rho);
        loop {
            let z = (PI * self.draw_uniform()).cos();
            let cosine = (1.0 + r * z) / (r + z);
            let c = kappa * (r - cosine);
            let u = 1.0 - self.draw_uniform();
            if c * (2.0 - c) > u || (c / u).ln() + 1.0 >= c {
                let angle = cosine.clamp(-1.0, 1.0).acos();
                return if self.draw_uniform() < 0.5 { -angle } else { angle };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    const DRAWS: u32 = 40_000;

    /// Mean and variance of many draws; both are off by less than a fortieth of the spread.
    fn moments(seed: u64, draw: impl Fn(&mut Random) -> f64) -> (f64, f64) {
        let mut random = Random::with_seed(seed);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| draw(&mut random)).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(DRAWS);
        let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / f64::from(DRAWS);
        (mean, variance)
    }

    fn assert_moments(found: (f64, f64), mean: f64, variance: f64, what: &str) {
        let spread = variance.sqrt();
        assert!((found.0 - mean).abs() < spread / 40.0, "{what}: mean {} and not {mean}", found.0);
        // Heavy tails move the variance more than the mean.
        let tolerance = 0.12 * variance;
        assert!((found.1 - variance).abs() < tolerance, "{what}: variance {} and not {variance}", found.1);
    }

    #[test]
    fn uniform_and_normal_numbers_have_their_mean_and_variance() {
        assert_moments(moments(1, Random::draw_uniform), 0.5, 1.0 / 12.0, "uniform");
        assert_moments(moments(2, Random::draw_normal), 0.0, 1.0, "normal");
        assert_moments(moments(3, |random| f64::from(random.draw_below(5))), 2.0, 2.0, "below 5");
    }

    #[test]
    fn gamma_numbers_have_their_mean_and_variance() {
        for shape in [0.3, 0.5, 1.0, 4.0] {
            let found = moments(4, |random| random.draw_gamma(shape));
            assert_moments(found, shape, shape, &format!("gamma of shape {shape}"));
        }
    }

    #[test]
    fn poisson_numbers_have_their_mean_and_variance() {
        for mean in [0.2, 3.0, 29.0, 31.0, 400.0] {
            let found = moments(5, |random| f64::from(random.draw_poisson(mean)));
            assert_moments(found, mean, mean, &format!("Poisson with mean {mean}"));
        }
        assert_eq!(Random::with_seed(1).draw_poisson(0.0), 0);
    }

    #[test]
    fn geometric_numbers_have_their_mean_and_variance() {
        for mean in [0.5, 4.0] {
            let found = moments(6, |random| f64::from(random.draw_geometric(mean)));
            assert_moments(found, mean, mean + mean * mean, &format!("geometric with mean {mean}"));
        }
    }

    /// The mean cosine of a von Mises distribution is `I1(kappa) / I0(kappa)`; R's `besselI` gives the
    /// numbers. Its variance is `1 - r / kappa - r^2` with that mean `r`.
    #[test]
    fn von_mises_angles_have_their_mean_direction_and_length() {
        for (kappa, length) in [(2.0, 0.697_774_7), (8.0, 0.935_235_5)] {
            let variance: f64 = 1.0 - length / kappa - length * length;
            let found = moments(7, |random| random.draw_von_mises(kappa).cos());
            assert_moments(found, length, variance, &format!("cosine with kappa {kappa}"));
            let (mean, _) = moments(8, |random| random.draw_von_mises(kappa).sin());
            assert!(mean.abs() < 0.02, "the angles lie as often on one side as on the other: {mean}");
        }
        let found = moments(9, |random| random.draw_von_mises(0.0).cos());
        assert_moments(found, 0.0, 0.5, "cosine of a circle");
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            let mut random = Random::with_seed(seed);
            [random.draw_gamma(0.4), random.draw_von_mises(3.0), f64::from(random.draw_poisson(50.0))]
        };
        assert_eq!(draw(12).map(f64::to_bits), draw(12).map(f64::to_bits));
        assert_ne!(draw(12).map(f64::to_bits), draw(13).map(f64::to_bits));
    }
}
