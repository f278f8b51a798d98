//! Threads that read each picture once and make all its files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use detections::{BoundingBox, Dataset, PixelBox};

use crate::crop::{Crop, part_for};
use crate::error::{ArchiveError, Missing};
use crate::memory::{Reservation, ReserveError};
use crate::order::{Layout, Order, Watch};
use crate::picture::{
    DamagePolicy, DecodeOptions, Encoder, Excerpted, Fault, Format, Head, Part, clean, read_head,
};
use crate::plan::{Plan, Task};
use crate::tools::{ToolBox, Tools};

/// What is wrong with a file whose blocks are not as long as its data.
const BLOCKS_DO_NOT_FIT: &str = "Corrupt JPEG data: its blocks do not fill its data";
/// Quality of a whole picture that had to be encoded anew, 1 to 100.
const WHOLE_QUALITY: u8 = 95;

/// What became of a picture.
pub(crate) struct Cut {
    /// Its number in [`Plan::pictures`].
    pub number: usize,
    /// What its head told, when that could be read.
    pub seen: Option<Seen>,
    /// The whole of it, where that is asked for.
    pub whole: Option<Result<Whole, Arc<Missing>>>,
    pub crops: Crops,
}

/// The file of a whole picture.
pub(crate) struct Whole {
    pub bytes: Vec<u8>,
    /// What is wrong with it, when it was decoded all the same.
    pub damage: Option<String>,
}

/// For each detection on a picture, by its place: its crop where crops are asked for, or why it
/// has none.
pub(crate) type Crops = Vec<(usize, Result<Option<Crop>, Arc<Missing>>)>;

/// For each detection on a picture, by its place: its box in pixels of the picture as stored.
type Boxes = Vec<(usize, Result<PixelBox, Arc<Missing>>)>;

/// What the head of a picture told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Width in pixels as displayed.
    pub width: u32,
    /// Height in pixels as displayed.
    pub height: u32,
    /// The format that the whole picture is written in.
    pub format: Format,
}

/// Reads the pictures of `plan` and hands what became of each to `take`, as they are ready.
pub(crate) fn cut_all(
    data: &Dataset,
    plan: &Plan,
    order: &Order,
    watch: &dyn Watch,
    mut take: impl FnMut(Cut) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let next = AtomicUsize::new(0);
    let decoding = order.threads.get().min(plan.pictures.len().max(1));
    let tools = ToolBox::new(decoding, order.crop_size);
    let is_elsewhere = |task: &Task| data.files.is_elsewhere(data.media.path(task.media));
    let remote = plan.pictures.iter().any(|task| task.is_read && is_elsewhere(task));
    let fetching = if remote { data.files.fetched_at_once() } else { 0 };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Room for one picture's files a thread: who is ahead waits for the disk.
        let (send, ready) = sync_channel(decoding);
        for _ in 0..fetching.max(decoding) {
            let (send, next, tools) = (send.clone(), &next, &tools);
            let worker = Worker { data, plan, order, watch, over: &over };
            scope.spawn(move || worker.work(next, tools, &send));
        }
        drop(send);
        let taken = ready
            .into_iter()
            .try_for_each(|cut| if watch.is_cancelled() { Err(ArchiveError::Cancelled) } else { take(cut) });
        over.store(true, Ordering::Relaxed);
        if watch.is_cancelled() { Err(ArchiveError::Cancelled) } else { taken }
    })
}

#[derive(Clone, Copy)]
struct Worker<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    order: &'a Order,
    watch: &'a dyn Watch,
    /// Nobody takes what is made any more.
    over: &'a AtomicBool,
}

impl<'a> Worker<'a> {
    fn is_over(self) -> bool {
        self.over.load(Ordering::Relaxed) || self.watch.is_cancelled()
    }

