//! Pictures on which people or vehicles were recorded.

use std::collections::HashSet;

use detections::Dataset;

/// Where people or vehicles were recorded: on which media, and in which events.
pub(crate) struct People {
    media: HashSet<u32>,
    events: HashSet<u32>,
}

impl People {
    /// Goes through all observations once.
    pub fn of(data: &Dataset) -> Self {
        let mut people = Self { media: HashSet::new(), events: HashSet::new() };
        for observation in data.observations.iter().filter(|o| o.kind.is_human()) {
            people.media.extend(observation.media);
            people.events.extend(observation.event);
        }
        people
    }

    /// Whether anybody was recorded on a picture, or in the event it was taken in.
    pub fn are_on(&self, media: u32, event: Option<u32>) -> bool {
        self.media.contains(&media) || event.is_some_and(|event| self.events.contains(&event))
    }
}
