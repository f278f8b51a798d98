//! Writing an archive.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use detections::{Dataset, Level, MediaError};

use crate::contents::{Contents, WrittenFile};
use crate::entry_names::EntryNames;
use crate::error::ArchiveError;
use crate::finish;
use crate::layout::{Folders, choose_folders};
use crate::missing::Missing;
use crate::picture::PictureFormat;
use crate::plan::{PictureTask, Piece, Plan};
use crate::process_pictures::{ProcessedPicture, process_pictures};
use crate::request::{ArchiveJob, ArchiveRequest, Resources};
use crate::spool::{Spool, SpoolEntry};
use crate::watch::{ArchiveSummary, Watch};
use crate::zip_file::ZipFile;

/// Writes an archive into `file`, which is empty; `folder` is where temporary files go.
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
    watch: &dyn Watch,
) -> Result<ArchiveSummary, ArchiveError> {
    let job = &ArchiveJob { request, detection_ids: request.select_ids(data)?, resources };
    if job.detection_ids.is_empty() {
        return Err(ArchiveError::NothingChosen);
    }
    job.check_memory()?;
    let plan = Plan::new(data, job);
    let mut writer = ArchiveWriter::new(data, &plan, job, ZipFile::new(file, watch), Spool::new_in(folder)?);
    writer.note_missing_pictures();
    watch.progress(writer.done);
    process_pictures(data, &plan, job, watch, |picture| {
        writer.add_picture(picture)?;
        watch.progress(writer.done);
        Ok(())
    })?;
    finish::finish(writer.contents, writer.zip)
}

/// The state of a piece.
enum PieceState {
    /// Its picture has not been read yet.
    Waits,
    /// It was ready before its turn and is in the spool.
    Spooled(SpoolEntry, Shape),
    /// It was written or skipped.
    Done,
}

/// Width and height as displayed, and the format of a file.
#[derive(Clone, Copy)]
struct Shape(u32, u32, PictureFormat);

struct ArchiveWriter<'a> {
    contents: Contents<'a>,
    zip: ZipFile<'a>,
    spool: Spool,
    names: EntryNames,
    folders: Folders,
    pieces: Vec<PieceState>,
    /// The next piece to write; all earlier ones are done.
    turn: usize,
    done: u64,
}

impl<'a> ArchiveWriter<'a> {
    fn new(
        data: &'a Dataset,
        plan: &'a Plan,
        job: &'a ArchiveJob<'a>,
        zip: ZipFile<'a>,
        spool: Spool,
    ) -> Self {
        let contents = Contents::new(data, job, plan);
        Self {
            contents,
            zip,
            spool,
            names: EntryNames::default(),
            folders: choose_folders(job.request.layout),
            pieces: plan.pieces.iter().map(|_| PieceState::Waits).collect(),
            turn: 0,
            done: 0,
        }
    }

