//! Building the locations of a data set.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::model::Location;

/// What identifies the location of a deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocationKeys<'a> {
    /// `locationID`, or another id of the location; may be empty.
    pub id: &'a str,
    /// The name of the location; may be empty.
    pub name: &'a str,
    /// The id of the deployment.
    pub deployment: &'a str,
    /// Degrees north and east (WGS 84).
    pub coordinates: Option<(f64, f64)>,
}

/// The key of a location.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Its id, else its name.
    Text(String),
    /// Its coordinates, to the last bit.
    Coordinates(u64, u64),
    /// The deployment, if nothing else is known.
    Deployment(String),
}

/// Builds the locations of a data set.
#[derive(Default)]
pub(crate) struct LocationBuilder {
    by_key: HashMap<Key, u32>,
    pub locations: Vec<Location>,
    /// Locations that only have coordinates.
    unnamed: Vec<u32>,
    /// Such locations within this many metres of each other are joined.
    join_within: f64,
}

impl LocationBuilder {
    /// Joins locations without id and name that are within `metres` of the first of them.
    pub fn with_distance(metres: f64) -> Self {
        Self { join_within: metres, ..Self::default() }
    }

    /// Finds or adds the location with this id, else this name, else these coordinates, else of this
    /// deployment only.
    ///
    /// A location with coordinates only gets the name of its first deployment: names are shown to everybody,
    /// and coordinates may reveal a rare animal.
    pub fn find_or_add(&mut self, place: LocationKeys<'_>) -> u32 {
        let text = [place.id, place.name].into_iter().find(|text| !text.is_empty());
        let key = match (text, place.coordinates) {
            // Both Unicode forms of an accent are the same name.
            (Some(text), _) => Key::Text(text.nfc().collect()),
            (None, Some((latitude, longitude))) => {
                if let Some(near) = self.find_near(latitude, longitude) {
                    return near;
                }
                Key::Coordinates(latitude.to_bits(), longitude.to_bits())
            }
            (None, None) => Key::Deployment(place.deployment.into()),
        };
        let next = u32::try_from(self.locations.len()).expect("fewer than 2^32 locations");
        let index = *self.by_key.entry(key).or_insert(next);
        if index == next {
            self.add(place, text.is_none());
        }
        let location = &mut self.locations[index as usize];
        if location.latitude.is_none() {
            (location.latitude, location.longitude) = place.coordinates.unzip();
        }
        index
    }

    fn add(&mut self, place: LocationKeys<'_>, is_unnamed: bool) {
        let first_of = |options: [&str; 3]| {
            options.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
        };
        if is_unnamed && place.coordinates.is_some() {
            self.unnamed.push(u32::try_from(self.locations.len()).expect("fewer than 2^32 locations"));
        }
        self.locations.push(Location {
            key: first_of([place.id, place.name, place.deployment]),
            name: first_of([place.name, place.id, place.deployment]),
            latitude: None,
            longitude: None,
        });
    }

    fn find_near(&self, latitude: f64, longitude: f64) -> Option<u32> {
        if self.join_within <= 0.0 {
            return None;
        }
        let distance = |index: u32| {
            let location = &self.locations[index as usize];
            let (north, east) = location.latitude.zip(location.longitude)?;
            Some(metres_between((north, east), (latitude, longitude)))
        };
        let near = self.unnamed.iter().filter_map(|index| Some((*index, distance(*index)?)));
        let nearest = near.min_by(|a, b| a.1.total_cmp(&b.1))?;
        (nearest.1 <= self.join_within).then_some(nearest.0)
    }
}

/// The distance between two points in degrees, by the haversine formula on a sphere with the earth's mean
/// radius (Sinnott 1984, Sky and Telescope 68:158); within 0.6% of the distance on the ellipsoid.
fn metres_between(a: (f64, f64), b: (f64, f64)) -> f64 {
    const RADIUS: f64 = 6_371_008.8;
    let [a, b] = [a, b].map(|(north, east)| (north.to_radians(), east.to_radians()));
    let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
    let chord = half(a.0, b.0) + a.0.cos() * b.0.cos() * half(a.1, b.1);
    2.0 * RADIUS * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(name: &'a str, deployment: &'a str, coordinates: Option<(f64, f64)>) -> LocationKeys<'a> {
        LocationKeys { id: "", name, deployment, coordinates }
    }

    #[test]
    fn deployments_with_the_same_coordinates_are_at_one_location() {
        let mut builder = LocationBuilder::default();
        let spots = [("a", 51.0), ("b", 51.0), ("c", 51.0001), ("a2", 51.0)];
        let indices: Vec<u32> =
            spots.map(|(id, north)| builder.find_or_add(place("", id, Some((north, 4.0))))).to_vec();
        assert_eq!(indices, [0, 0, 1, 0]);
        assert_eq!(builder.locations[0].name, "a");
    }

    #[test]
    fn deployments_within_so_many_metres_are_joined_when_that_is_asked_for() {
        let mut builder = LocationBuilder::with_distance(50.0);
        // A ten-thousandth of a degree north is 11 m.
        let indices: Vec<u32> = [51.0, 51.0002, 51.0008, 51.0003]
            .map(|north| builder.find_or_add(place("", "d", Some((north, 4.0)))))
            .to_vec();
        assert_eq!(indices, [0, 0, 1, 0]);
        assert_eq!(builder.find_or_add(place("Oak", "d", Some((51.0, 4.0)))), 2);
    }

    #[test]
    fn a_name_in_either_form_of_its_accents_is_one_location() {
        let mut builder = LocationBuilder::default();
        let composed = builder.find_or_add(place("c\u{e1}mara", "a", None));
        assert_eq!(builder.find_or_add(place("ca\u{301}mara", "b", None)), composed);
        // A deployment that is called as a location is, is not at that location.
        assert_ne!(builder.find_or_add(place("", "c\u{e1}mara", None)), composed);
    }

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let metres = metres_between((10.0, 20.0), (11.0, 20.0));
        assert!((metres - 111_195.0).abs() < 10.0, "{metres}");
        assert!(metres_between((60.0, 179.99995), (60.0, -179.99995)) < 6.0);
    }
}
