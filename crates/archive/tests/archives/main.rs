//! Archives as they are on the disk.

mod crops;
mod large;
mod layouts;
mod sequences;
mod support;
