//! Threads that read each picture once and make all its files.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use detections::{Dataset, PixelBox};
use tokio_util::sync::CancellationToken;

use crate::crop::choose_part;
use crate::decoder_pool::{CropTools, DecoderPool};
use crate::error::ArchiveError;
use crate::job::ArchiveJob;
use crate::memory::{Reservation, ReserveError};
use crate::missing::MissingError;
use crate::picture::{
    DamagePolicy, DecodeOptions, Encoder, ExcerptResult, Part, Picture, PictureError, PictureFile,
    PictureFormat, PictureHeader, PictureInfo, read_header, remove_metadata,
};
use crate::plan::{PictureTask, Plan};

/// The damage of a file whose blocks do not match the length of its data.
const BLOCKS_DO_NOT_FIT: &str = "Corrupt JPEG data: its blocks do not fill its data";
/// JPEG quality of a whole picture that must be encoded anew, 1 to 100.
const WHOLE_QUALITY: u8 = 95;

/// The files that were made from a picture.
pub(crate) struct ProcessedPicture {
    /// Its number in [`Plan::pictures`].
    pub number: usize,
    /// Its size and format, if its header could be read.
    pub info: Option<PictureInfo>,
    /// The whole picture, if requested.
    pub whole: Option<Result<PictureFile, Arc<MissingError>>>,
    pub crops: Crops,
}

/// For each detection on a picture, by its place: the crop if crops are requested, or why there is none.
pub(crate) type Crops = Vec<(usize, Result<Option<PictureFile>, Arc<MissingError>>)>;

/// For each detection on a picture, by its place: the box in pixels of the picture as stored.
type Boxes = Vec<(usize, Result<PixelBox, Arc<MissingError>>)>;

/// Reads the pictures of `plan` and passes the files of each to `take` as they are ready.
pub(crate) fn process_pictures(
    data: &Dataset,
    plan: &Plan,
    job: &ArchiveJob<'_>,
    cancellation: &CancellationToken,
    mut take: impl FnMut(ProcessedPicture) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let next = AtomicUsize::new(0);
    let decoding = job.resources.threads.get().min(plan.pictures.len().max(1));
    let pool = DecoderPool::new(decoding, job.request.crop_size);
    let is_on_other_host = |task: &PictureTask| data.files.is_on_other_host(data.media.path(task.media));
    let remote = plan.pictures.iter().any(|task| task.is_read && is_on_other_host(task));
    let fetching = if remote { data.files.max_concurrent_fetches() } else { 0 };
    // Also cancelled when the receiver has stopped, so that no more files are made.
    let stop = &cancellation.child_token();
    std::thread::scope(|scope| {
        // The queue holds one picture per thread; faster threads wait for the disk.
        let (send, ready) = sync_channel(decoding);
        for _ in 0..fetching.max(decoding) {
            let (send, next, pool) = (send.clone(), &next, &pool);
            let worker = Worker { data, plan, job, stop };
            scope.spawn(move || worker.work(next, pool, &send));
        }
        drop(send);
        let taken = ready.into_iter().try_for_each(|picture| {
            if cancellation.is_cancelled() { Err(ArchiveError::Cancelled) } else { take(picture) }
        });
        stop.cancel();
        if cancellation.is_cancelled() { Err(ArchiveError::Cancelled) } else { taken }
    })
}

#[derive(Clone, Copy)]
struct Worker<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    job: &'a ArchiveJob<'a>,
    stop: &'a CancellationToken,
}

