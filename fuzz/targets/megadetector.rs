//! Any bytes as results of a detector (megadetector).
#![no_main]

mod results;
mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| results::results(bytes));
