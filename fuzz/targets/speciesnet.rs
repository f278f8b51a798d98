//! Any bytes as results of a detector (speciesnet).
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::results(bytes));
