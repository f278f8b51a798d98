//! Times of day of the visits of one species.

/// The times of day of the records of independent events, in hours in `[0, 24)`.
///
/// Each event weighs 1, and its records share that: a curve may use all records (Peral et al. 2022,
/// Ecology and Evolution 12:e9408), and yet one animal that stood before the camera for an hour is
/// not a hundred. The number of events, not of records, says how much is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    hours: Vec<f64>,
    /// Number of the first hour of each event, and of the one after the last.
    ends: Vec<usize>,
    /// Location of each event.
    locations: Vec<u32>,
}

impl Times {
    /// Of records each of which is an event, all at one location.
    pub fn of_events(hours: &[f64]) -> Self {
        let mut times = Self::default();
        for hour in hours {
            times.add_event(0, [*hour]);
        }
        times
    }

    /// Adds the hours of the records of an event, the first of which began it. Without any it is not
    /// added.
    pub fn add_event(&mut self, location: u32, hours: impl IntoIterator<Item = f64>) {
        let before = self.hours.len();
        self.hours.extend(hours);
        if self.hours.len() > before {
            self.ends.push(self.hours.len());
            self.locations.push(location);
        }
    }

    /// Independent events.
    pub fn events(&self) -> usize {
        self.ends.len()
    }

    /// Records of all events.
    pub fn records(&self) -> usize {
        self.hours.len()
    }

    /// Each event with its location and its hours.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[f64])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let parts = starts.zip(&self.ends).map(|(start, end)| &self.hours[start..*end]);
        self.locations.iter().copied().zip(parts)
    }

    /// Each hour with its weight.
    pub fn iter_weighted(&self) -> impl Iterator<Item = (f64, f64)> {
        self.iter().flat_map(|(_, hours)| hours.iter().map(|hour| (*hour, 1.0 / hours.len() as f64)))
    }

    /// The hour at which each event began.
    pub fn beginnings(&self) -> Vec<f64> {
        self.iter().map(|(_, hours)| hours[0]).collect()
    }
}
