//! What an archive holds once its pictures are written, for the tables that tell of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use detections::{Dataset, Observation};

use crate::cut::Seen;
use crate::error::Missing;
use crate::manifest::MissingPlaces;
use crate::order::{Layout, Order};
use crate::package::Entry;
use crate::plan::{Plan, Task};

/// A picture that was written.
pub(crate) struct Filed {
    /// The name of its entry.
    pub name: String,
    pub entry: Entry,
    /// Width in pixels as displayed.
    pub width: u32,
    /// Height in pixels as displayed.
    pub height: u32,
}

impl Filed {
    /// The name without its folder.
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

/// Everything but the tables.
pub(crate) struct Contents<'a> {
    pub data: &'a Dataset,
    pub order: &'a Order,
    pub plan: &'a Plan,
    /// What is known of each picture of the plan.
    pub seen: Vec<Option<Seen>>,
    /// For each piece of the plan, its file when it was written.
    pub files: Vec<Option<Filed>>,
    pub missing: MissingPlaces,
    /// What is wrong with the pictures that pieces were made of all the same.
    pub damaged: BTreeMap<usize, String>,
    /// Why pictures could not be fetched that the tables name by their addresses, by their numbers.
    pub unfetched: BTreeMap<usize, Arc<Missing>>,
    /// For each place the number of its picture, and of the piece that shows it.
    shown: Vec<Option<(usize, Option<usize>)>>,
}

/// A detection that is in the archive.
pub(crate) struct Included<'a> {
    /// Its row among the observations.
    pub row: u32,
    pub observation: Observation<'a>,
    /// The picture that was taken of it, with its number in the plan.
    pub picture: Option<(usize, &'a Task)>,
    /// The file that shows it: its crop, or the whole picture.
    pub file: Option<&'a Filed>,
}

/// Where the picture of a detection is.
#[derive(Clone, Copy)]
pub(crate) enum PictureLocation<'a> {
    /// In the archive: its crop, or the whole picture.
    Archive(&'a Filed),
    /// Where the source has it; the tables name it by its address or its path.
    Source,
}

impl<'a> Included<'a> {
    /// Where its picture is, when it has one.
    pub fn location(&self) -> Option<PictureLocation<'a>> {
        match (self.file, self.picture) {
            (Some(file), _) => Some(PictureLocation::Archive(file)),
            (None, Some(_)) => Some(PictureLocation::Source),
            (None, None) => None,
        }
    }
}

impl<'a> Contents<'a> {
    /// Before any picture is read.
    pub fn new(data: &'a Dataset, order: &'a Order, plan: &'a Plan) -> Self {
        let mut shown = vec![None; plan.rows.len()];
        for (number, task) in plan.pictures.iter().enumerate() {
            for (place, crop) in &task.places {
                shown[*place] = Some((number, crop.or(task.whole)));
            }
        }
        Self {
            data,
            order,
            plan,
            seen: vec![None; plan.pictures.len()],
            files: plan.pieces.iter().map(|_| None).collect(),
            missing: MissingPlaces::new(),
            damaged: BTreeMap::new(),
            unfetched: BTreeMap::new(),
            shown,
        }
    }

    /// Whether the detection at a place is on a picture that was to be read.
    pub fn has_picture(&self, place: usize) -> bool {
        self.shown[place].is_some()
    }

    /// Detections that are in the archive with everything that was asked for, in that order.
    pub fn included(&'a self) -> impl Iterator<Item = Included<'a>> {
        self.plan.rows.iter().zip(&self.shown).enumerate().filter_map(|(place, (row, shown))| {
            let row = *row.as_ref().ok().filter(|_| !self.missing.contains_key(&place))?;
            let picture = shown.map(|(number, _)| (number, &self.plan.pictures[number]));
            let file = shown.and_then(|(_, piece)| self.files[piece?].as_ref());
            Some(Included { row, observation: self.data.observations.get(row), picture, file })
        })
    }

    /// How many pictures the tables name by their addresses.
    pub fn count_remote_pictures(&'a self) -> usize {
        if self.order.layout == Layout::Crops {
            return 0;
        }
        let is_remote = |included: &Included<'_>| {
            let media = included.picture.map(|(_, task)| task.media);
            included.file.is_none() && media.is_some_and(|media| self.data.media.is_remote(media))
        };
        let remote = self.included().filter(is_remote);
        remote
            .filter_map(|included| included.picture.map(|(number, _)| number))
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// Width and height of the picture of a place as displayed, when its head could be read.
    pub fn size_of(&self, place: usize) -> Option<(u32, u32)> {
        let (number, _) = self.shown[place]?;
        self.seen[number].map(|seen| (seen.width, seen.height))
    }
}
