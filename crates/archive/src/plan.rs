//! Which detections there are, on which pictures, and which files are made of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use detections::{Dataset, Level};

use crate::error::Missing;
use crate::layout::camtrap_dp;
use crate::order::{Layout, Order};
use crate::people::People;

/// What is known before any picture is read.
pub(crate) struct Plan {
    /// For each id asked for, in that order, its row among the observations.
    pub rows: Vec<Result<u32, Arc<Missing>>>,
    /// The pictures to read, in the order of their first detection.
    pub pictures: Vec<Task>,
    /// The files to write, in the order in which they are written.
    pub pieces: Vec<Piece>,
}

/// A file made of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The crop of the detection at a place in [`Plan::rows`].
    Crop(usize),
    /// The whole of the picture with a number in [`Plan::pictures`].
    Whole(usize),
}

/// One picture and what is wanted of it.
pub(crate) struct Task {
    pub media: u32,
    /// The detections on it, as places in [`Plan::rows`], each with the number of the piece that is its
    /// crop.
    pub places: Vec<(usize, Option<usize>)>,
    /// The number of the piece that is the whole picture.
    pub whole: Option<usize>,
    /// Why the whole picture is not to be had, though it is asked for.
    pub withheld: Option<Arc<Missing>>,
}

impl Plan {
    pub fn new(data: &Dataset, order: &Order) -> Self {
        let mut asked = HashSet::with_capacity(order.detection_ids.len());
        let mut plan = Self {
            rows: Vec::with_capacity(order.detection_ids.len()),
            pictures: Vec::new(),
            pieces: Vec::new(),
        };
        for id in &order.detection_ids {
            let first = asked.insert(id.as_str());
            let row = if first { data.observations.find(id) } else { None };
            let row = row.ok_or(if first { Missing::NoSuchId } else { Missing::AskedTwice });
            plan.rows.push(row.and_then(|row| allowed(data, order, row)).map_err(Arc::new));
        }
        plan.add_pictures(data, order);
        plan
    }

    /// Detections that are in the data set, and may be handed out.
    pub fn found(&self) -> usize {
        self.rows.iter().filter(|row| row.is_ok()).count()
    }

    /// Pictures are needed for the size of a box in pixels, with or without a crop.
    fn add_pictures(&mut self, data: &Dataset, order: &Order) {
        let people = (order.wants_whole() && !order.include_humans).then(|| People::of(data));
        let mut number: HashMap<u32, usize> = HashMap::new();
        for place in 0..self.rows.len() {
            let Ok(row) = self.rows[place] else { continue };
            let observation = data.observations.get(row);
            let boxless = order.takes_without_box() && observation.level == Level::Media;
            let Some(media) = observation.media.filter(|_| observation.bbox.is_some() || boxless) else {
                continue;
            };
            let at = *number.entry(media).or_insert_with(|| {
                self.pictures.push(Task { media, places: Vec::new(), whole: None, withheld: None });
                self.pictures.len() - 1
            });
            let task = &mut self.pictures[at];
            let crop = order.wants_crops().then(|| {
                self.pieces.push(Piece::Crop(place));
                self.pieces.len() - 1
            });
            if order.wants_whole() && task.places.is_empty() {
                if people.as_ref().is_some_and(|people| people.are_on(media, observation.event)) {
                    task.withheld = Some(Arc::new(Missing::PeopleOnPicture));
                } else {
                    self.pieces.push(Piece::Whole(at));
                    task.whole = Some(self.pieces.len() - 1);
                }
            }
            task.places.push((place, crop));
        }
    }
}

/// The row, unless its kind is left out or the layout cannot hold it.
fn allowed(data: &Dataset, order: &Order, row: u32) -> Result<u32, Missing> {
    let observation = data.observations.get(row);
    if observation.kind.is_human() && !order.include_humans {
        return Err(Missing::Human);
    }
    if order.layout == Layout::CamtrapDp {
        camtrap_dp::writable(data, &observation)?;
    }
    Ok(row)
}
