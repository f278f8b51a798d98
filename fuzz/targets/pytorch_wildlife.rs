//! Any bytes as results of a detector (lists of Pytorch-Wildlife).
#![no_main]

mod results;
mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| results::results(bytes));
