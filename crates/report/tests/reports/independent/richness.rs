//! Species expected with effort, and how many there are.

/// Species expected in `drawn` of `units`: one by one, by how likely each is missed every time.
pub fn expected_species(incidences: &[u32], units: u32, drawn: u32) -> f64 {
    let missed = |days: u32| -> f64 {
        (0..drawn)
            .map(|k| (f64::from(units) - f64::from(days) - f64::from(k)).max(0.0) / f64::from(units - k))
            .product()
    };
    incidences.iter().map(|days| 1.0 - missed(*days)).sum()
}

/// Chao2, with its interval where species were seen on exactly two units and on one.
pub fn chao2(incidences: &[u32], units: u32) -> (f64, Option<(f64, f64)>) {
    let on = |number: u32| incidences.iter().filter(|days| **days == number).count() as f64;
    let (q1, q2, seen) = (on(1), on(2), incidences.len() as f64);
    let m = (f64::from(units) - 1.0) / f64::from(units);
    if q2 < 1.0 {
        return (seen + m * q1 * (q1 - 1.0) / 2.0, None);
    }
    let missed = m * q1 * q1 / (2.0 * q2);
    let ratio = q1 / q2;
    let variance = q2 * (m / 2.0 * ratio.powi(2) + m * m * ratio.powi(3) + m * m / 4.0 * ratio.powi(4));
    let factor = (1.959_964 * (1.0 + variance / (missed * missed)).ln().sqrt()).exp();
    (seen + missed, (q1 > 0.0).then(|| (seen + missed / factor, seen + missed * factor)))
}
