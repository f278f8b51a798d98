//! How many species were found, how fast, and how many were probably missed.
//!
//! The sampling unit is a camera-day: one location on one civil day. What counts is on how many
//! of them a species was recorded.

use crate::intervals::Interval;

/// Points along the curve.
const POINTS: u32 = 40;
/// Of the normal distribution, for 95%.
const Z: f64 = 1.959_964;

/// A point of the accumulation curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccumulationCurve {
    /// Sampling units.
    pub units: u32,
    /// Species expected in that many units drawn at random.
    pub species: f64,
    /// Its 95% interval.
    pub interval: Interval,
}

/// Species expected against sampling effort, from one unit to all `units`.
///
/// `incidences` has for each species the number of units with it, between 1 and `units`. Empty
/// when there is none. Colwell, Mao and Chang (2004), Ecology 85:2717-2727, equations 5 and 6,
/// with the richness of Chao2 for the total.
pub fn accumulate_species(incidences: &[u32], units: u32) -> Vec<AccumulationCurve> {
    let Some(total) = estimate_chao2(incidences, units) else { return Vec::new() };
    let steps = units.clamp(1, POINTS);
    let at = |step: u32| {
        #[allow(clippy::cast_possible_truncation)]
        let drawn = (u64::from(units) * u64::from(step) / u64::from(steps)).max(1) as u32;
        let found: Vec<f64> = incidences.iter().map(|&y| 1.0 - chance_of_none(y, drawn, units)).collect();
        let species: f64 = found.iter().sum();
        let squares: f64 = found.iter().map(|chance| chance * chance).sum();
        let deviation = (squares - species * species / total.estimate).max(0.0).sqrt();
        let interval = Interval { low: (species - Z * deviation).max(0.0), high: species + Z * deviation };
        AccumulationCurve { units: drawn, species, interval }
    };
    (1..=steps).map(at).collect()
}

/// Chance that `drawn` of `units` hold none of the `y` with the species: C(units - y, drawn) /
/// C(units, drawn).
fn chance_of_none(y: u32, drawn: u32, units: u32) -> f64 {
    if drawn + y > units {
        return 0.0;
    }
    // Whichever of the two is smaller makes the shorter product; both give the same.
    let (few, many) = (y.min(drawn), y.max(drawn));
    (0..few).map(|i| f64::from(units - many - i) / f64::from(units - i)).product()
}

/// An estimate of all species there are, seen or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Richness {
    /// At least the number that was seen.
    pub estimate: f64,
    /// Its 95% interval, which starts no lower than what was seen.
    pub interval: Interval,
    /// Species on one unit only.
    pub uniques: u32,
    /// Species on two units.
    pub duplicates: u32,
}

/// Chao2, a lower bound of the number of species; `None` when none was seen.
///
/// Chao (1987), Biometrics 43:783-791; bias-corrected where no species is on exactly two units;
/// variance and log-normal interval as in `EstimateS` (Colwell 2013, appendix B, equations 9 to
/// 13); where nothing is estimated to have been missed the interval of its equation 14, since that is
/// no proof that nothing was.
pub fn estimate_chao2(incidences: &[u32], units: u32) -> Option<Richness> {
    if incidences.is_empty() || units == 0 {
        return None;
    }
    let on = |number: u32| incidences.iter().filter(|&&y| y == number).count();
    let seen = incidences.len() as f64;
    let (uniques, duplicates) = (on(1), on(2));
    let (q1, q2) = (uniques as f64, duplicates as f64);
    let m = f64::from(units - 1) / f64::from(units);
    let (missed, variance) = if duplicates > 0 {
        let r = q1 / q2;
        (m * q1 * r / 2.0, q2 * (m / 2.0 * r.powi(2) + m.powi(2) * r.powi(3) + m.powi(2) / 4.0 * r.powi(4)))
    } else {
        let missed = m * q1 * (q1 - 1.0) / 2.0;
        let estimate = (seen + missed).max(1.0);
        let variance = missed + m.powi(2) * q1 * (2.0 * q1 - 1.0).powi(2) / 4.0
            - m.powi(2) * q1.powi(4) / (4.0 * estimate);
        (missed, variance.max(0.0))
    };
    let interval = if missed > 0.0 {
        let spread = (Z * (1.0 + variance / missed.powi(2)).ln().sqrt()).exp();
        Interval { low: seen + missed / spread, high: seen + missed * spread }
    } else {
        interval_of_all_seen(incidences, f64::from(units))
    };
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(Richness {
        estimate: seen + missed,
        interval,
        uniques: number(uniques),
        duplicates: number(duplicates),
    })
}

