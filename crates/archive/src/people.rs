//! Pictures on which people or vehicles were recorded.

use std::collections::{HashMap, HashSet};

use detections::{Dataset, Level, LocalTime, Observation};

/// The media on which people or vehicles were recorded, and those of the events in which they were.
pub(crate) struct People {
    media: HashSet<u32>,
}

impl People {
    /// Goes through all observations, those that are not exported too: any row of a picture may be the
    /// one that says that somebody is on it.
    pub fn of(data: &Dataset) -> Self {
        let rows = || data.observations.iter();
        let events: HashSet<u32> = rows().filter(Observation::has_people).filter_map(|o| o.event).collect();
        let is_near_people =
            |o: &Observation<'_>| o.has_people() || o.event.is_some_and(|event| events.contains(&event));
        let mut media: HashSet<u32> = rows().filter(is_near_people).filter_map(|o| o.media).collect();
        media.extend(taken_during_visits(data));
        Self { media }
    }

    /// Whether anybody was recorded on a picture, or in an event that it belongs to.
    pub fn are_on(&self, media: u32) -> bool {
        self.media.contains(&media)
    }
}

/// Files that were taken while people were seen: a visit that names no files is linked to those of its
/// deployment from its first moment to its last, as R `camtrapdp::read_camtrapdp` does.
fn taken_during_visits(data: &Dataset) -> Vec<u32> {
    let mut visits: HashMap<u32, Vec<(LocalTime, LocalTime)>> = HashMap::new();
    for visit in data.observations.iter().filter(|o| o.has_people() && o.level == Level::Event) {
        if let Some(start) = visit.time {
            let end = start.plus_seconds(i64::from(visit.duration));
            visits.entry(visit.deployment).or_default().push((start, end));
        }
    }
    if visits.is_empty() {
        return Vec::new();
    }
    let is_during = |row: &u32| {
        let of_deployment = visits.get(&data.media.deployment(*row));
        let time = data.media.time(*row).map(|(time, _)| time);
        of_deployment
            .zip(time)
            .is_some_and(|(visits, time)| visits.iter().any(|(start, end)| (*start..=*end).contains(&time)))
    };
    let rows = u32::try_from(data.media.len()).unwrap_or(u32::MAX);
    (0..rows).filter(is_during).collect()
}
