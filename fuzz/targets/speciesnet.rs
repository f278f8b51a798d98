//! Any bytes as results of a detector (speciesnet).
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = shared::folder();
    let path = folder.path().join("results.json");
    std::fs::write(&path, bytes).expect("a file is written");
    if let Some(data) = shared::read(&path) {
        shared::export(&data, folder.path());
    }
});