/// Interval of the number of species where the estimate is what was seen.
fn interval_of_all_seen(incidences: &[u32], units: f64) -> Interval {
    let seen = incidences.len() as f64;
    // In one order, so that the sums do not depend on that of the species.
    let mut incidences = incidences.to_vec();
    incidences.sort_unstable();
    let sum = |term: fn(f64) -> f64| incidences.iter().map(|&y| term(f64::from(y))).sum::<f64>();
    let variance = sum(|y| (-y).exp() - (-2.0 * y).exp()) - sum(|y| y * (-y).exp()).powi(2) / units;
    let found = 1.0 - sum(|y| (-y).exp()) / seen;
    let (centre, half) = (seen / found, Z * variance.max(0.0).sqrt() / found);
    // Where it would begin above what was seen, it begins there, so that it contains the estimate.
    Interval { low: seen, high: (centre + half).max(seen) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By hand: 3 units with {a, b}, {a}, {a, c}: one unit shows 5/3 species, two 7/3, all 3.
    #[test]
    fn the_curve_is_the_mean_over_all_orders_of_the_units() {
        let curve = accumulate_species(&[3, 1, 1], 3);
        let found: Vec<f64> = curve.iter().map(|point| point.species).collect();
        for (found, expected) in found.iter().zip([5.0 / 3.0, 7.0 / 3.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
    }

    /// By hand: 10 units, 4 uniques, 2 duplicates, 9 species: 9 + 0.9 * 16 / 4.
    #[test]
    fn chao2_is_its_formula() {
        let incidences = [1, 1, 1, 1, 2, 2, 5, 6, 10];
        let found = estimate_chao2(&incidences, 10).unwrap();
        assert!((found.estimate - 12.6).abs() < 1e-12);
        assert_eq!((found.uniques, found.duplicates), (4, 2));
        // Variance 2 * (0.45 * 4 + 0.81 * 8 + 0.2025 * 16) = 23.04, so the factor is
        // exp(1.96 * sqrt(ln(1 + 23.04 / 3.6^2))).
        let factor = (1.959_964 * (1.0_f64 + 23.04 / 12.96).ln().sqrt()).exp();
        assert!((found.interval.low - (9.0 + 3.6 / factor)).abs() < 1e-9);
        assert!((found.interval.high - (9.0 + 3.6 * factor)).abs() < 1e-9);
        // Without duplicates: 5 + 0.9 * 3 * 2 / 2.
        assert!((estimate_chao2(&[1, 1, 1, 4, 7], 10).unwrap().estimate - 7.7).abs() < 1e-12);
        assert_eq!(estimate_chao2(&[], 10), None);
    }

    /// By hand: four species on 3, 4, 5 and 6 of 10 units. P = (e^-3 + e^-4 + e^-5 + e^-6) / 4.
    #[test]
    fn where_nothing_is_missed_something_may_be() {
        let found = estimate_chao2(&[3, 4, 5, 6], 10).unwrap();
        assert!((found.estimate - 4.0).abs() < 1e-12);
        let e = |power: f64| (-power).exp();
        let missed = (e(3.0) + e(4.0) + e(5.0) + e(6.0)) / 4.0;
        let sum = 3.0 * e(3.0) + 4.0 * e(4.0) + 5.0 * e(5.0) + 6.0 * e(6.0);
        let variance = 4.0 * missed - (e(6.0) + e(8.0) + e(10.0) + e(12.0)) - sum * sum / 10.0;
        let high = (4.0 + 1.959_964 * variance.sqrt()) / (1.0 - missed);
        assert!((found.interval.high - high).abs() < 1e-9 && (found.interval.low - 4.0).abs() < 1e-9);
        assert!(high > 4.3, "{high}");
    }

    fn surveys() -> impl Strategy<Value = (Vec<u32>, u32)> {
        (1_u32..400).prop_flat_map(|units| (prop::collection::vec(1..=units, 1..40), Just(units)))
    }

    proptest! {
        #[test]
        fn the_curve_rises_ever_slower_to_what_was_seen((incidences, units) in surveys()) {
            let curve = accumulate_species(&incidences, units);
            let last = curve.last().unwrap();
            prop_assert_eq!(last.units, units);
            prop_assert!((last.species - incidences.len() as f64).abs() < 1e-9);
            prop_assert!(curve.windows(2).all(|pair| pair[0].species <= pair[1].species + 1e-9));
            prop_assert!(curve.iter().all(|p| p.interval.low <= p.species && p.species <= p.interval.high));
        }

        #[test]
        fn chao2_is_at_least_what_was_seen_and_does_not_mind_the_order((mut incidences, units) in surveys()) {
            let found = estimate_chao2(&incidences, units).unwrap();
            prop_assert!(found.estimate >= incidences.len() as f64);
            prop_assert!(found.interval.low >= incidences.len() as f64 - 1e-9);
            prop_assert!(found.interval.low <= found.estimate + 1e-9);
            prop_assert!(found.estimate <= found.interval.high + 1e-9);
            incidences.reverse();
            prop_assert_eq!(estimate_chao2(&incidences, units).unwrap(), found);
        }
    }
}