    fn work(self, next: &AtomicUsize, tools: &ToolBox, send: &SyncSender<Cut>) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.plan.pictures.get(number) else { return };
            let cut = if task.is_read {
                let path = self.data.media.path(task.media);
                let bytes = self.data.files.read(path, &|| self.is_over());
                if self.is_over() {
                    return;
                }
                match bytes {
                    Ok(bytes) => self.cut(number, task, &bytes, tools),
                    Err(fault) => unreadable(number, task, fault.into()),
                }
            } else {
                unread(number, task)
            };
            if send.send(cut).is_err() {
                return;
            }
        }
    }

    fn cut(self, number: usize, task: &Task, bytes: &[u8], tools: &ToolBox) -> Cut {
        let path = self.data.media.path(task.media);
        let head = match read_head(bytes, path) {
            Ok(head) => head,
            Err(fault) => return unreadable(number, task, fault),
        };
        let boxes: Vec<_> =
            task.places.iter().map(|(place, _)| (*place, self.stored_box(*place, &head))).collect();
        // Held until the files of the picture are made.
        let _memory = match self.reserve_memory(task, &boxes, bytes, &head, path) {
            Ok(memory) => memory,
            Err(fault) => return self.undecoded(number, task, &head, fault),
        };
        tools.with(|tools| {
            let whole = task.whole.map(|_| self.whole(bytes, &head, path, tools).map_err(Arc::new));
            let crops = self.crops(task, boxes, bytes, &head, path, tools);
            Cut { number, seen: Some(self.seen(&head)), whole, crops }
        })
    }

    fn seen(self, head: &Head) -> Seen {
        let (width, height) = head.displayed();
        let format = if self.is_encoded_anew(head) { Format::Jpeg } else { head.format };
        Seen { width, height, format }
    }

    /// A picture whose size is known, and of which nothing else can be had.
    fn undecoded(self, number: usize, task: &Task, head: &Head, fault: Missing) -> Cut {
        Cut { seen: Some(self.seen(head)), ..unreadable(number, task, fault) }
    }

    /// Memory for what is decoded of a picture, when it is free.
    fn reserve_memory(
        self,
        task: &Task,
        boxes: &Boxes,
        bytes: &[u8],
        head: &Head,
        path: &str,
    ) -> Result<Reservation<'a>, Missing> {
        let mut needed = 2 * bytes.len() as u64;
        if self.order.wants_crops() {
            let cropper = |area: &PixelBox| part_for(*area, self.order.crop_size);
            let part = boxes.iter().filter_map(|(_, area)| area.as_ref().ok()).map(cropper);
            needed += part.reduce(Part::around).map_or(0, |part| head.memory_of(part));
        }
        if task.whole.is_some() && self.is_encoded_anew(head) {
            // It is turned into a second copy, which is encoded.
            needed += 2 * head.memory_of(head.whole());
        }
        let memory = &self.order.memory;
        let limit = memory.total().min(self.order.job_memory);
        let too_much = || Missing::TooMuchMemory {
            path: path.to_owned(),
            width: head.width,
            height: head.height,
            needed: needed.div_ceil(1 << 20),
            limit: limit >> 20,
        };
        if needed > limit {
            return Err(too_much());
        }
        memory.reserve(needed, &|| self.is_over()).map_err(|error| match error {
            ReserveError::MoreThanAll => too_much(),
            ReserveError::Stopped => Missing::Stopped,
        })
    }

    /// Tools that read COCO take a picture as it is stored. One that is to be displayed another
    /// way up would have its boxes beside its animals.
    fn is_encoded_anew(self, head: &Head) -> bool {
        self.order.layout == Layout::Coco && !head.orientation.is_upright()
    }

    /// The file of the whole picture, without what it tells besides.
    fn whole(self, bytes: &[u8], head: &Head, path: &str, tools: &mut Tools) -> Result<Whole, Missing> {
        if !self.is_encoded_anew(head) {
            let cleaned = clean(bytes, head.format).map_err(|fault| fault.of(path))?;
            return Ok(Whole { bytes: cleaned, damage: None });
        }
        if head.width.max(head.height) > Encoder::MAX_SIDE {
            return Err(Fault::NotAPicture("it is too long to be turned the right way up".into()).of(path));
        }
        let stop = || self.is_over();
        let how = DecodeOptions { damage: self.damage_policy(), stop: &stop };
        let picture = tools.decoder.decode(bytes, head, head.whole(), how).map_err(|fault| fault.of(path))?;
        let damage = picture.damage.clone();
        let bytes = Encoder::new(WHOLE_QUALITY).encode(&head.orientation.display(picture));
        Ok(Whole { bytes, damage })
    }

    fn damage_policy(self) -> DamagePolicy {
        if self.order.include_damaged { DamagePolicy::Accept } else { DamagePolicy::Refuse }
    }

    fn crops(
        self,
        task: &Task,
        boxes: Boxes,
        bytes: &[u8],
        head: &Head,
        path: &str,
        tools: &mut Tools,
    ) -> Crops {
        if !self.order.wants_crops() {
            let places = task.places.iter().map(|(place, _)| *place);
            return places.map(|place| (place, self.box_lies_on(place, head).map(|()| None))).collect();
        }
        let parts: Vec<_> =
            boxes.iter().flat_map(|(_, area)| area).map(|area| tools.cropper.part(*area)).collect();
        let (excerpts, damage) = match tools.decoder.excerpts(bytes, head, &parts) {
            Excerpted::Files(excerpts) => (Some(excerpts), None),
            Excerpted::Whole => (None, None),
            Excerpted::Damaged if self.order.include_damaged => (None, Some(BLOCKS_DO_NOT_FIT)),
            Excerpted::Damaged => {
                let fault = Fault::Damaged(BLOCKS_DO_NOT_FIT.into());
                return all_missing(task, &Arc::new(fault.of(path)));
            }
        };
        let mut excerpts = excerpts.map(Vec::into_iter);
        let part = if excerpts.is_none() { parts.into_iter().reduce(Part::around) } else { None };
        let stop = || self.is_over();
        let how = DecodeOptions { damage: self.damage_policy(), stop: &stop };
        let picture = match part.map(|part| tools.decoder.decode(bytes, head, part, how)).transpose() {
            Ok(picture) => picture.map(|picture| picture.with_damage(damage)),
            // Its size is known all the same, and with it the boxes in pixels.
            Err(fault) => return all_missing(task, &Arc::new(fault.of(path))),
        };
        let mut crops = Vec::with_capacity(boxes.len());
        for (place, area) in boxes {
            // What is cut from here on nobody will see.
            if self.is_over() {
                break;
            }
            let crop = area.and_then(|area| match (&picture, excerpts.as_mut().and_then(Iterator::next)) {
                (_, Some(excerpt)) => {
                    let crop = tools.crop_of(&excerpt, head, area);
                    crop.map(Some).map_err(|fault| Arc::new(fault.of(path)))
                }
                (picture, None) => {
                    Ok(picture.as_ref().map(|picture| tools.cropper.cut(picture, head.orientation, area)))
                }
            });
            crops.push((place, crop));
        }
        if let Some(picture) = picture {
            tools.decoder.keep(picture);
        }
        crops
    }

    /// A table with boxes needs them on the picture; where there is none there is nothing to check.
    fn box_lies_on(self, place: usize, head: &Head) -> Result<(), Arc<Missing>> {
        if self.order.layout == Layout::Crops || self.bbox(place).is_none() {
            return Ok(());
        }
        self.stored_box(place, head).map(|_| ())
    }

    /// The box of a detection, in pixels of the picture as stored.
    fn stored_box(self, place: usize, head: &Head) -> Result<PixelBox, Arc<Missing>> {
        let (width, height) = head.displayed();
        let area = self.bbox(place).and_then(|area| area.in_pixels(width, height));
        let area = area.ok_or_else(|| Arc::new(Missing::BoxOutside { width, height }))?;
        Ok(head.orientation.stored_box(area, head.width, head.height))
    }

    fn bbox(self, place: usize) -> Option<BoundingBox> {
        let row = self.plan.rows[place].as_ref().ok()?;
        self.data.observations.get(*row).bbox
    }
}

/// A picture that is only named.
fn unread(number: usize, task: &Task) -> Cut {
    let crops = task.places.iter().map(|(place, _)| (*place, Ok(None))).collect();
    Cut { number, seen: None, whole: None, crops }
}

/// A picture of which nothing can be had.
fn unreadable(number: usize, task: &Task, fault: Missing) -> Cut {
    let fault = Arc::new(fault);
    let whole = task.whole.map(|_| Err(Arc::clone(&fault)));
    Cut { number, seen: None, whole, crops: all_missing(task, &fault) }
}

/// The same fault for every detection of a picture.
fn all_missing(task: &Task, fault: &Arc<Missing>) -> Crops {
    task.places.iter().map(|(place, _)| (*place, Err(Arc::clone(fault)))).collect()
}
