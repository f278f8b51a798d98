//! Threads that read each picture once and make all its files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use detections::{BoundingBox, Dataset, PixelBox};

use crate::crop::{Crop, choose_part};
use crate::decoder_pool::{CropTools, DecoderPool};
use crate::error::ArchiveError;
use crate::memory::{Reservation, ReserveError};
use crate::missing::Missing;
use crate::picture::{
    DamagePolicy, DecodeOptions, Encoder, ExcerptResult, Part, PictureError, PictureFormat, PictureHeader,
    PictureInfo, read_header, remove_metadata,
};
use crate::plan::{PictureTask, Plan};
use crate::request::{ArchiveJob, Layout};
use crate::watch::Watch;

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
    pub whole: Option<Result<Whole, Arc<Missing>>>,
    pub crops: Crops,
}

/// The file of a whole picture.
pub(crate) struct Whole {
    pub bytes: Vec<u8>,
    /// Its damage, if it was decoded nevertheless.
    pub damage: Option<String>,
}

/// For each detection on a picture, by its place: the crop if crops are requested, or why there is none.
pub(crate) type Crops = Vec<(usize, Result<Option<Crop>, Arc<Missing>>)>;

/// For each detection on a picture, by its place: the box in pixels of the picture as stored.
type Boxes = Vec<(usize, Result<PixelBox, Arc<Missing>>)>;

/// Reads the pictures of `plan` and passes the files of each to `take` as they are ready.
pub(crate) fn process_pictures(
    data: &Dataset,
    plan: &Plan,
    job: &ArchiveJob<'_>,
    watch: &dyn Watch,
    mut take: impl FnMut(ProcessedPicture) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let next = AtomicUsize::new(0);
    let decoding = job.resources.threads.get().min(plan.pictures.len().max(1));
    let pool = DecoderPool::new(decoding, job.request.crop_size);
    let is_on_other_host = |task: &PictureTask| data.files.is_on_other_host(data.media.path(task.media));
    let remote = plan.pictures.iter().any(|task| task.is_read && is_on_other_host(task));
    let fetching = if remote { data.files.max_concurrent_fetches() } else { 0 };
    let is_finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // The queue holds one picture per thread; faster threads wait for the disk.
        let (send, ready) = sync_channel(decoding);
        for _ in 0..fetching.max(decoding) {
            let (send, next, pool) = (send.clone(), &next, &pool);
            let worker = Worker { data, plan, job, watch, is_finished: &is_finished };
            scope.spawn(move || worker.work(next, pool, &send));
        }
        drop(send);
        let taken = ready.into_iter().try_for_each(|picture| {
            if watch.is_cancelled() { Err(ArchiveError::Cancelled) } else { take(picture) }
        });
        is_finished.store(true, Ordering::Relaxed);
        if watch.is_cancelled() { Err(ArchiveError::Cancelled) } else { taken }
    })
}

#[derive(Clone, Copy)]
struct Worker<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    job: &'a ArchiveJob<'a>,
    watch: &'a dyn Watch,
    /// The receiver has stopped, so no more files are needed.
    is_finished: &'a AtomicBool,
}

impl<'a> Worker<'a> {
    fn is_stopped(self) -> bool {
        self.is_finished.load(Ordering::Relaxed) || self.watch.is_cancelled()
    }

