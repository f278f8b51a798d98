//! A request for an archive: its fields with their defaults, limits and descriptions, declared once.
//!
//! Reading JSON, the description of the interface, the stored job, the manifest, the flags of the command line and
//! the table in docs/ARCHIVES.md are all made from this declaration.

use std::num::NonZeroUsize;
use std::sync::Arc;

use detections::{BalancedSample, Coordinates, Selection};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::memory::PictureMemory;

/// A layout of archives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = LayoutName)]
pub enum Layout {
    /// `crops/detection_{id}.jpg` and `metadata.csv`.
    #[default]
    Crops,
    /// A Camera Trap Data Package 1.0.2 with its media files, <https://camtrap-dp.tdwg.org>.
    CamtrapDp,
    /// COCO Camera Traps JSON with its pictures.
    Coco,
}

/// Which pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = MediaName)]
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

/// An archive: of these detections, or of those that a filter selects.
// Each switch is a field of its own in requests.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ArchiveBody, default, examples(json!({
    "filter": {"start_date": "2021-04-11", "end_date": "2021-04-11", "classifications": ["Ardea"]},
    "crop_size": 512,
    "dataset": "heron"
})))]
pub struct ArchiveRequest {
    /// Ids of detections, in the order of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 10_000)]
    pub detection_ids: Option<Vec<String>>,
    /// Which detections, instead of their ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Selection>,
    /// Maximum number of those that the filter selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub max: Option<usize>,
    /// A random sample of those that the filter selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<BalancedSample>,
    /// Which files the archive has: crops with a table, a Camtrap DP package, or COCO (training data).
    pub layout: Layout,
    /// Which pictures the layouts `camtrap-dp` and `coco` hold: `whole` ones, of which a Camtrap DP package
    /// names those that stay on the web by their addresses; `crops`; none, and the addresses of those that
    /// are on the web (`remote`, in `camtrap-dp` alone); or none, and their names in the source (`none`).
    pub media: Media,
    /// Include crops, in the layout `crops`.
    pub include_crops: bool,
    /// Include whole pictures, in the layout `crops`.
    pub include_originals: bool,
    /// Include a table of the detections, in the layout `crops`.
    pub include_metadata_csv: bool,
    /// Include people and vehicles, and whole pictures on which they were recorded.
    pub include_humans: bool,
    /// Include crops of damaged pictures, which may show what was not there. The manifest says which they
    /// are.
    pub include_damaged: bool,
    /// Side of the square that crops are fitted into, in pixels.
    #[schema(minimum = 128, maximum = 1024)]
    pub crop_size: u32,
    /// Coordinate precision: rounded to a tenth of a degree, or exact.
    pub coordinates: Coordinates,
    /// Name of the data set; the server's first without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}

impl Default for ArchiveRequest {
    fn default() -> Self {
        Self {
            detection_ids: None,
            filter: None,
            max: None,
            sample: None,
            layout: Layout::default(),
            media: Media::default(),
            include_crops: true,
            include_originals: false,
            include_metadata_csv: true,
            include_humans: false,
            include_damaged: false,
            crop_size: 300,
            coordinates: Coordinates::default(),
            dataset: None,
        }
    }
}

impl ArchiveRequest {
    /// As JSON, the fields that differ from their defaults, and the other fields.
    pub(crate) fn split_defaults(&self) -> [Value; 2] {
        let (own, defaults) = (json!(self), json!(Self::default()));
        [false, true].map(|is_default| {
            let fields = own.as_object().into_iter().flatten();
            let kept = fields.filter(|(name, value)| (defaults.get(name) == Some(value)) == is_default);
            Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
        })
    }
}

/// What of the machine an archive may use.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Threads that decode and crop.
    pub threads: NonZeroUsize,
    /// The memory that its pictures share with those of other archives.
    pub pictures: Arc<PictureMemory>,
    /// Bytes that its tables, and one of its pictures, may take.
    pub job_memory: u64,
}
