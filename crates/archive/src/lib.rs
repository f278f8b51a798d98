//! Archives: pictures of detections, their metadata and a manifest, in one ZIP file.
//!
//! The steps for an [`ArchiveRequest`]:
//!
//! ```text
//! plan              the detections, their pictures, and the files made of them
//! process_pictures  threads that read each picture once and make all its files
//! write             the files in the order asked for; those that are ready early wait in a temporary file
//! layout            the tables that describe them, in the format of the tools that read them
//! finish            what is missing and why, and the manifest
//! ```
//!
//! Memory use does not grow with the number of detections, except for the manifest's row on each of them
//! (under a kilobyte).
//!
//! No metadata is exported with pictures: crops are encoded anew, and whole pictures lose everything but the
//! picture. This crate does not know jobs; a function of the caller hears of the progress.

mod cells;
mod contents;
mod coordinates;
mod crop;
mod decoder_pool;
mod entry_names;
mod error;
mod finish;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod job;
mod layout;
mod manifest;
mod memory;
mod missing;
mod missing_reasons;
mod numbers;
mod people;
mod picture;
mod plan;
mod process_pictures;
mod request;
mod rules;
mod selection;
mod spool;
mod summary;
mod write;
mod zip_file;

pub use error::{ArchiveError, NothingFoundError};
pub use layout::ForeignField;
pub use memory::PictureMemory;
pub use missing_reasons::MissingReason;
pub use numbers::{count, in_thousands};
pub use request::{ArchiveRequest, Layout, Media, Resources};
pub use summary::ArchiveSummary;
pub use write::write;
