//! Any bytes as a picture with boxes on it.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

const RESULTS: &str = r#"{"detection_categories": {"1": "animal"}, "images": [{"file": "a.jpg", "detections": [
    {"category": "1", "conf": 1, "bbox": [0, 0, 1, 1]},
    {"category": "1", "conf": 1, "bbox": [0.4, 0.3, 0.2, 0.1]},
    {"category": "1", "conf": 1, "bbox": [0.9, -0.5, 0.3, 0.75]}]}]}"#;

fuzz_target!(|bytes: &[u8]| {
    // A few bytes may promise 200 megapixels, which is allowed, and takes seconds to fill.
    let folder = shared::folder();
    let path = folder.path().join("results.json");
    std::fs::write(&path, RESULTS).expect("a file is written");
    std::fs::write(folder.path().join("a.jpg"), bytes).expect("a file is written");
    if let Some(data) = shared::read(&path) {
        shared::export(&data, folder.path());
    }
});