    fn work(self, next: &AtomicUsize, pool: &DecoderPool, send: &SyncSender<ProcessedPicture>) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.plan.pictures.get(number) else { return };
            let picture = if task.is_read {
                let path = self.data.media.path(task.media);
                let bytes = self.data.files.read(path, &|| self.is_stopped());
                if self.is_stopped() {
                    return;
                }
                match bytes {
                    Ok(bytes) => self.process(number, task, &bytes, pool),
                    Err(error) => describe_unreadable(number, task, error.into()),
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
        let head = match read_header(bytes, path) {
            Ok(head) => head,
            Err(error) => return describe_unreadable(number, task, error),
        };
        let boxes: Vec<_> =
            task.places.iter().map(|(place, _)| (*place, self.find_stored_box(*place, &head))).collect();
        // Reserved until the files of the picture are made.
        let _memory = match self.reserve_memory(task, &boxes, bytes, &head, path) {
            Ok(memory) => memory,
            Err(error) => {
                let info = Some(self.describe(&head));
                return ProcessedPicture { info, ..describe_unreadable(number, task, error) };
            }
        };
        pool.run(|tools| {
            let whole = task.whole.map(|_| self.make_whole(bytes, &head, path, tools).map_err(Arc::new));
            let crops = self.make_crops(task, boxes, bytes, &head, path, tools);
            ProcessedPicture { number, info: Some(self.describe(&head)), whole, crops }
        })
    }

    fn describe(self, head: &PictureHeader) -> PictureInfo {
        let (width, height) = head.display_size();
        let format = if self.is_encoded_anew(head) { PictureFormat::Jpeg } else { head.format };
        PictureInfo { width, height, format }
    }

    /// Reserves the memory for decoding a picture.
    fn reserve_memory(
        self,
        task: &PictureTask,
        boxes: &Boxes,
        bytes: &[u8],
        head: &PictureHeader,
        path: &str,
    ) -> Result<Reservation<'a>, Missing> {
        let mut needed = 2 * bytes.len() as u64;
        if self.job.request.has_crops() {
            let part_of = |area: &PixelBox| choose_part(*area, self.job.request.crop_size);
            let part = boxes.iter().filter_map(|(_, area)| area.as_ref().ok()).map(part_of);
            needed += part.reduce(Part::enclose).map_or(0, |part| head.memory_needed(part));
        }
        if task.whole.is_some() && self.is_encoded_anew(head) {
            // The picture is rotated into a second copy, which is then encoded.
            needed += 2 * head.memory_needed(head.whole_part());
        }
        let memory = &self.job.resources.pictures;
        let limit = memory.total().min(self.job.resources.job_memory);
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
        memory.reserve(needed, &|| self.is_stopped()).map_err(|error| match error {
            ReserveError::MoreThanAll => too_much(),
            ReserveError::Stopped => Missing::Stopped,
        })
    }

    /// Tools that read COCO ignore the EXIF orientation. The boxes would miss the animals on a rotated
    /// picture, so it is encoded upright.
    fn is_encoded_anew(self, head: &PictureHeader) -> bool {
        self.job.request.layout == Layout::Coco && !head.orientation.is_upright()
    }

    /// Makes the file of the whole picture, without metadata.
    fn make_whole(
        self,
        bytes: &[u8],
        head: &PictureHeader,
        path: &str,
        tools: &mut CropTools,
    ) -> Result<Whole, Missing> {
        if !self.is_encoded_anew(head) {
            let cleaned = remove_metadata(bytes, head.format).map_err(|error| error.into_missing(path))?;
            return Ok(Whole { bytes: cleaned, damage: None });
        }
        if head.width.max(head.height) > Encoder::MAX_SIDE {
            return Err(PictureError::NotAPicture("it is too long to be turned the right way up".into())
                .into_missing(path));
        }
        let stop = || self.is_stopped();
        let how = DecodeOptions { damage: self.damage_policy(), stop: &stop };
        let picture = tools
            .decoder
            .decode(bytes, head, head.whole_part(), how)
            .map_err(|error| error.into_missing(path))?;
        let damage = picture.damage.clone();
        let bytes = Encoder::new(WHOLE_QUALITY).encode(&head.orientation.display(picture));
        Ok(Whole { bytes, damage })
    }

    fn damage_policy(self) -> DamagePolicy {
        if self.job.request.include_damaged { DamagePolicy::Accept } else { DamagePolicy::Refuse }
    }

