//! Which detections there are, and on which pictures.

use std::collections::{HashMap, HashSet};

use detections::Dataset;

use crate::error::Missing;
use crate::order::Order;

/// What is known before any picture is read.
pub(crate) struct Plan {
    /// For each id asked for, in that order, its row among the observations.
    pub rows: Vec<Result<u32, Missing>>,
    /// The pictures to read, in the order of their first detection.
    pub pictures: Vec<Task>,
}

/// One picture, and the detections on it as places in [`Plan::rows`].
pub(crate) struct Task {
    pub media: u32,
    pub places: Vec<usize>,
}

impl Plan {
    pub fn new(data: &Dataset, order: &Order) -> Self {
        let mut asked = HashSet::with_capacity(order.detection_ids.len());
        let mut rows = Vec::with_capacity(order.detection_ids.len());
        for id in &order.detection_ids {
            let first = asked.insert(id.as_str());
            let row = if first { data.observations.find(id) } else { None };
            rows.push(row.ok_or(if first { Missing::NoSuchId } else { Missing::AskedTwice }));
        }
        let pictures = pictures(data, &rows);
        Self { rows, pictures }
    }

    /// Detections that are in the data set.
    pub fn found(&self) -> usize {
        self.rows.iter().filter(|row| row.is_ok()).count()
    }
}

/// Pictures are needed for the size of a box in pixels, with or without a crop.
fn pictures(data: &Dataset, rows: &[Result<u32, Missing>]) -> Vec<Task> {
    let mut number: HashMap<u32, usize> = HashMap::new();
    let mut pictures: Vec<Task> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let Ok(row) = row else { continue };
        let observation = data.observations.get(*row);
        let (Some(media), Some(_)) = (observation.media, observation.bbox) else { continue };
        let at = *number.entry(media).or_insert_with(|| {
            pictures.push(Task { media, places: Vec::new() });
            pictures.len() - 1
        });
        pictures[at].places.push(place);
    }
    pictures
}
