//! Exact and rounded coordinates.

/// A point in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub latitude: f64,
    pub longitude: f64,
}

/// The greatest length of a degree of latitude, and of longitude at the equator, in metres.
const DEGREE: f64 = 111_700.0;

impl Point {
    /// Rounds the point to a tenth of a degree, and returns the uncertainty in metres: half the diagonal of
    /// the cell that is rounded to this point.
    pub fn round(self) -> (Self, u32) {
        let tenth = |degrees: f64| (degrees * 10.0).round() / 10.0 + 0.0;
        let rounded = Self { latitude: tenth(self.latitude), longitude: tenth(self.longitude) };
        // A degree of longitude is longest at the edge of the cell that is nearer to the equator.
        let edge = (rounded.latitude.abs() - 0.05).max(0.0).to_radians();
        let metres = 0.05 * DEGREE * (1.0 + edge.cos().powi(2)).sqrt();
        // The value is some kilometres, so the conversion is safe.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let metres = metres.ceil() as u32;
        (rounded, metres)
    }
}

#[cfg(test)]
mod tests {
    use super::Point;

    #[test]
    fn a_place_lies_within_the_uncertainty_of_its_rounding() {
        let (rounded, metres) = Point { latitude: 51.181, longitude: -5.655 }.round();
        assert_eq!(rounded, Point { latitude: 51.2, longitude: -5.7 });
        assert!((6_000..7_000).contains(&metres), "{metres}");
        let (rounded, metres) = Point { latitude: -0.04, longitude: 0.02 }.round();
        assert_eq!(format!("{:.1} {:.1}", rounded.latitude, rounded.longitude), "0.0 0.0");
        assert!((7_800..8_000).contains(&metres), "{metres}");
    }
}