    /// Notes unknown ids, and observations without a file or a box.
    fn note_missing_pictures(&mut self) {
        let Contents { data, job, plan, .. } = self.contents;
        for (place, row) in plan.rows.iter().enumerate() {
            if self.contents.has_picture(place) {
                continue;
            }
            self.done += 1;
            let why = match row {
                Err(why) => Arc::clone(why),
                Ok(row) => match data.observations.get(*row) {
                    // In Camtrap DP a visit is a row without a file.
                    o if o.level == Level::Event && job.request.takes_without_box() => continue,
                    o if o.media.is_none() => Arc::new(Missing::NoMedia),
                    _ => Arc::new(Missing::NoBox),
                },
            };
            if row.is_err() || job.request.needs_pictures() {
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
            if !matches!(*why, Missing::Media(MediaError::Remote(_))) {
                self.contents.unfetched.insert(picture.number, why);
            }
            self.skip_piece(task.whole);
            return self.write_spooled();
        }
        for ((place, crop), (_, piece)) in picture.crops.into_iter().zip(&task.places) {
            match (crop, piece) {
                (Ok(Some(crop)), Some(piece)) => {
                    self.contents.damaged.extend(crop.damage.map(|damage| (*piece, damage)));
                    let shape = Shape(crop.width, crop.height, PictureFormat::Jpeg);
                    self.write_or_spool(*piece, &crop.bytes, shape)?;
                }
                (Ok(_), _) => {}
                (Err(why), piece) => {
                    self.skip_piece(*piece);
                    // Tables need no pictures, but their boxes must be on the pictures.
                    if job.request.has_pictures() || matches!(*why, Missing::BoxOutside { .. }) {
                        self.contents.missing.insert(place, why);
                    }
                }
            }
        }
        let whole = match (task.whole, picture.whole, picture.info, &task.withheld) {
            (Some(piece), Some(Ok(whole)), Some(seen), _) => {
                self.contents.damaged.extend(whole.damage.map(|damage| (piece, damage)));
                self.write_or_spool(piece, &whole.bytes, Shape(seen.width, seen.height, seen.format))?;
                None
            }
            (piece, Some(Err(why)), ..) => {
                self.skip_piece(piece);
                Some(why)
            }
            (.., withheld) => withheld.clone(),
        };
        for (place, _) in task.places.iter().filter(|_| whole.is_some()) {
            // A problem of the detection itself takes precedence.
            self.contents.missing.entry(*place).or_insert_with(|| whole.clone().expect("a reason"));
        }
        self.write_spooled()
    }

    /// Why a picture stays on the web, if the tables name it by its address instead.
    fn reason_to_keep_remote(&self, task: &PictureTask, picture: &ProcessedPicture) -> Option<Arc<Missing>> {
        let Contents { data, job, .. } = self.contents;
        let Some(Err(why)) = &picture.whole else { return None };
        let is_named = job.request.may_name_pictures() && data.media.is_remote(task.media);
        // If a file was fetched but is not a picture, that is reported.
        (is_named && matches!(**why, Missing::Media(_))).then(|| Arc::clone(why))
    }

    /// Marks that a piece will not be written.
    fn skip_piece(&mut self, piece: Option<usize>) {
        if let Some(piece) = piece {
            self.pieces[piece] = PieceState::Done;
        }
    }

    fn write_or_spool(&mut self, piece: usize, bytes: &[u8], shape: Shape) -> Result<(), ArchiveError> {
        if piece == self.turn {
            self.write_piece(piece, bytes, shape)?;
            self.pieces[piece] = PieceState::Done;
            return self.write_spooled();
        }
        self.pieces[piece] = PieceState::Spooled(self.spool.put(bytes)?, shape);
        Ok(())
    }

    /// Writes the pieces in the spool whose turn has come.
    fn write_spooled(&mut self) -> Result<(), ArchiveError> {
        while let Some(state) = self.pieces.get(self.turn) {
            match *state {
                PieceState::Waits => return Ok(()),
                PieceState::Done => {}
                PieceState::Spooled(stored, shape) => {
                    let bytes = self.spool.take(stored)?;
                    self.write_piece(self.turn, &bytes, shape)?;
                    self.pieces[self.turn] = PieceState::Done;
                }
            }
            self.turn += 1;
        }
        Ok(())
    }

    fn write_piece(&mut self, piece: usize, bytes: &[u8], shape: Shape) -> Result<(), ArchiveError> {
        let Contents { data, job, plan, .. } = self.contents;
        let Shape(width, height, format) = shape;
        let (start, text) = match plan.pieces[piece] {
            Piece::Crop(place) => (self.folders.crops, job.detection_ids[place].as_str()),
            Piece::Whole(number) => {
                (self.folders.whole, remove_extension(data.media.file_name(plan.pictures[number].media)))
            }
        };
        let name = self.names.make_unique(start, text, format.ending());
        let entry = self.zip.store(&name, bytes)?;
        self.contents.files[piece] = Some(WrittenFile { name, entry, width, height });
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
