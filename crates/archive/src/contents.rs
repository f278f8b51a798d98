//! The contents of an archive once its pictures are written, for the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use detections::{Dataset, Observation};

use crate::job::ArchiveJob;
use crate::missing::MissingError;
use crate::picture::PictureInfo;
use crate::plan::{PictureTask, Plan};
use crate::zip_file::Entry;

/// A picture file in the archive.
pub(crate) struct WrittenFile {
    /// The name of its entry.
    pub name: String,
    pub entry: Entry,
    pub info: PictureInfo,
    /// The damage of the picture from which it was made nevertheless.
    pub damage: Option<String>,
}

impl WrittenFile {
    /// The name without its folder.
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

/// Everything in the archive except the tables.
pub(crate) struct Contents<'a> {
    pub data: &'a Dataset,
    pub job: &'a ArchiveJob<'a>,
    pub plan: &'a Plan,
    /// Size and format of each picture of the plan, if its header could be read.
    pub info: Vec<Option<PictureInfo>>,
    /// The file of each piece of the plan, if it was written.
    pub files: Vec<Option<WrittenFile>>,
    /// Missing detections by their place in the request.
    pub missing: BTreeMap<usize, Arc<MissingError>>,
    /// Why pictures could not be fetched that the tables name by their addresses, by their numbers.
    pub unfetched: BTreeMap<usize, Arc<MissingError>>,
    /// For each place the number of its picture, and of the piece that shows it.
    pub picture_of: Vec<Option<(usize, Option<usize>)>>,
}

/// A detection that is in the archive.
pub(crate) struct IncludedDetection<'a> {
    /// Its row among the observations.
    pub row: u32,
    pub observation: Observation<'a>,
    /// Its picture, with the number in the plan.
    pub picture: Option<(usize, &'a PictureTask)>,
    /// The file that shows it: its crop, or the whole picture.
    pub file: Option<&'a WrittenFile>,
}

/// Where the picture of a detection is.
#[derive(Clone, Copy)]
pub(crate) enum PictureLocation<'a> {
    /// In the archive: its crop, or the whole picture.
    Archive(&'a WrittenFile),
    /// In the source; the tables name it by its address or path.
    Source,
}

impl<'a> IncludedDetection<'a> {
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
    /// The contents before any picture is read.
    pub fn new(data: &'a Dataset, job: &'a ArchiveJob<'a>, plan: &'a Plan) -> Self {
        let mut picture_of = vec![None; plan.rows.len()];
        for (number, task) in plan.pictures.iter().enumerate() {
            for (place, crop) in &task.places {
                picture_of[*place] = Some((number, crop.or(task.whole)));
            }
        }
        Self {
            data,
            job,
            plan,
            info: vec![None; plan.pictures.len()],
            files: plan.pieces.iter().map(|_| None).collect(),
            missing: BTreeMap::new(),
            unfetched: BTreeMap::new(),
            picture_of,
        }
    }

    /// The detections of which everything that was requested is in the archive, in the order of the request.
    pub fn list_included(&'a self) -> impl Iterator<Item = IncludedDetection<'a>> {
        self.plan.rows.iter().zip(&self.picture_of).enumerate().filter_map(|(place, (row, shown))| {
            let row = *row.as_ref().ok().filter(|_| !self.missing.contains_key(&place))?;
            let picture = shown.map(|(number, _)| (number, &self.plan.pictures[number]));
            let file = shown.and_then(|(_, piece)| self.files[piece?].as_ref());
            Some(IncludedDetection { row, observation: self.data.observations.get(row), picture, file })
        })
    }

    /// Counts the pictures that the tables name by their addresses.
    pub fn count_remote_pictures(&'a self) -> usize {
        if self.job.rules.is_of_files {
            return 0;
        }
        let remote = self.list_included().filter(|included| included.file.is_none()).filter_map(|included| {
            let (number, task) = included.picture?;
            self.data.media.is_remote(task.media).then_some(number)
        });
        remote.collect::<BTreeSet<_>>().len()
    }

    /// Width and height as displayed of the picture of a place, if its header could be read.
    pub fn find_size(&self, place: usize) -> Option<(u32, u32)> {
        let (number, _) = self.picture_of[place]?;
        self.info[number].map(|seen| (seen.width, seen.height))
    }
}
