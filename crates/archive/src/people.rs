//! Finding pictures on which people or vehicles were recorded.

use std::collections::{HashMap, HashSet};

use detections::{Dataset, Level, LocalTime, Observation};

/// The media on which people or vehicles were recorded, and the media of the same events.
///
/// Checks all observations, including those that are not exported: any row may say that a person is on a
/// picture.
pub(crate) fn find_media_with_people(data: &Dataset) -> HashSet<u32> {
    let rows = || data.observations.iter();
    let events: HashSet<u32> = rows().filter(Observation::has_people).filter_map(|o| o.event).collect();
    let is_near_people =
        |o: &Observation<'_>| o.has_people() || o.event.is_some_and(|event| events.contains(&event));
    let mut media: HashSet<u32> = rows().filter(is_near_people).filter_map(|o| o.media).collect();
    media.extend(find_media_of_visits(data));
    media
}

/// Media that were taken during visits of people: a visit without media is linked to the media of its
/// deployment between its start and end, as in R `camtrapdp::read_camtrapdp`.
fn find_media_of_visits(data: &Dataset) -> Vec<u32> {
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
