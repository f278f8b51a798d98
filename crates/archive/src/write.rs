//! Writing an archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use detections::{Dataset, Level, MediaError};
use tokio_util::sync::CancellationToken;

use crate::contents::{Contents, WrittenFile};
use crate::entry_names::EntryNames;
use crate::error::ArchiveError;
use crate::finish;
use crate::job::ArchiveJob;
use crate::missing::MissingError;
use crate::picture::PictureFile;
use crate::plan::{PictureTask, Piece, Plan};
use crate::process_pictures::{ProcessedPicture, process_pictures};
use crate::request::{ArchiveRequest, Resources};
use crate::spool::{Spool, SpoolEntry};
use crate::summary::ArchiveSummary;
use crate::zip_file::ZipFile;

/// Writes an archive into `file`, which is empty; `folder` is where temporary files go.
///
/// `progress` is called with how many of the requested detections have been processed. The token ends writing
/// with [`ArchiveError::Cancelled`].
///
/// The archive has its pictures in the order of the request, then the tables of its layout, `missing.csv` and
/// `manifest.json`. If nothing of what was requested could be exported, that is an error: a table alone is of
/// no use where pictures were requested.
pub fn write(
    data: &Dataset,
    request: &ArchiveRequest,
    resources: &Resources,
    file: File,
    folder: &Path,
    progress: &dyn Fn(u64),
    cancellation: &CancellationToken,
) -> Result<ArchiveSummary, ArchiveError> {
    let layout = request.layout.writer();
    let (detection_ids, rules) = (request.select_ids(data)?, layout.rules(request));
    let job = &ArchiveJob { request, detection_ids, resources, rules };
    if job.detection_ids.is_empty() {
        return Err(ArchiveError::NothingChosen);
    }
    job.check_memory()?;
    let plan = Plan::new(data, job, |observation| layout.check_observation(data, observation));
    let mut writer = ArchiveWriter {
        contents: Contents::new(data, job, &plan),
        zip: ZipFile::new(file, cancellation),
        spool: Spool::new_in(folder)?,
        names: EntryNames::default(),
        early: BTreeMap::new(),
        turn: 0,
        done: 0,
    };
    writer.note_missing_pictures();
    progress(writer.done);
    process_pictures(data, &plan, job, cancellation, |picture| {
        writer.add_picture(picture)?;
        progress(writer.done);
        Ok(())
    })?;
    finish::finish(writer.contents, writer.zip, layout)
}

struct ArchiveWriter<'a> {
    contents: Contents<'a>,
    zip: ZipFile<'a>,
    spool: Spool,
    names: EntryNames,
    /// Pieces that were ready before their turn: files without their bytes, which are in the spool, and
    /// `None` for those that are skipped.
    early: BTreeMap<usize, Option<(SpoolEntry, PictureFile)>>,
    /// The next piece to write; all earlier ones are done.
    turn: usize,
    done: u64,
}

