//! Any bytes as the tables of a Wildlife Insights export: projects, deployments, images and sequences,
//! with a byte between them that no text has.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 4] = ["projects.csv", "deployments.csv", "images.csv", "sequences.csv"];

fuzz_target!(|bytes: &[u8]| {
    let folder = shared::folder_of(bytes, &FILES);
    // Most exports have no sequences.
    let sequences = folder.path().join("sequences.csv");
    if std::fs::metadata(&sequences).is_ok_and(|file| file.len() == 0) {
        std::fs::remove_file(sequences).expect("a file of our own is removed");
    }
    if let Some(data) = shared::read(folder.path()) {
        let of_sequences =
            data.observations.iter().filter(|o| o.level == detections::Level::Event).count();
        let used = [data.deployments.len(), data.observations.len() - of_sequences, of_sequences];
        for (file, used) in FILES[1..].iter().zip(used) {
            shared::assert_nothing_is_lost(&data, folder.path(), file, used);
        }
        shared::export(&data, folder.path());
    }
});
