//! Planning an archive: which detections are in it, on which pictures, and which files are made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use detections::{Dataset, Level, Observation};

use crate::job::ArchiveJob;
use crate::missing::MissingError;
use crate::people::find_media_with_people;
use crate::request::Media;

/// What is known before any picture is read.
pub(crate) struct Plan {
    /// For each requested id, in that order, its row among the observations.
    pub rows: Vec<Result<u32, Arc<MissingError>>>,
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
    pub withheld: Option<Arc<MissingError>>,
    /// Whether its file is read. Tables that only name the picture do not need it.
    pub is_read: bool,
}

impl Plan {
    /// Plans an archive; `check` says which observations its layout can hold.
    pub fn new(
        data: &Dataset,
        job: &ArchiveJob<'_>,
        check: impl Fn(&Observation<'_>) -> Result<(), MissingError>,
    ) -> Self {
        let mut asked = HashSet::with_capacity(job.detection_ids.len());
        let rows = Vec::with_capacity(job.detection_ids.len());
        let mut plan = Self { rows, pictures: Vec::new(), pieces: Vec::new() };
        for id in job.detection_ids.iter() {
            let first = asked.insert(id.as_str());
            let row = if first { data.observations.find(id) } else { None };
            let row = row.ok_or(if first { MissingError::NoSuchId } else { MissingError::AskedTwice });
            let row = row.and_then(|row| match data.observations.get(row) {
                o if o.has_people() && !job.request.include_humans => Err(MissingError::Human),
                o => check(&o).map(|()| row),
            });
            plan.rows.push(row.map_err(Arc::new));
        }
        plan.add_pictures(data, job);
        plan
    }

    /// Adds the pictures of all detections. They are also needed for the size of boxes in pixels.
    fn add_pictures(&mut self, data: &Dataset, job: &ArchiveJob<'_>) {
        let rules = &job.rules;
        let shows_pictures = rules.has_whole || rules.may_name_pictures;
        let people = if shows_pictures && !job.request.include_humans {
            find_media_with_people(data)
        } else {
            HashSet::new()
        };
        let mut number: HashMap<u32, usize> = HashMap::new();
        for place in 0..self.rows.len() {
            let Ok(row) = self.rows[place] else { continue };
            let observation = data.observations.get(row);
            let boxless = rules.takes_without_box && observation.level == Level::Media;
            let Some(media) = observation.media.filter(|_| observation.bbox.is_some() || boxless) else {
                continue;
            };
            let at = *number.entry(media).or_insert_with(|| {
                let is_read = rules.is_of_files
                    || rules.has_pictures()
                    || rules.reads_local_pictures && !data.media.is_remote(media);
                let (places, whole, withheld) = (Vec::new(), None, None);
                self.pictures.push(PictureTask { media, places, whole, withheld, is_read });
                self.pictures.len() - 1
            });
            let crop = rules.has_crops.then(|| {
                self.pieces.push(Piece::Crop(place));
                self.pieces.len() - 1
            });
            if self.pictures[at].places.is_empty() {
                self.add_whole(at, data, job, people.contains(&media));
            }
            self.pictures[at].places.push((place, crop));
        }
    }

    /// Decides whether the whole picture is exported as a file, named in the tables, or withheld.
    fn add_whole(&mut self, number: usize, data: &Dataset, job: &ArchiveJob<'_>, is_with_people: bool) {
        let task = &mut self.pictures[number];
        let is_remote = data.media.is_remote(task.media);
        let rules = &job.rules;
        // Anybody can open an address, but not a local path.
        let is_shown = rules.has_whole || rules.may_name_pictures && is_remote;
        let withheld = if is_shown && is_with_people {
            Some(MissingError::PeopleOnPicture)
        } else {
            let is_missing = rules.may_name_pictures && job.request.media == Media::Remote && !is_remote;
            is_missing.then_some(MissingError::NotOnWeb)
        };
        if let Some(why) = withheld {
            task.withheld = Some(Arc::new(why));
            // Its crops may still be requested.
            task.is_read &= rules.is_of_files;
        } else if rules.has_whole {
            self.pieces.push(Piece::Whole(number));
            task.whole = Some(self.pieces.len() - 1);
        }
    }
}
