//! What the targets of detectors share: bytes are read as results.

use std::sync::Arc;

use detections::{Dataset, Fetch, FetchError, Keep, ReadOptions};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::shared::{export, folder};

/// A store without pictures: where they may be in one, results are read though no picture is beside them.
#[derive(Debug)]
struct EmptyStore;

impl Fetch for EmptyStore {
    fn fetch(&self, _: &str, _: u64, _: &CancellationToken) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Status(404))
    }

    fn max_concurrent(&self) -> usize {
        1
    }
}

/// Reads bytes as the results of a detector, holds the images that were read against those that there are,
/// and makes archives of them.
pub fn results(bytes: &[u8]) {
    let folder = folder();
    let path = folder.path().join("results.json");
    std::fs::write(&path, bytes).expect("a file is written");
    // As they stand, which may be refused since there are no pictures.
    let _ = detections::open(&path, &ReadOptions::default());
    let options = ReadOptions { image_store: Some(Arc::new(EmptyStore)), ..ReadOptions::default() };
    let numbers = detections::open(&path, &ReadOptions { keep: Keep::Numbers, ..options.clone() });
    let data = detections::open(&path, &options);
    assert_eq!(numbers.is_ok(), data.is_ok(), "what is kept decides whether results can be read");
    let (Ok(numbers), Ok(data)) = (numbers, data) else { return };
    assert_eq!(images_of(&numbers), images_of(&data), "what is kept decides how many images there are");
    let (used, lost, rows) = images_of(&data);
    assert_eq!(used + lost, rows, "an image is lost without being counted");
    // Where another reader can make sense of the bytes, it sees as many images.
    if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
        let lists = ["images", "predictions", "annotations"].map(|list| json[list].as_array().map(Vec::len));
        assert!(lists.iter().flatten().any(|length| *length as u64 == rows), "{rows} images of {lists:?}");
    }
    export(&data, folder.path());
}

/// Images in the data, images that are not, and all that were read.
fn images_of(data: &Dataset) -> (u64, u64, u64) {
    let tables = data.problems.tables();
    let lost = tables.iter().map(|table| table.rows_lost).sum();
    (data.media.len() as u64, lost, tables.iter().map(|table| table.rows).sum())
}
