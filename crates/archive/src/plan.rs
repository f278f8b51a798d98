//! Planning an archive: which detections are in it, on which pictures, and which files are made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use detections::{Dataset, Level};

use crate::layout::camtrap_dp;
use crate::missing::Missing;
use crate::people::People;
use crate::request::{ArchiveJob, Layout, Media};

/// What is known before any picture is read.
pub(crate) struct Plan {
    /// For each requested id, in that order, its row among the observations.
    pub rows: Vec<Result<u32, Arc<Missing>>>,
    /// The pictures to read, in the order of their first detection.
    pub pictures: Vec<PictureTask>,
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

/// A picture and what is needed from it.
pub(crate) struct PictureTask {
    pub media: u32,
    /// The detections on it, as places in [`Plan::rows`], each with the number of the piece that is its
    /// crop.
    pub places: Vec<(usize, Option<usize>)>,
    /// The number of the piece that is the whole picture.
    pub whole: Option<usize>,
    /// Why neither the whole picture nor its address is exported, though it was requested.
    pub withheld: Option<Arc<Missing>>,
    /// Whether its file is read. Tables that only name the picture do not need it.
    pub is_read: bool,
}

impl PictureTask {
    /// A task without files so far.
    fn new(data: &Dataset, job: &ArchiveJob<'_>, media: u32) -> Self {
        let is_read = job.request.layout == Layout::Crops
            || match job.request.media {
                Media::Whole | Media::Crops => true,
                // Boxes in pixels require the size of the picture.
                Media::None => job.request.layout == Layout::Coco && !data.media.is_remote(media),
                Media::Remote => false,
            };
        Self { media, places: Vec::new(), whole: None, withheld: None, is_read }
    }
}

impl Plan {
    pub fn new(data: &Dataset, job: &ArchiveJob<'_>) -> Self {
        let mut asked = HashSet::with_capacity(job.detection_ids.len());
        let mut plan = Self {
            rows: Vec::with_capacity(job.detection_ids.len()),
            pictures: Vec::new(),
            pieces: Vec::new(),
        };
        for id in job.detection_ids.iter() {
            let first = asked.insert(id.as_str());
            let row = if first { data.observations.find(id) } else { None };
            let row = row.ok_or(if first { Missing::NoSuchId } else { Missing::AskedTwice });
            plan.rows.push(row.and_then(|row| check_allowed(data, job, row)).map_err(Arc::new));
        }
        plan.add_pictures(data, job);
        plan
    }

    /// Counts the detections that exist and may be exported.
    pub fn count_found(&self) -> usize {
        self.rows.iter().filter(|row| row.is_ok()).count()
    }

    /// Adds the pictures of all detections. They are also needed for the size of boxes in pixels.
    fn add_pictures(&mut self, data: &Dataset, job: &ArchiveJob<'_>) {
        let shows_pictures = job.request.has_whole() || job.request.may_name_pictures();
        let people = (shows_pictures && !job.request.include_humans).then(|| People::find(data));
        let mut number: HashMap<u32, usize> = HashMap::new();
        for place in 0..self.rows.len() {
            let Ok(row) = self.rows[place] else { continue };
            let observation = data.observations.get(row);
            let boxless = job.request.takes_without_box() && observation.level == Level::Media;
            let Some(media) = observation.media.filter(|_| observation.bbox.is_some() || boxless) else {
                continue;
            };
            let at = *number.entry(media).or_insert_with(|| {
                self.pictures.push(PictureTask::new(data, job, media));
                self.pictures.len() - 1
            });
            let crop = job.request.has_crops().then(|| {
                self.pieces.push(Piece::Crop(place));
                self.pieces.len() - 1
            });
            if self.pictures[at].places.is_empty() {
                let is_with_people = people.as_ref().is_some_and(|people| people.has_people(media));
                self.add_whole(at, data, job, is_with_people);
            }
            self.pictures[at].places.push((place, crop));
        }
    }

    /// Decides whether the whole picture is exported as a file, named in the tables, or withheld.
    fn add_whole(&mut self, number: usize, data: &Dataset, job: &ArchiveJob<'_>, is_with_people: bool) {
        let task = &mut self.pictures[number];
        let is_remote = data.media.is_remote(task.media);
        let withheld = if job.request.has_whole() {
            is_with_people.then_some(Missing::PeopleOnPicture)
        } else if job.request.may_name_pictures() {
            match (is_remote, job.request.media) {
                // Anybody can open an address, but not a local path.
                (true, _) => is_with_people.then_some(Missing::PeopleOnPicture),
                (false, Media::Remote) => Some(Missing::NotOnWeb),
                (false, _) => None,
            }
        } else {
            return;
        };
        if let Some(why) = withheld {
            task.withheld = Some(Arc::new(why));
            // Its crops may still be requested.
            task.is_read &= job.request.layout == Layout::Crops;
        } else if job.request.has_whole() {
            self.pieces.push(Piece::Whole(number));
            task.whole = Some(self.pieces.len() - 1);
        }
    }
}

/// Checks that people were requested if the row shows them, and that the layout can hold it.
fn check_allowed(data: &Dataset, job: &ArchiveJob<'_>, row: u32) -> Result<u32, Missing> {
    let observation = data.observations.get(row);
    if observation.has_people() && !job.request.include_humans {
        return Err(Missing::Human);
    }
    if job.request.layout == Layout::CamtrapDp {
        camtrap_dp::check_observation(data, &observation)?;
    }
    Ok(row)
}
