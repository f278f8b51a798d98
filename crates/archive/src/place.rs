//! Places, exact and rounded.

/// A place in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub latitude: f64,
    pub longitude: f64,
}

/// Metres of a degree of latitude, and of longitude at the equator, at their longest.
const DEGREE: f64 = 111_700.0;

impl Place {
    /// The place to a tenth of a degree, and how far from it in metres the place may be: half the
    /// diagonal of the field that is rounded to it.
    pub fn rounded(self) -> (Self, u32) {
        let tenth = |degrees: f64| (degrees * 10.0).round() / 10.0 + 0.0;
        let rounded = Self { latitude: tenth(self.latitude), longitude: tenth(self.longitude) };
        // A degree of longitude is longest at the edge of the field that is nearer to the equator.
        let edge = (rounded.latitude.abs() - 0.05).max(0.0).to_radians();
        let metres = 0.05 * DEGREE * (1.0 + edge.cos().powi(2)).sqrt();
        // Some kilometres.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let metres = metres.ceil() as u32;
        (rounded, metres)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_lies_within_the_uncertainty_of_its_rounding() {
        let (rounded, metres) = Place { latitude: 51.181, longitude: -5.655 }.rounded();
        assert_eq!(rounded, Place { latitude: 51.2, longitude: -5.7 });
        assert!((6_000..7_000).contains(&metres), "{metres}");
        let (rounded, metres) = Place { latitude: -0.04, longitude: 0.02 }.rounded();
        assert_eq!(format!("{:.1} {:.1}", rounded.latitude, rounded.longitude), "0.0 0.0");
        assert!((7_800..8_000).contains(&metres), "{metres}");
    }
}
