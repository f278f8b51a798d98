//! What the targets share: a data set in memory is read, and an archive made of it in every layout.

// Not every target calls all of it.
#![allow(dead_code)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use archive::{Coordinates, Layout, Media, Order, PictureMemory, Unwatched};
use detections::{Dataset, ReadOptions, Selection};

/// Reads what is at `path` as a server does and as a report does.
pub fn read(path: &Path) -> Option<Dataset> {
    let numbers = ReadOptions { keep: detections::Keep::Numbers, ..ReadOptions::default() };
    let _ = detections::open(path, &numbers);
    detections::open(path, &ReadOptions::default()).ok()
}

/// Makes archives of everything in it.
pub fn export(data: &Dataset, folder: &Path) {
    let all = Selection { humans: true, without_box: true, ..Selection::default() };
    let rows = data.select(&all).expect("no names are asked for");
    let detection_ids: Vec<String> =
        rows.into_iter().map(|row| data.observations.get(row).id.to_owned()).collect();
    for (layout, media) in [
        (Layout::Crops, Media::Whole),
        (Layout::CamtrapDp, Media::Whole),
        (Layout::CamtrapDp, Media::Crops),
        (Layout::Coco, Media::Whole),
    ] {
        let order = Order { layout, media, include_originals: true, ..crops(detection_ids.clone()) };
        let file = tempfile::tempfile_in(folder).expect("a temporary file");
        let _ = archive::write(data, &order, file, folder, &Unwatched);
    }
}

/// An order of crops, with all that can be had, made by one thread.
pub fn crops(detection_ids: Vec<String>) -> Order {
    Order {
        detection_ids,
        layout: Layout::Crops,
        media: Media::Whole,
        include_crops: true,
        include_originals: false,
        include_metadata_csv: true,
        include_humans: true,
        include_damaged: true,
        crop_size: 128,
        coordinates: Coordinates::Rounded,
        request: serde_json::Value::Null,
        threads: NonZeroUsize::MIN,
        memory: Arc::new(PictureMemory::new(1 << 30)),
        job_memory: u64::MAX,
    }
}

/// A folder in memory.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}
