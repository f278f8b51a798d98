//! Any bytes as the tables of a Camtrap DP package: descriptor, deployments, media and
//! observations, with a byte between them that no text has.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 4] = ["datapackage.json", "deployments.csv", "media.csv", "observations.csv"];

fuzz_target!(|bytes: &[u8]| {
    let folder = shared::folder();
    let mut parts = bytes.split(|byte| *byte == 0xFF);
    for name in FILES {
        let part = parts.next().unwrap_or_default();
        std::fs::write(folder.path().join(name), part).expect("a file is written");
    }
    if let Some(data) = shared::read(folder.path()) {
        shared::export(&data, folder.path());
    }
});
