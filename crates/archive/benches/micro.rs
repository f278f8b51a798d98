//! Times of making an archive, on a picture of the bundled example.

use std::fs::File;
use std::path::Path;

use archive::fuzzing::{CropCutter, EntryWriter, encode_picture};
use detections::{Dataset, PixelBox, ReadOptions};
use divan::{Bencher, black_box};
use tokio_util::sync::CancellationToken;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

/// A heron, of which the example has the picture and a box.
const DETECTION: &str = "d9ef08ec_1";
/// The side of crops, the default of requests.
const CROP_SIZE: u32 = 300;

fn main() {
    divan::main();
}

fn open_example() -> Dataset {
    let path = testkit::examples().join("camtrap-dp");
    detections::open(&path, &ReadOptions::default()).expect("the bundled example")
}

/// A picture of 12 megapixels, which is the one of the heron four times, and the box of the last heron.
fn make_picture() -> (Vec<u8>, PixelBox) {
    let data = open_example();
    let row = data.observations.find(DETECTION).expect("a detection of the example");
    let heron = data.observations.get(row);
    let path = data.media.path(heron.media.expect("a picture"));
    let file = data.files.read(path, &CancellationToken::new()).expect("a file of the example");
    let mut decoder = JpegDecoder::new(ZCursor::new(&file));
    let pixels = decoder.decode().expect("a valid picture");
    let (width, height) = decoder.dimensions().expect("a size");
    let mut large = Vec::with_capacity(16 * width * height);
    for row in pixels.chunks_exact(3 * width).cycle().take(2 * height) {
        for pixel in row.chunks_exact(3).cycle().take(2 * width) {
            large.extend_from_slice(&[pixel[0], pixel[1], pixel[2], 0]);
        }
    }
    let [width, height] = [width, height].map(|side| u32::try_from(side).expect("a side"));
    let mut area = heron.bbox.and_then(|area| area.to_pixels(width, height)).expect("a box");
    (area.x, area.y) = (area.x + width, area.y + height);
    (encode_picture(2 * width, 2 * height, large), area)
}

#[divan::bench(name = "crop out of a picture of 12 megapixels")]
fn cut_crop(bencher: Bencher) {
    let (picture, area) = make_picture();
    let mut cutter = CropCutter::new(CROP_SIZE);
    bencher.bench_local(|| cutter.cut(black_box(&picture), area));
}

#[divan::bench(name = "crop written into a ZIP, with its SHA-256")]
fn write_entry(bencher: Bencher) {
    let (picture, area) = make_picture();
    let crop = CropCutter::new(CROP_SIZE).cut(&picture, area);
    let cancellation = CancellationToken::new();
    let mut zip = EntryWriter::new(create_file(), &cancellation);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        zip.store(&format!("crops/detection_{number}.jpg"), black_box(&crop)).expect("an entry");
    });
}

/// A file in memory, if there is a place for one: the disk is not measured.
fn create_file() -> File {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempfile_in(memory) } else { tempfile::tempfile() };
    made.expect("a temporary file")
}
