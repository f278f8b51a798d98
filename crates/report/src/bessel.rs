//! Modified Bessel functions of the first kind, of whole order.

use std::f64::consts::PI;

/// `exp(-x) * I_order(x)` for `x >= 0`.
///
/// By the trapezoid rule on `I_n(x) = 1/pi * integral of exp(x cos t) cos(n t) from 0 to pi`
/// (Abramowitz and Stegun 9.6.19), which converges faster than any power of the step because
/// the integrand is periodic.
pub(crate) fn scaled_bessel(order: u32, x: f64) -> f64 {
    // The integrand is a bump of width 1/sqrt(x); a dozen steps across it give full precision.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let steps = 24 + (12.0 * x.sqrt()) as u32;
    let step = PI / f64::from(steps);
    let order = f64::from(order);
    let term = |t: f64| (x * (t.cos() - 1.0)).exp() * (order * t).cos();
    let inner: f64 = (1..steps).map(|i| term(f64::from(i) * step)).sum();
    (inner + f64::midpoint(term(0.0), term(PI))) / f64::from(steps)
}

/// `I_order(x) / I_0(x)` for `x >= 0`.
///
/// By the recurrence `I_n / I_(n-1) = 1 / (2n/x + I_(n+1) / I_n)` (Abramowitz and Stegun
/// 9.6.26), downwards, where it is stable, from an order whose own ratio does not matter.
pub(crate) fn ratio_to_zeroth(order: u32, x: f64) -> f64 {
    if x <= 0.0 {
        return if order == 0 { 1.0 } else { 0.0 };
    }
    // I_n(x) falls off like exp(-n^2 / 2x).
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let start = order + 20 + (9.0 * x.sqrt()) as u32;
    let (mut step, mut product) = (0.0, 1.0);
    for n in (1..=start).rev() {
        step = 1.0 / (2.0 * f64::from(n) / x + step);
        if n <= order {
            product *= step;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::{ratio_to_zeroth, scaled_bessel};

    #[test]
    fn the_ratio_is_that_of_the_functions() {
        for (order, x) in [(0, 3.0), (1, 0.01), (1, 2.0), (2, 0.5), (2, 40.0), (3, 7.0), (3, 499.0)] {
            let expected = scaled_bessel(order, x) / scaled_bessel(0, x);
            let found = ratio_to_zeroth(order, x);
            assert!((found - expected).abs() < 1e-10, "I{order}/I0({x}) = {found}, not {expected}");
        }
    }

    /// Abramowitz and Stegun, tables 9.8 and 9.9.
    #[test]
    fn agrees_with_the_tables() {
        for (order, x, expected) in [
            (0, 0.0, 1.0),
            (0, 1.0, 0.465_759_607_6),
            (0, 10.0, 0.127_833_337_2),
            (1, 1.0, 0.207_910_415_3),
            (1, 10.0, 0.121_262_681_4),
            (2, 2.0, 0.093_239_033_3),
        ] {
            let found = scaled_bessel(order, x);
            assert!((found - expected).abs() < 1e-9, "I{order}({x}) = {found}, not {expected}");
        }
    }

    #[test]
    fn holds_for_large_arguments() {
        // I0(x) exp(-x) sqrt(2 pi x) = 1 + 1/(8x) + 9/(128 x^2) + ...
        let x: f64 = 500.0;
        let series = 1.0 + 1.0 / (8.0 * x) + 9.0 / (128.0 * x * x);
        let found = scaled_bessel(0, x) * (2.0 * std::f64::consts::PI * x).sqrt();
        assert!((found - series).abs() < 1e-8, "{found}");
    }
}