impl ArchiveWriter<'_> {
    /// Notes unknown ids, and observations without a file or a box.
    fn note_missing_pictures(&mut self) {
        let Contents { data, job, plan, .. } = self.contents;
        for (place, row) in plan.rows.iter().enumerate() {
            if self.contents.picture_of[place].is_some() {
                continue;
            }
            self.done += 1;
            let why = match row {
                Err(why) => Arc::clone(why),
                Ok(row) => match data.observations.get(*row) {
                    // In Camtrap DP a visit is a row without a file.
                    o if o.level == Level::Event && job.rules.takes_without_box => continue,
                    o if o.media.is_none() => Arc::new(MissingError::NoMedia),
                    _ => Arc::new(MissingError::NoBox),
                },
            };
            if row.is_err() || job.rules.needs_pictures {
                self.contents.missing.insert(place, why);
            }
        }
    }

    fn add_picture(&mut self, picture: ProcessedPicture) -> Result<(), ArchiveError> {
        let Contents { job, plan, .. } = self.contents;
        let task = &plan.pictures[picture.number];
        self.contents.info[picture.number] = picture.info;
        self.done += picture.crops.len() as u64;
        if let Some(why) = self.reason_to_keep_remote(task, &picture) {
            if !matches!(*why, MissingError::Media(MediaError::Remote(_))) {
                self.contents.unfetched.insert(picture.number, why);
            }
            self.skip_piece(task.whole);
            return self.write_spooled();
        }
        for ((place, crop), (_, piece)) in picture.crops.into_iter().zip(&task.places) {
            match (crop, *piece) {
                (Ok(Some(crop)), Some(piece)) => self.write_or_spool(piece, crop)?,
                (Ok(_), _) => {}
                (Err(why), piece) => {
                    self.skip_piece(piece);
                    // Tables need no pictures, but their boxes must be on the pictures.
                    if job.rules.has_pictures() || matches!(*why, MissingError::BoxOutside(..)) {
                        self.contents.missing.insert(place, why);
                    }
                }
            }
        }
        let without_whole = match (task.whole, picture.whole) {
            (Some(piece), Some(Ok(whole))) => {
                self.write_or_spool(piece, whole)?;
                None
            }
            (piece, Some(Err(why))) => {
                self.skip_piece(piece);
                Some(why)
            }
            _ => task.withheld.clone(),
        };
        if let Some(why) = without_whole {
            for (place, _) in &task.places {
                // A problem of the detection itself takes precedence.
                self.contents.missing.entry(*place).or_insert_with(|| Arc::clone(&why));
            }
        }
        self.write_spooled()
    }

    /// Why a picture stays on the web, if the tables name it by its address instead.
    fn reason_to_keep_remote(
        &self,
        task: &PictureTask,
        picture: &ProcessedPicture,
    ) -> Option<Arc<MissingError>> {
        let Contents { data, job, .. } = self.contents;
        let Some(Err(why)) = &picture.whole else { return None };
        let is_named = job.rules.may_name_pictures && data.media.is_remote(task.media);
        // If a file was fetched but is not a picture, that is reported.
        (is_named && matches!(**why, MissingError::Media(_))).then(|| Arc::clone(why))
    }

    /// Marks that a piece will not be written.
    fn skip_piece(&mut self, piece: Option<usize>) {
        self.early.extend(piece.map(|piece| (piece, None)));
    }

    fn write_or_spool(&mut self, piece: usize, mut file: PictureFile) -> Result<(), ArchiveError> {
        if piece == self.turn {
            self.write_next(file)?;
            return self.write_spooled();
        }
        let stored = self.spool.put(&std::mem::take(&mut file.bytes))?;
        self.early.insert(piece, Some((stored, file)));
        Ok(())
    }

    /// Writes the pieces in the spool whose turn has come.
    fn write_spooled(&mut self) -> Result<(), ArchiveError> {
        while let Some(early) = self.early.remove(&self.turn) {
            match early {
                Some((stored, file)) => {
                    let bytes = self.spool.take(stored)?;
                    self.write_next(PictureFile { bytes, ..file })?;
                }
                None => self.turn += 1,
            }
        }
        Ok(())
    }

    /// Writes the piece whose turn it is.
    fn write_next(&mut self, file: PictureFile) -> Result<(), ArchiveError> {
        let Contents { data, job, plan, .. } = self.contents;
        let [of_crops, of_whole] = job.rules.folders;
        let (start, text) = match plan.pieces[self.turn] {
            Piece::Crop(place) => (of_crops, job.detection_ids[place].as_str()),
            Piece::Whole(number) => {
                (of_whole, remove_extension(data.media.file_name(plan.pictures[number].media)))
            }
        };
        let PictureFile { bytes, info, damage } = file;
        let name = self.names.make_unique(start, text, info.format.ending());
        let entry = self.zip.store(&name, &bytes)?;
        self.contents.files[self.turn] = Some(WrittenFile { name, entry, info, damage });
        self.turn += 1;
        Ok(())
    }
}

/// Removes the extension of a file name.
fn remove_extension(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => name,
    }
}
