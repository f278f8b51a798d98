//! Writing an archive from beginning to end.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use detections::Dataset;

use crate::cut::{Cut, cut_all};
use crate::error::{ArchiveError, Missing};
use crate::manifest;
use crate::metadata;
use crate::names::Names;
use crate::order::{Order, Summary, Watch};
use crate::package::{Entry, Package};
use crate::plan::Plan;
use crate::spool::{Spool, Stored};

/// Writes the archive of `order` into `file`, which is empty; `folder` is where temporary files
/// go.
///
/// The archive holds `crops/detection_{id}.jpg` in the order asked for, `metadata.csv` and
/// `manifest.json`. When nothing at all could be exported it is an error.
pub fn write(
    data: &Dataset,
    order: &Order,
    file: File,
    folder: &Path,
    watch: &dyn Watch,
) -> Result<Summary, ArchiveError> {
    if order.detection_ids.is_empty() {
        return Err(ArchiveError::NothingChosen);
    }
    let plan = Plan::new(data, order);
    let mut writing = Writing::new(&plan, order, Package::new(file), Spool::new_in(folder)?);
    writing.note_what_has_no_picture(data);
    watch.progress(writing.done);
    cut_all(data, &plan, order, watch, |cut| {
        writing.take(cut)?;
        watch.progress(writing.done);
        Ok(())
    })?;
    writing.finish(data)
}

/// What has become of a detection.
#[derive(Clone, Copy)]
enum Place {
    /// Its picture has not been read yet.
    Waits,
    /// Its crop is ready before its turn.
    Spooled(Stored),
    /// Nothing more is to be written for it.
    Done,
}

struct Writing<'a> {
    order: &'a Order,
    plan: &'a Plan,
    package: Package,
    spool: Spool,
    names: Names,
    places: Vec<Place>,
    /// All places before this one are done.
    turn: usize,
    /// Crops in the archive: place, name and what the manifest tells.
    crops: Vec<(usize, String, Entry)>,
    missing: Vec<(usize, Arc<Missing>)>,
    /// Width and height of each picture.
    sizes: HashMap<u32, (u32, u32)>,
    done: u64,
}

impl<'a> Writing<'a> {
    fn new(plan: &'a Plan, order: &'a Order, package: Package, spool: Spool) -> Self {
        Self {
            order,
            plan,
            package,
            spool,
            names: Names::default(),
            places: vec![Place::Waits; plan.rows.len()],
            turn: 0,
            crops: Vec::new(),
            missing: Vec::new(),
            sizes: HashMap::new(),
            done: 0,
        }
    }

    /// Ids that are none, and observations without a file or a box.
    fn note_what_has_no_picture(&mut self, data: &Dataset) {
        for (place, row) in self.plan.rows.iter().enumerate() {
            let why = match row {
                Err(Missing::AskedTwice) => Missing::AskedTwice,
                Err(_) => Missing::NoSuchId,
                Ok(row) => match data.observations.get(*row) {
                    o if o.media.is_none() => Missing::NoMedia,
                    o if o.bbox.is_none() => Missing::NoBox,
                    _ => continue,
                },
            };
            self.places[place] = Place::Done;
            self.done += 1;
            // Without crops nothing is missing of an observation that has no box.
            if row.is_err() || self.order.include_crops {
                self.missing.push((place, Arc::new(why)));
            }
        }
    }

    fn take(&mut self, cut: Cut) -> Result<(), ArchiveError> {
        self.sizes.extend(cut.size.map(|size| (cut.media, size)));
        for (place, crop) in cut.crops {
            self.done += 1;
            match crop {
                Ok(Some(bytes)) if place == self.turn => {
                    self.store(place, &bytes)?;
                    self.places[place] = Place::Done;
                }
                Ok(Some(bytes)) => self.places[place] = Place::Spooled(self.spool.put(&bytes)?),
                Ok(None) => self.places[place] = Place::Done,
                Err(why) => {
                    self.places[place] = Place::Done;
                    if self.order.include_crops {
                        self.missing.push((place, why));
                    }
                }
            }
            self.advance()?;
        }
        Ok(())
    }

