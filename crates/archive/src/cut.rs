//! Threads that read each picture once and cut out all its crops.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use detections::{Dataset, RelativeBox};

use crate::crop::Cropper;
use crate::error::{ArchiveError, Missing};
use crate::order::{Order, Watch};
use crate::picture::{Decoder, Head, Picture};
use crate::plan::{Plan, Task};

/// What became of a picture.
pub(crate) struct Cut {
    pub media: u32,
    /// Its width and height as displayed, when its head could be read.
    pub size: Option<(u32, u32)>,
    pub crops: Vec<Crop>,
}

/// The place of a detection and, where crops are asked for, its crop.
pub(crate) type Crop = (usize, Result<Option<Vec<u8>>, Arc<Missing>>);

/// Reads the pictures of `plan` and hands what became of each to `take`, as they are ready.
pub(crate) fn cut_all(
    data: &Dataset,
    plan: &Plan,
    order: &Order,
    watch: &dyn Watch,
    mut take: impl FnMut(Cut) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let next = AtomicUsize::new(0);
    let threads = order.threads.get().min(plan.pictures.len().max(1));
    std::thread::scope(|scope| {
        // Room for one picture's crops a thread: who is ahead waits for the disk.
        let (send, ready) = sync_channel(threads);
        for _ in 0..threads {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || work(data, plan, order, watch, next, &send));
        }
        drop(send);
        for cut in ready {
            if watch.is_cancelled() {
                return Err(ArchiveError::Cancelled);
            }
            take(cut)?;
        }
        if watch.is_cancelled() { Err(ArchiveError::Cancelled) } else { Ok(()) }
    })
}

fn work(
    data: &Dataset,
    plan: &Plan,
    order: &Order,
    watch: &dyn Watch,
    next: &AtomicUsize,
    send: &SyncSender<Cut>,
) {
    let mut worker =
        Worker { data, plan, order, decoder: Decoder::new(), cropper: Cropper::new(order.crop_size) };
    while let Some(task) = plan.pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
        if watch.is_cancelled() || send.send(worker.cut(task)).is_err() {
            return;
        }
    }
}

struct Worker<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    order: &'a Order,
    decoder: Decoder,
    cropper: Cropper,
}

impl Worker<'_> {
    fn cut(&mut self, task: &Task) -> Cut {
        match self.look(task) {
            Ok((size, crops)) => Cut { media: task.media, size: Some(size), crops },
            Err(fault) => Cut { media: task.media, size: None, crops: all_missing(task, fault) },
        }
    }

    /// The picture's size and its crops; an error when nothing can be had of it.
    fn look(&mut self, task: &Task) -> Result<((u32, u32), Vec<Crop>), Missing> {
        let path = self.data.media.path(task.media);
        let bytes = self.data.files.read(path)?;
        let head = self.decoder.head(&bytes, path)?;
        let size = head.displayed();
        if !self.order.include_crops {
            return Ok((size, task.places.iter().map(|place| (*place, Ok(None))).collect()));
        }
        let picture = match self.decoder.decode(&bytes, &head, path) {
            Ok(picture) => picture,
            // Its size is known all the same, and with it the boxes in pixels.
            Err(fault) => return Ok((size, all_missing(task, fault))),
        };
        let crops = task.places.iter().map(|&place| (place, self.crop(&picture, &head, place))).collect();
        Ok((size, crops))
    }

    fn crop(
        &mut self,
        picture: &Picture,
        head: &Head,
        place: usize,
    ) -> Result<Option<Vec<u8>>, Arc<Missing>> {
        let (width, height) = head.displayed();
        let area = self.area(place).and_then(|area| area.in_pixels(width, height));
        let area = area.ok_or_else(|| Arc::new(Missing::BoxOutside { width, height }))?;
        Ok(Some(self.cropper.cut(picture, head.orientation, area)))
    }

    fn area(&self, place: usize) -> Option<RelativeBox> {
        let row = self.plan.rows[place].as_ref().ok()?;
        self.data.observations.get(*row).bbox
    }
}

/// The same fault for every detection of a picture.
fn all_missing(task: &Task, fault: Missing) -> Vec<Crop> {
    let fault = Arc::new(fault);
    task.places.iter().map(|place| (*place, Err(Arc::clone(&fault)))).collect()
}
