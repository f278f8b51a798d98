//! Writing an archive from beginning to end.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use detections::{Dataset, Level, MediaError};

use crate::contents::{Contents, Filed};
use crate::cut::{Cut, cut_all};
use crate::error::{ArchiveError, Missing};
use crate::finish;
use crate::layout::{Folders, folders};
use crate::names::Names;
use crate::order::{Order, Summary, Watch};
use crate::package::Package;
use crate::picture::Format;
use crate::plan::{Piece, Plan, Task};
use crate::spool::{Spool, Stored};

/// Writes the archive of `order` into `file`, which is empty; `folder` is where temporary files
/// go.
///
/// The archive holds its pictures in the order asked for, then the tables of its
/// layout, `missing.csv` and `manifest.json`. When nothing of what was asked for could be exported it
/// is an error: a table alone is nothing to somebody who asked for pictures.
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
    let mut writing = Writing::new(data, &plan, order, Package::new(file, watch), Spool::new_in(folder)?);
    writing.note_what_has_no_picture();
    watch.progress(writing.done);
    cut_all(data, &plan, order, watch, |cut| {
        writing.take(cut)?;
        watch.progress(writing.done);
        Ok(())
    })?;
    finish::finish(writing.contents, writing.package)
}

/// What has become of a piece.
enum State {
    /// Its picture has not been read yet.
    Waits,
    /// It is ready before its turn.
    Spooled(Stored, Shape),
    /// Nothing more is to be written for it.
    Done,
}

/// What a file is like: width and height as displayed, and its format.
#[derive(Clone, Copy)]
struct Shape(u32, u32, Format);

struct Writing<'a> {
    contents: Contents<'a>,
    package: Package<'a>,
    spool: Spool,
    names: Names,
    folders: Folders,
    pieces: Vec<State>,
    /// All pieces before this one are done.
    turn: usize,
    done: u64,
}

impl<'a> Writing<'a> {
    fn new(data: &'a Dataset, plan: &'a Plan, order: &'a Order, package: Package<'a>, spool: Spool) -> Self {
        let contents = Contents::new(data, order, plan);
        Self {
            contents,
            package,
            spool,
            names: Names::default(),
            folders: folders(order.layout),
            pieces: plan.pieces.iter().map(|_| State::Waits).collect(),
            turn: 0,
            done: 0,
        }
    }

    /// Ids that are none, and observations without a file or a box.
    fn note_what_has_no_picture(&mut self) {
        let Contents { data, order, plan, .. } = self.contents;
        for (place, row) in plan.rows.iter().enumerate() {
            if self.contents.has_picture(place) {
                continue;
            }
            self.done += 1;
            let why = match row {
                Err(why) => Arc::clone(why),
                Ok(row) => match data.observations.get(*row) {
                    // A visit is a row of its own in Camtrap DP, about no file.
                    o if o.level == Level::Event && order.takes_without_box() => continue,
                    o if o.media.is_none() => Arc::new(Missing::NoMedia),
                    _ => Arc::new(Missing::NoBox),
                },
            };
            if row.is_err() || order.needs_pictures() {
                self.contents.missing.insert(place, why);
            }
        }
    }

    fn take(&mut self, cut: Cut) -> Result<(), ArchiveError> {
        let Contents { order, plan, .. } = self.contents;
        let task = &plan.pictures[cut.number];
        self.contents.seen[cut.number] = cut.seen;
        self.done += cut.crops.len() as u64;
        if let Some(why) = self.reason_to_stay(task, &cut) {
            if !matches!(*why, Missing::Media(MediaError::Remote(_))) {
                self.contents.unfetched.insert(cut.number, why);
            }
            self.give_up(task.whole);
            return self.advance();
        }
        for ((place, crop), (_, piece)) in cut.crops.into_iter().zip(&task.places) {
            match (crop, piece) {
                (Ok(Some(crop)), Some(piece)) => {
                    self.contents.damaged.extend(crop.damage.map(|damage| (*piece, damage)));
                    self.put(*piece, &crop.bytes, Shape(crop.width, crop.height, Format::Jpeg))?;
                }
                (Ok(_), _) => {}
                (Err(why), piece) => {
                    self.give_up(*piece);
                    // Tables alone need no picture, and boxes that lie on theirs.
                    if order.wants_pictures() || matches!(*why, Missing::BoxOutside { .. }) {
                        self.contents.missing.insert(place, why);
                    }
                }
            }
        }
        let whole = match (task.whole, cut.whole, cut.seen, &task.withheld) {
            (Some(piece), Some(Ok(whole)), Some(seen), _) => {
                self.contents.damaged.extend(whole.damage.map(|damage| (piece, damage)));
                self.put(piece, &whole.bytes, Shape(seen.width, seen.height, seen.format))?;
                None
            }
            (piece, Some(Err(why)), ..) => {
                self.give_up(piece);
                Some(why)
            }
            (.., withheld) => withheld.clone(),
        };
        for (place, _) in task.places.iter().filter(|_| whole.is_some()) {
            // What was wrong with the detection itself says more.
            self.contents.missing.entry(*place).or_insert_with(|| whole.clone().expect("a reason"));
        }
        self.advance()
    }

    /// Why a picture stays on the web, when the tables name it by its address in place of a file.
    fn reason_to_stay(&self, task: &Task, cut: &Cut) -> Option<Arc<Missing>> {
        let Contents { data, order, .. } = self.contents;
        let Some(Err(why)) = &cut.whole else { return None };
        let is_named = order.may_name_pictures() && data.media.is_remote(task.media);
        // A file that came and is no picture is told as such.
        (is_named && matches!(**why, Missing::Media(_))).then(|| Arc::clone(why))
    }

    /// Nothing will be written for a piece.
    fn give_up(&mut self, piece: Option<usize>) {
        if let Some(piece) = piece {
            self.pieces[piece] = State::Done;
        }
    }

    fn put(&mut self, piece: usize, bytes: &[u8], shape: Shape) -> Result<(), ArchiveError> {
        if piece == self.turn {
            self.store(piece, bytes, shape)?;
            self.pieces[piece] = State::Done;
            return self.advance();
        }
        self.pieces[piece] = State::Spooled(self.spool.put(bytes)?, shape);
        Ok(())
    }

    /// Writes what waited for its turn.
    fn advance(&mut self) -> Result<(), ArchiveError> {
        while let Some(state) = self.pieces.get(self.turn) {
            match *state {
                State::Waits => return Ok(()),
                State::Done => {}
                State::Spooled(stored, shape) => {
                    let bytes = self.spool.take(stored)?;
                    self.store(self.turn, &bytes, shape)?;
                    self.pieces[self.turn] = State::Done;
                }
            }
            self.turn += 1;
        }
        Ok(())
    }

    fn store(&mut self, piece: usize, bytes: &[u8], shape: Shape) -> Result<(), ArchiveError> {
        let Contents { data, order, plan, .. } = self.contents;
        let Shape(width, height, format) = shape;
        let (start, text) = match plan.pieces[piece] {
            Piece::Crop(place) => (self.folders.crops, order.detection_ids[place].as_str()),
            Piece::Whole(number) => {
                (self.folders.whole, stem(data.media.file_name(plan.pictures[number].media)))
            }
        };
        let name = self.names.give(start, text, format.ending());
        let entry = self.package.store(&name, bytes)?;
        self.contents.files[piece] = Some(Filed { name, entry, width, height });
        Ok(())
    }
}

/// A file name without its ending.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => name,
    }
}