impl Worker<'_> {
    fn work(self, next: &AtomicUsize, pool: &DecoderPool, send: &SyncSender<ProcessedPicture>) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.plan.pictures.get(number) else { return };
            let picture = if task.is_read {
                let path = self.data.media.path(task.media);
                let bytes = self.data.files.read(path, self.stop);
                if self.stop.is_cancelled() {
                    return;
                }
                match bytes {
                    Ok(bytes) => self.process(number, task, &bytes, pool),
                    Err(error) => describe_unreadable(number, task, None, Arc::new(error.into())),
                }
            } else {
                let crops = task.places.iter().map(|(place, _)| (*place, Ok(None))).collect();
                ProcessedPicture { number, info: None, whole: None, crops }
            };
            if send.send(picture).is_err() {
                return;
            }
        }
    }

    fn process(
        self,
        number: usize,
        task: &PictureTask,
        bytes: &[u8],
        pool: &DecoderPool,
    ) -> ProcessedPicture {
        let path = self.data.media.path(task.media);
        let explain = |why| Arc::new(MissingError::Picture(path.to_owned(), why));
        let head = match read_header(bytes) {
            Ok(head) => head,
            Err(why) => return describe_unreadable(number, task, None, explain(why)),
        };
        let picture = OpenPicture { worker: self, task, bytes, path, head };
        let info = Some(picture.describe());
        let boxes: Boxes =
            task.places.iter().map(|(place, _)| (*place, picture.find_stored_box(*place))).collect();
        // Reserved until the files of the picture are made.
        let _memory = match picture.reserve_memory(&boxes) {
            Ok(memory) => memory,
            Err(error) => return describe_unreadable(number, task, info, Arc::new(error)),
        };
        pool.run(|tools| {
            let whole = task.whole.map(|_| picture.make_whole(tools).map_err(explain));
            // The size is known nevertheless, and with it the boxes in pixels.
            let crops =
                picture.make_crops(boxes, tools).unwrap_or_else(|why| all_missing(task, &explain(why)));
            ProcessedPicture { number, info, whole, crops }
        })
    }
}

/// A picture file whose header was read.
struct OpenPicture<'a> {
    worker: Worker<'a>,
    task: &'a PictureTask,
    bytes: &'a [u8],
    path: &'a str,
    head: PictureHeader,
}

impl<'a> OpenPicture<'a> {
    fn describe(&self) -> PictureInfo {
        let (width, height) = self.head.display_size();
        let format = if self.is_encoded_anew() { PictureFormat::Jpeg } else { self.head.format };
        PictureInfo { width, height, format }
    }

    /// Whether a rotated picture is encoded upright, as the layout asks for.
    fn is_encoded_anew(&self) -> bool {
        self.worker.job.rules.is_upright && !self.head.orientation.is_upright()
    }

    /// Finds the box of a detection, in pixels of the picture as stored.
    fn find_stored_box(&self, place: usize) -> Result<PixelBox, Arc<MissingError>> {
        let (width, height) = self.head.display_size();
        let area = self.worker.plan.rows[place]
            .as_ref()
            .ok()
            .and_then(|row| self.worker.data.observations.get(*row).bbox?.to_pixels(width, height));
        let area = area.ok_or_else(|| Arc::new(MissingError::BoxOutside(width, height)))?;
        Ok(self.head.orientation.find_stored_box(area, self.head.width, self.head.height))
    }