    fn make_crops(
        self,
        task: &PictureTask,
        boxes: Boxes,
        bytes: &[u8],
        head: &PictureHeader,
        path: &str,
        tools: &mut CropTools,
    ) -> Crops {
        if !self.job.request.has_crops() {
            let places = task.places.iter().map(|(place, _)| *place);
            return places.map(|place| (place, self.check_box(place, head).map(|()| None))).collect();
        }
        let parts: Vec<_> =
            boxes.iter().flat_map(|(_, area)| area).map(|area| tools.cropper.choose_part(*area)).collect();
        let (excerpts, damage) = match tools.decoder.cut_excerpts(bytes, head, &parts) {
            ExcerptResult::Files(excerpts) => (Some(excerpts), None),
            ExcerptResult::Whole => (None, None),
            ExcerptResult::Damaged if self.job.request.include_damaged => (None, Some(BLOCKS_DO_NOT_FIT)),
            ExcerptResult::Damaged => {
                let error = PictureError::Damaged(BLOCKS_DO_NOT_FIT.into());
                return all_missing(task, &Arc::new(error.into_missing(path)));
            }
        };
        let mut excerpts = excerpts.map(Vec::into_iter);
        let part = if excerpts.is_none() { parts.into_iter().reduce(Part::enclose) } else { None };
        let stop = || self.is_stopped();
        let how = DecodeOptions { damage: self.damage_policy(), stop: &stop };
        let picture = match part.map(|part| tools.decoder.decode(bytes, head, part, how)).transpose() {
            Ok(picture) => picture.map(|picture| picture.with_damage(damage)),
            // The size is known nevertheless, and with it the boxes in pixels.
            Err(error) => return all_missing(task, &Arc::new(error.into_missing(path))),
        };
        let mut crops = Vec::with_capacity(boxes.len());
        for (place, area) in boxes {
            // Nobody receives further crops.
            if self.is_stopped() {
                break;
            }
            let crop = area.and_then(|area| match (&picture, excerpts.as_mut().and_then(Iterator::next)) {
                (_, Some(excerpt)) => {
                    let crop = tools.make_crop(&excerpt, head, area);
                    crop.map(Some).map_err(|error| Arc::new(error.into_missing(path)))
                }
                (picture, None) => {
                    Ok(picture.as_ref().map(|picture| tools.cropper.crop(picture, head.orientation, area)))
                }
            });
            crops.push((place, crop));
        }
        if let Some(picture) = picture {
            tools.decoder.recycle(picture);
        }
        crops
    }

    /// Checks that the box is on the picture, for tables that contain boxes.
    fn check_box(self, place: usize, head: &PictureHeader) -> Result<(), Arc<Missing>> {
        if self.job.request.layout == Layout::Crops || self.find_box(place).is_none() {
            return Ok(());
        }
        self.find_stored_box(place, head).map(|_| ())
    }

    /// Finds the box of a detection, in pixels of the picture as stored.
    fn find_stored_box(self, place: usize, head: &PictureHeader) -> Result<PixelBox, Arc<Missing>> {
        let (width, height) = head.display_size();
        let area = self.find_box(place).and_then(|area| area.to_pixels(width, height));
        let area = area.ok_or_else(|| Arc::new(Missing::BoxOutside { width, height }))?;
        Ok(head.orientation.find_stored_box(area, head.width, head.height))
    }

    fn find_box(self, place: usize) -> Option<BoundingBox> {
        let row = self.plan.rows[place].as_ref().ok()?;
        self.data.observations.get(*row).bbox
    }
}

/// A picture that could not be read.
fn describe_unreadable(number: usize, task: &PictureTask, error: Missing) -> ProcessedPicture {
    let error = Arc::new(error);
    let whole = task.whole.map(|_| Err(Arc::clone(&error)));
    ProcessedPicture { number, info: None, whole, crops: all_missing(task, &error) }
}

/// The same reason for every detection of a picture.
fn all_missing(task: &PictureTask, error: &Arc<Missing>) -> Crops {
    task.places.iter().map(|(place, _)| (*place, Err(Arc::clone(error)))).collect()
}
