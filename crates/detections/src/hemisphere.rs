//! The hemisphere of a survey, which determines its seasons.

use serde::Serialize;

use crate::model::Dataset;

/// A hemisphere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hemisphere {
    /// North of the equator, and on it.
    #[default]
    North,
    /// South of the equator.
    South,
}

impl Dataset {
    /// The hemisphere, by the median of the locations' latitudes, so that one latitude with the wrong sign
    /// does not change it. Without any latitude it is the northern one.
    pub fn hemisphere(&self) -> Hemisphere {
        let latitudes: Vec<f64> = self.locations.iter().filter_map(|location| location.latitude).collect();
        find_hemisphere(latitudes)
    }
}

fn find_hemisphere(mut latitudes: Vec<f64>) -> Hemisphere {
    latitudes.sort_unstable_by(f64::total_cmp);
    let middle = latitudes.len() / 2;
    let median = match latitudes.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => latitudes[middle],
        _ => f64::midpoint(latitudes[middle - 1], latitudes[middle]),
    };
    if median < 0.0 { Hemisphere::South } else { Hemisphere::North }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_latitudes_decides() {
        for (latitudes, hemisphere) in [
            (vec![], Hemisphere::North),
            (vec![0.0], Hemisphere::North),
            (vec![-0.1], Hemisphere::South),
            (vec![-33.0, -33.1, 33.2], Hemisphere::South),
            (vec![-1.0, 3.0], Hemisphere::North),
            (vec![-3.0, 1.0], Hemisphere::South),
        ] {
            assert_eq!(find_hemisphere(latitudes.clone()), hemisphere, "{latitudes:?}");
        }
    }
}