    /// Reserves the memory for decoding the picture.
    fn reserve_memory(&self, boxes: &Boxes) -> Result<Reservation<'a>, MissingError> {
        let (job, head) = (self.worker.job, &self.head);
        let mut needed = 2 * self.bytes.len() as u64;
        if job.rules.has_crops {
            let parts = boxes.iter().flat_map(|(_, area)| area).map(|area| self.choose_part(*area));
            needed += parts.reduce(Part::enclose).map_or(0, |part| head.memory_needed(part));
        }
        if self.task.whole.is_some() && self.is_encoded_anew() {
            // The picture is rotated into a second copy, which is then encoded.
            needed += 2 * head.memory_needed(head.whole_part());
        }
        let memory = &job.resources.pictures;
        let limit = memory.total().min(job.resources.job_memory);
        let too_much = || MissingError::TooMuchMemory {
            path: self.path.to_owned(),
            width: head.width,
            height: head.height,
            needed: needed.div_ceil(1 << 20),
            limit: limit >> 20,
        };
        if needed > limit {
            return Err(too_much());
        }
        memory.reserve(needed, self.worker.stop).map_err(|error| match error {
            ReserveError::MoreThanAll => too_much(),
            ReserveError::Cancelled => MissingError::Picture(self.path.to_owned(), PictureError::Cancelled),
        })
    }

    fn choose_part(&self, area: PixelBox) -> Part {
        choose_part(area, self.worker.job.request.crop_size)
    }

    fn decode(&self, part: Part, tools: &mut CropTools) -> Result<Picture, PictureError> {
        let accepts = self.worker.job.request.include_damaged;
        let damage = if accepts { DamagePolicy::Accept } else { DamagePolicy::Refuse };
        tools.decoder.decode(
            self.bytes,
            &self.head,
            part,
            DecodeOptions { damage, cancellation: self.worker.stop },
        )
    }

    /// Makes the file of the whole picture, without metadata.
    fn make_whole(&self, tools: &mut CropTools) -> Result<PictureFile, PictureError> {
        let (head, info) = (&self.head, self.describe());
        if !self.is_encoded_anew() {
            let bytes = remove_metadata(self.bytes, head.format)?;
            return Ok(PictureFile { bytes, info, damage: None });
        }
        if head.width.max(head.height) > Encoder::MAX_SIDE {
            return Err(PictureError::NotAPicture("it is too long to be turned the right way up".into()));
        }
        let picture = self.decode(head.whole_part(), tools)?;
        let damage = picture.damage.clone();
        let bytes = Encoder::new(WHOLE_QUALITY).encode(&head.orientation.display(picture));
        Ok(PictureFile { bytes, info, damage })
    }

    fn make_crops(&self, boxes: Boxes, tools: &mut CropTools) -> Result<Crops, PictureError> {
        let Worker { data, plan, job, .. } = self.worker;
        if !job.rules.has_crops {
            // For tables that contain boxes, these must be on the picture.
            let has_box = |place: usize| {
                plan.rows[place].as_ref().is_ok_and(|row| data.observations.get(*row).bbox.is_some())
            };
            let check = |(place, area): (usize, Result<PixelBox, Arc<MissingError>>)| {
                let is_checked = !job.rules.is_of_files && has_box(place);
                (place, if is_checked { area.map(|_| None) } else { Ok(None) })
            };
            return Ok(boxes.into_iter().map(check).collect());
        }
        let parts: Vec<_> =
            boxes.iter().flat_map(|(_, area)| area).map(|area| self.choose_part(*area)).collect();
        let (excerpts, damage) = match tools.decoder.cut_excerpts(self.bytes, &self.head, &parts) {
            ExcerptResult::Files(excerpts) => (Some(excerpts), None),
            ExcerptResult::Whole => (None, None),
            ExcerptResult::Damaged if job.request.include_damaged => (None, Some(BLOCKS_DO_NOT_FIT)),
            ExcerptResult::Damaged => return Err(PictureError::Damaged(BLOCKS_DO_NOT_FIT.into())),
        };
        let mut excerpts = excerpts.map(Vec::into_iter);
        let part = if excerpts.is_none() { parts.into_iter().reduce(Part::enclose) } else { None };
        let picture = part.map(|part| self.decode(part, tools)).transpose()?;
        let picture = picture.map(|picture| picture.with_damage(damage));
        let mut crops = Vec::with_capacity(boxes.len());
        for (place, area) in boxes {
            // Nobody receives further crops.
            if self.worker.stop.is_cancelled() {
                break;
            }
            let mut make_crop = |area| -> Result<Option<PictureFile>, PictureError> {
                let orientation = self.head.orientation;
                let Some(excerpt) = excerpts.as_mut().and_then(Iterator::next) else {
                    let crop = picture.as_ref().map(|picture| tools.cropper.crop(picture, orientation, area));
                    return Ok(crop);
                };
                let picture = tools.decoder.decode_excerpt(&excerpt, self.choose_part(area).shrink)?;
                let crop = tools.cropper.crop(&picture, orientation, area);
                tools.decoder.recycle(picture);
                Ok(Some(crop))
            };
            let explain = |why| Arc::new(MissingError::Picture(self.path.to_owned(), why));
            crops.push((place, area.and_then(|area| make_crop(area).map_err(explain))));
        }
        if let Some(picture) = picture {
            tools.decoder.recycle(picture);
        }
        Ok(crops)
    }
}

/// A picture of which no file could be made.
fn describe_unreadable(
    number: usize,
    task: &PictureTask,
    info: Option<PictureInfo>,
    error: Arc<MissingError>,
) -> ProcessedPicture {
    let whole = task.whole.map(|_| Err(Arc::clone(&error)));
    ProcessedPicture { number, info, whole, crops: all_missing(task, &error) }
}

/// The same reason for every detection of a picture.
fn all_missing(task: &PictureTask, error: &Arc<MissingError>) -> Crops {
    task.places.iter().map(|(place, _)| (*place, Err(Arc::clone(error)))).collect()
}