    /// Writes what waited for its turn.
    fn advance(&mut self) -> Result<(), ArchiveError> {
        while let Some(place) = self.places.get(self.turn) {
            match *place {
                Place::Waits => return Ok(()),
                Place::Done => {}
                Place::Spooled(stored) => {
                    let bytes = self.spool.get(stored)?;
                    self.store(self.turn, &bytes)?;
                    self.places[self.turn] = Place::Done;
                }
            }
            self.turn += 1;
        }
        Ok(())
    }

    fn store(&mut self, place: usize, bytes: &[u8]) -> Result<(), ArchiveError> {
        let name = self.names.crop(&self.order.detection_ids[place]);
        let entry = self.package.store(&name, bytes)?;
        self.crops.push((place, name, entry));
        Ok(())
    }

    fn finish(mut self, data: &Dataset) -> Result<Summary, ArchiveError> {
        self.missing.sort_by_key(|(place, _)| *place);
        let rows = if self.order.include_metadata_csv { self.plan.found() } else { 0 };
        let summary = Summary {
            asked_for: self.plan.rows.len(),
            crops: self.crops.len(),
            metadata_rows: rows,
            missing: self.missing.len(),
        };
        let only_metadata = !self.order.include_crops && self.plan.found() > 0;
        if summary.crops + summary.metadata_rows == 0 && !only_metadata {
            return Err(ArchiveError::NothingFound {
                asked_for: summary.asked_for,
                reasons: reasons(&self.missing, self.order),
            });
        }
        let metadata = self.metadata(data)?;
        self.manifest(data, &summary, metadata)?;
        self.package.finish()?;
        Ok(summary)
    }

    fn metadata(&mut self, data: &Dataset) -> Result<Option<Entry>, ArchiveError> {
        if !self.order.include_metadata_csv {
            return Ok(None);
        }
        let sizes = &self.sizes;
        let detections = self.plan.rows.iter().filter_map(|row| {
            let row = *row.as_ref().ok()?;
            let media = data.observations.get(row).media;
            Some((row, media.and_then(|media| sizes.get(&media)).copied()))
        });
        self.package.deflate("metadata.csv", |to| metadata::write(data, detections, to)).map(Some)
    }

    fn manifest(
        &mut self,
        data: &Dataset,
        summary: &Summary,
        metadata: Option<Entry>,
    ) -> Result<(), ArchiveError> {
        let crops = self.crops.iter().map(|(place, name, entry)| manifest::File {
            name,
            detection_id: Some(&self.order.detection_ids[*place]),
            entry: *entry,
        });
        let metadata =
            metadata.map(|entry| manifest::File { name: "metadata.csv", detection_id: None, entry });
        let files = crops.chain(metadata);
        self.package.deflate("manifest.json", |to| {
            manifest::write(&data.title, self.order, summary, &self.missing, files, to)
        })?;
        Ok(())
    }
}

/// Such as `12 no detection of the data set has this id (a, b and 10 more)`.
fn reasons(missing: &[(usize, Arc<Missing>)], order: &Order) -> String {
    let mut by_code: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for (place, why) in missing {
        let id = order.detection_ids[*place].as_str();
        match by_code.iter_mut().find(|(code, ..)| *code == why.code()) {
            Some((_, _, ids)) => ids.push(id),
            None => by_code.push((why.code(), why.to_string(), vec![id])),
        }
    }
    let each = by_code.iter().map(|(_, why, ids)| {
        let shown = ids.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        match ids.len() {
            n if n > 3 => format!("{why} ({shown} and {} more)", n - 3),
            _ => format!("{why} ({shown})"),
        }
    });
    each.collect::<Vec<_>>().join("; ")
}
