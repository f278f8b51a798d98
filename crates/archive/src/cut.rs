//! Threads that read each picture once and make all its files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use detections::{BoundingBox, Dataset, PixelBox};

use crate::crop::Crop;
use crate::error::{ArchiveError, Missing};
use crate::order::{Layout, Order, Watch};
use crate::picture::{Encoder, Fault, Format, Head, Part, clean};
use crate::plan::{Plan, Task};
use crate::tools::{ToolBox, Tools};

/// Quality of a whole picture that had to be encoded anew, 1 to 100.
const WHOLE_QUALITY: u8 = 95;

/// What became of a picture.
pub(crate) struct Cut {
    /// Its number in [`Plan::pictures`].
    pub number: usize,
    /// What its head told, when that could be read.
    pub seen: Option<Seen>,
    /// The whole of it, where that is asked for.
    pub whole: Option<Result<Vec<u8>, Arc<Missing>>>,
    pub crops: Crops,
}

/// For each detection on a picture, by its place: its crop where crops are asked for, or why it
/// has none.
pub(crate) type Crops = Vec<(usize, Result<Option<Crop>, Arc<Missing>>)>;

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
    let remote = plan.pictures.iter().any(|task| data.files.is_elsewhere(data.media.path(task.media)));
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

impl Worker<'_> {
    fn is_over(self) -> bool {
        self.over.load(Ordering::Relaxed) || self.watch.is_cancelled()
    }

    fn work(self, next: &AtomicUsize, tools: &ToolBox, send: &SyncSender<Cut>) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.plan.pictures.get(number) else { return };
            let path = self.data.media.path(task.media);
            let bytes = self.data.files.read(path, &|| self.is_over());
            if self.is_over() {
                return;
            }
            let cut = match bytes {
                Ok(bytes) => tools.with(|tools| self.cut(number, task, &bytes, tools)),
                Err(fault) => unreadable(number, task, fault.into()),
            };
            if send.send(cut).is_err() {
                return;
            }
        }
    }

    fn cut(self, number: usize, task: &Task, bytes: &[u8], tools: &mut Tools) -> Cut {
        let path = self.data.media.path(task.media);
        let head = match tools.decoder.head(bytes, path) {
            Ok(head) => head,
            Err(fault) => return unreadable(number, task, fault),
        };
        let whole = task.whole.map(|_| self.whole(bytes, &head, path, tools).map_err(Arc::new));
        let crops = self.crops(task, bytes, &head, path, tools);
        let (width, height) = head.displayed();
        let format = if self.is_encoded_anew(&head) { Format::Jpeg } else { head.format };
        Cut { number, seen: Some(Seen { width, height, format }), whole, crops }
    }

    /// Tools that read COCO take a picture as it is stored. One that is to be displayed another
    /// way up would have its boxes beside its animals.
    fn is_encoded_anew(self, head: &Head) -> bool {
        self.order.layout == Layout::Coco && !head.orientation.is_upright()
    }

    /// The file of the whole picture, without what it tells besides.
    fn whole(self, bytes: &[u8], head: &Head, path: &str, tools: &mut Tools) -> Result<Vec<u8>, Missing> {
        if !self.is_encoded_anew(head) {
            return clean(bytes, head.format).map_err(|fault| fault.of(path));
        }
        if head.width.max(head.height) > Encoder::MAX_SIDE {
            return Err(Fault::NotAPicture("it is too long to be turned the right way up".into()).of(path));
        }
        let picture = tools.decoder.decode(bytes, head, head.whole(), path)?;
        Ok(Encoder::new(WHOLE_QUALITY).encode(&head.orientation.display(picture)))
    }

    fn crops(self, task: &Task, bytes: &[u8], head: &Head, path: &str, tools: &mut Tools) -> Crops {
        let places = task.places.iter().map(|(place, _)| *place);
        if !self.order.wants_crops() {
            return places.map(|place| (place, self.box_lies_on(place, head).map(|()| None))).collect();
        }
        let boxes: Vec<_> = places.map(|place| (place, self.stored_box(place, head))).collect();
        let parts: Vec<_> =
            boxes.iter().flat_map(|(_, area)| area).map(|area| tools.cropper.part(*area)).collect();
        let mut excerpts = tools.decoder.excerpts(bytes, head, &parts).map(Vec::into_iter);
        let part = if excerpts.is_none() { parts.into_iter().reduce(Part::around) } else { None };
        let picture = match part.map(|part| tools.decoder.decode(bytes, head, part, path)).transpose() {
            Ok(picture) => picture,
            // Its size is known all the same, and with it the boxes in pixels.
            Err(fault) => return all_missing(task, &Arc::new(fault)),
        };
        let mut crops = Vec::with_capacity(boxes.len());
        for (place, area) in boxes {
            // What is cut from here on nobody will see.
            if self.is_over() {
                break;
            }
            let crop = area.and_then(|area| match (&picture, excerpts.as_mut().and_then(Iterator::next)) {
                (_, Some(excerpt)) => tools.crop_of(&excerpt, head, area, path).map(Some).map_err(Arc::new),
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
