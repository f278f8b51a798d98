//! Archives: pictures of detections, their metadata and a manifest, in one ZIP file.
//!
//! The way of an [`Order`]:
//!
//! ```text
//! plan      which detections there are, on which pictures, and which files are made of them
//! cut       threads that read each picture once and make all its files
//! write     the files in the order asked for; those that are ready early wait in a temporary file
//! layout    the tables that tell of them, in the format of the tools that read them
//! finish    what is missing and why, and the manifest
//! ```
//!
//! Memory does not grow with the number of detections, but for what the manifest tells of each
//! (under a kilobyte).
//!
//! No picture is written with more than the picture: crops are encoded anew, whole pictures lose
//! what else their files tell. This crate knows nothing of jobs; [`Watch`] tells whoever waits how
//! far it is.

mod cells;
mod contents;
mod crop;
mod cut;
mod error;
mod finish;
mod layout;
mod manifest;
mod memory;
mod missing_reasons;
mod names;
mod numbers;
mod order;
mod package;
mod people;
mod picture;
mod place;
mod plan;
mod spool;
mod tools;
mod write;

pub use error::{ArchiveError, Missing, NothingFound};
pub use memory::PictureMemory;
pub use missing_reasons::MissingReason;
pub use numbers::in_thousands;
pub use order::{CROP_SIZES, Coordinates, Layout, Media, Order, Summary, Unwatched, Watch};
pub use write::write;
