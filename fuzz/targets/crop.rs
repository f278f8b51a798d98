//! Any bytes as a picture with boxes on it.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

/// A box of the whole picture is decoded with it; small ones are cut out of the file first.
const LARGE: &str = "[0, 0, 1, 1]";
const SMALL: [&str; 2] = ["[0.4, 0.3, 0.2, 0.1]", "[0.9, -0.5, 0.3, 0.75]"];

fuzz_target!(|bytes: &[u8]| {
    // A few bytes may promise 200 megapixels, which is allowed, and takes seconds to fill.
    let folder = shared::folder();
    let path = folder.path().join("results.json");
    std::fs::write(folder.path().join("a.jpg"), bytes).expect("a file is written");
    for boxes in [vec![LARGE, SMALL[0], SMALL[1]], SMALL.to_vec()] {
        let detection = |bbox: &str| format!(r#"{{"category": "1", "conf": 1, "bbox": {bbox}}}"#);
        let detections: Vec<_> = boxes.into_iter().map(detection).collect();
        let results = format!(
            r#"{{"detection_categories": {{"1": "animal"}}, "images": [{{"file": "a.jpg", "detections": [{}]}}]}}"#,
            detections.join(", ")
        );
        std::fs::write(&path, results).expect("a file is written");
        if let Some(data) = shared::read(&path) {
            shared::export(&data, folder.path());
        }
    }
});
