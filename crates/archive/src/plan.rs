//! Which detections there are, on which pictures, and which files are made of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use detections::{Dataset, Level};

use crate::error::Missing;
use crate::layout::camtrap_dp;
use crate::order::{Layout, Media, Order};
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
    /// Why neither the whole picture nor its address is given, though it is asked for.
    pub withheld: Option<Arc<Missing>>,
    /// Whether its file is read. Tables that only name it need nothing of it.
    pub is_read: bool,
}

impl Task {
    /// Nothing is wanted of the picture yet.
    fn new(data: &Dataset, order: &Order, media: u32) -> Self {
        let is_read = order.layout == Layout::Crops
            || match order.media {
                Media::Whole | Media::Crops => true,
                // For its size, which boxes in pixels need.
                Media::None => order.layout == Layout::Coco && !data.media.is_remote(media),
                Media::Remote => false,
            };
        Self { media, places: Vec::new(), whole: None, withheld: None, is_read }
    }
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
        let shows_pictures = order.wants_whole() || order.may_name_pictures();
        let people = (shows_pictures && !order.include_humans).then(|| People::of(data));
        let mut number: HashMap<u32, usize> = HashMap::new();
        for place in 0..self.rows.len() {
            let Ok(row) = self.rows[place] else { continue };
            let observation = data.observations.get(row);
            let boxless = order.takes_without_box() && observation.level == Level::Media;
            let Some(media) = observation.media.filter(|_| observation.bbox.is_some() || boxless) else {
                continue;
            };
            let at = *number.entry(media).or_insert_with(|| {
                self.pictures.push(Task::new(data, order, media));
                self.pictures.len() - 1
            });
            let crop = order.wants_crops().then(|| {
                self.pieces.push(Piece::Crop(place));
                self.pieces.len() - 1
            });
            if self.pictures[at].places.is_empty() {
                let is_with_people = people.as_ref().is_some_and(|people| people.are_on(media));
                self.add_whole(at, data, order, is_with_people);
            }
            self.pictures[at].places.push((place, crop));
        }
    }

    /// Decides whether the whole of a picture is given: as a file, by its name in the tables, or not at
    /// all.
    fn add_whole(&mut self, number: usize, data: &Dataset, order: &Order, is_with_people: bool) {
        let task = &mut self.pictures[number];
        let is_remote = data.media.is_remote(task.media);
        let withheld = if order.wants_whole() {
            is_with_people.then_some(Missing::PeopleOnPicture)
        } else if order.may_name_pictures() {
            match (is_remote, order.media) {
                // An address shows the picture to anybody. The path of a local file does not.
                (true, _) => is_with_people.then_some(Missing::PeopleOnPicture),
                (false, Media::Remote) => Some(Missing::NotOnWeb),
                (false, _) => None,
            }
        } else {
            return;
        };
        if let Some(why) = withheld {
            task.withheld = Some(Arc::new(why));
            // Its crops may be asked for all the same.
            task.is_read &= order.layout == Layout::Crops;
        } else if order.wants_whole() {
            self.pieces.push(Piece::Whole(number));
            task.whole = Some(self.pieces.len() - 1);
        }
    }
}

/// The row, unless its kind is left out or the layout cannot hold it.
fn allowed(data: &Dataset, order: &Order, row: u32) -> Result<u32, Missing> {
    let observation = data.observations.get(row);
    if observation.has_people() && !order.include_humans {
        return Err(Missing::Human);
    }
    if order.layout == Layout::CamtrapDp {
        camtrap_dp::writable(data, &observation)?;
    }
    Ok(row)
}
