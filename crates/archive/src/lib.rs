//! Archives: crops of detections, their metadata and a manifest, in one ZIP file.
//!
//! The way of an [`Order`]:
//!
//! ```text
//! plan      which detections there are, and on which pictures
//! cut       threads that decode each picture once and cut out all its crops
//! package   the ZIP file: entries in the order asked for, with their SHA-256
//! manifest  what is in it, and what is missing and why
//! ```
//!
//! Memory does not grow with the number of detections, but for the directory of the archive
//! (under a kilobyte each): crops that are ready before their turn wait in a temporary file.
//!
//! This crate knows nothing of jobs; [`Watch`] tells whoever waits how far it is.

mod crop;
mod cut;
mod error;
mod manifest;
mod metadata;
mod names;
mod order;
mod package;
mod picture;
mod plan;
mod spool;
mod write;

pub use error::{ArchiveError, Missing};
pub use order::{CROP_SIZES, Order, Summary, Unwatched, Watch};
pub use write::write;
