//! An image in a file of results, with the objects that were detected on it.

use sha2::{Digest, Sha256};

use super::labelled_taxon::LabelledTaxon;
use super::metadata::ImageCoordinates;
use super::times::ParsedTime;
use crate::bbox::BoundingBox;
use crate::observations::ObservationType;

/// An image or video with the objects that were detected on it.
#[derive(Debug)]
pub(super) struct ImageResult {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its path as written.
    pub path: String,
    /// The name of its location, if the results have it.
    pub location: Option<String>,
    /// Its time in the results.
    pub time: ParsedTime,
    /// Its coordinates in the results.
    pub place: Option<ImageCoordinates>,
    pub objects: Vec<DetectedObject>,
}

/// An object on an image.
#[derive(Debug, PartialEq)]
pub(super) struct DetectedObject {
    pub taxon: LabelledTaxon,
    pub confidence: Option<f32>,
    pub bbox: Option<BoundingBox>,
    /// A point in pixels, if there is no box.
    pub dot: Option<[f32; 2]>,
    /// The number of the frame in a video.
    pub frame: Option<u64>,
}

impl DetectedObject {
    /// An object without a position.
    pub fn whole_image(taxon: LabelledTaxon, confidence: Option<f32>) -> Self {
        Self { taxon, confidence, bbox: None, dot: None, frame: None }
    }

    /// A blank image.
    pub fn blank() -> Self {
        Self::whole_image(LabelledTaxon::unnamed(ObservationType::Blank), None)
    }

    /// An image that was not classified.
    pub fn new_unclassified() -> Self {
        Self::whole_image(LabelledTaxon::unnamed(ObservationType::Unclassified), None)
    }

    /// Makes an id from the path and the box only, so that it stays the same if the detector runs again
    /// or another program writes the results.
    pub fn make_id(&self, path: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(path);
        hash.update([0]);
        if let Some(frame) = self.frame {
            hash.update(format!("frame {frame} "));
        }
        if let Some([x, y, width, height]) = self.bbox.map(BoundingBox::sides) {
            // Detectors write three or four decimals.
            hash.update(format!("{x:.4} {y:.4} {width:.4} {height:.4}"));
        }
        if let Some([x, y]) = self.dot {
            hash.update(format!("dot {x:.4} {y:.4}"));
        }
        hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}
