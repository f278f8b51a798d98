//! Any bytes as the body of a request for a report or an archive: it is refused, or kept as a job and read
//! again by a worker.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    server::fuzzing::submit(bytes);
});
