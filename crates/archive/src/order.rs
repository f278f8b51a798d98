//! What is asked for, and what came of it.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::memory::PictureMemory;
use crate::missing_reasons::MissingReason;

/// Sizes that crops can be fitted into, in pixels.
pub const CROP_SIZES: RangeInclusive<u32> = 128..=1024;

/// How an archive is laid out, and for which tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `crops/detection_{id}.jpg` and `metadata.csv`.
    #[default]
    Crops,
    /// A Camera Trap Data Package 1.0.2 with its media files, <https://camtrap-dp.tdwg.org>.
    CamtrapDp,
    /// COCO Camera Traps JSON with its pictures.
    Coco,
}

impl Layout {
    /// Whether an observation without a bounding box can be in an archive of this layout and with
    /// these pictures.
    pub fn takes_without_box(self, media: Media) -> bool {
        self == Self::CamtrapDp && media != Media::Crops
    }
}

impl Layout {
    /// All of them, by the names that requests use.
    pub const ALL: [(&str, Self); 3] =
        [("crops", Self::Crops), ("camtrap-dp", Self::CamtrapDp), ("coco", Self::Coco)];
}

/// Which pictures the layouts other than [`Layout::Crops`] hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Media {
    /// Whole pictures, as they were taken. A Camtrap DP package names a picture that stays on another
    /// host by its address.
    #[default]
    Whole,
    /// A crop for each detection.
    Crops,
    /// No pictures. The tables name each by its address, so those that have none are missing.
    Remote,
    /// No pictures. The tables name each as the source does, by its address or its path.
    None,
}

impl Media {
    /// All of them, by the names that requests use.
    pub const ALL: [(&str, Self); 4] =
        [("whole", Self::Whole), ("crops", Self::Crops), ("remote", Self::Remote), ("none", Self::None)];
}

/// How places are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coordinates {
    /// To a tenth of a degree, some ten kilometres: sensitive species are not found by them.
    #[default]
    Rounded,
    /// As the source has them.
    Exact,
}

/// An archive that is asked for.
// Each is a choice of its own, as requests have them.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug)]
pub struct Order {
    /// Ids of detections, in the order in which the archive has them.
    pub detection_ids: Vec<String>,
    /// How it is laid out.
    pub layout: Layout,
    /// Which pictures are in it, unless the layout is [`Layout::Crops`].
    pub media: Media,
    /// Whether the crops are in it, in [`Layout::Crops`].
    pub include_crops: bool,
    /// Whether whole pictures are in it too, in [`Layout::Crops`].
    pub include_originals: bool,
    /// Whether `metadata.csv` is in it, in [`Layout::Crops`].
    pub include_metadata_csv: bool,
    /// Whether people and vehicles may be in it: their observations, and whole pictures on which
    /// they were recorded.
    pub include_humans: bool,
    /// Whether crops of damaged pictures are in it, which may show what was not there. The manifest
    /// says which they are.
    pub include_damaged: bool,
    /// Side of the square that each crop is fitted into, in pixels. See [`CROP_SIZES`].
    pub crop_size: u32,
    /// How places are written.
    pub coordinates: Coordinates,
    /// The request as it was made, for the manifest.
    pub request: Value,
    /// Threads that decode and cut.
    pub threads: NonZeroUsize,
    /// The memory that its pictures share with those of other archives.
    pub memory: Arc<PictureMemory>,
    /// Bytes that one of its pictures may take, whatever is free.
    pub job_memory: u64,
}

impl Order {
    /// Whether crops are written.
    pub(crate) fn wants_crops(&self) -> bool {
        match self.layout {
            Layout::Crops => self.include_crops,
            Layout::CamtrapDp | Layout::Coco => self.media == Media::Crops,
        }
    }

    /// Whether whole pictures are written.
    pub(crate) fn wants_whole(&self) -> bool {
        match self.layout {
            Layout::Crops => self.include_originals,
            Layout::CamtrapDp | Layout::Coco => self.media == Media::Whole,
        }
    }

    /// Whether it lacks something when a picture cannot be had.
    pub(crate) fn wants_pictures(&self) -> bool {
        self.wants_crops() || self.wants_whole()
    }

    /// Whether its tables may name pictures that are no files of it, by their addresses or paths.
    pub(crate) fn may_name_pictures(&self) -> bool {
        self.layout != Layout::Crops
            && match self.media {
                Media::Whole => self.layout == Layout::CamtrapDp,
                Media::Crops => false,
                Media::Remote | Media::None => true,
            }
    }

    /// Whether a detection without a picture or a box lacks something.
    pub(crate) fn needs_pictures(&self) -> bool {
        let needs_names = match self.layout {
            Layout::Crops => false,
            Layout::CamtrapDp => self.media == Media::Remote,
            // Its tables are about pictures and the boxes on them.
            Layout::Coco => true,
        };
        needs_names || self.wants_pictures()
    }

    /// Whether an observation without a bounding box can be in it.
    pub fn takes_without_box(&self) -> bool {
        self.layout.takes_without_box(self.media)
    }
}

/// Somebody who waits for an archive.
pub trait Watch: Sync {
    /// `done` detections have been dealt with, of all that were asked for.
    fn progress(&self, done: u64);

    /// Nobody waits any more: writing ends with
    /// [`ArchiveError::Cancelled`](crate::ArchiveError::Cancelled).
    fn is_cancelled(&self) -> bool;
}

/// Nobody who waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: u64) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What is in an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Detections asked for.
    pub asked_for: usize,
    /// Crops in it.
    pub crops: usize,
    /// Whole pictures in it.
    pub pictures: usize,
    /// Pictures that stay on the web, which its tables name by their addresses.
    pub remote_pictures: usize,
    /// Rows of its table of detections.
    pub metadata_rows: usize,
    /// Detections of which something that was asked for is not in it; the manifest has each
    /// with its reason.
    pub missing: usize,
    /// Why they are missing, the most frequent reason first; at most ten reasons.
    #[serde(skip)]
    pub missing_reasons: Vec<MissingReason>,
}
