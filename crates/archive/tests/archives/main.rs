//! Archives as they are on the disk.

mod crops;
mod large;
mod layouts;
mod people;
mod remote;
mod sequences;
mod support;
