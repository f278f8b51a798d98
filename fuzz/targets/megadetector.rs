//! Any bytes as results of a detector (megadetector).
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::results(bytes));
