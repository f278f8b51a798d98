//! Any bytes as the tables of a Camtrap DP package: descriptor, deployments, media and
//! observations, with a byte between them that no text has.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 4] = ["datapackage.json", "deployments.csv", "media.csv", "observations.csv"];

fuzz_target!(|bytes: &[u8]| {
    let folder = shared::folder_of(bytes, &FILES);
    if let Some(data) = shared::read(folder.path()) {
        // A descriptor may name any files; those of the seeds are these.
        let is_usual = data.problems.tables().iter().all(|table| FILES.contains(&table.file.as_str()));
        let used = [data.deployments.len(), data.media.len(), data.observations.len()];
        for (file, used) in FILES[1..].iter().zip(used).filter(|_| is_usual) {
            shared::assert_nothing_is_lost(&data, folder.path(), file, used);
        }
        shared::export(&data, folder.path());
    }
});
