//! What was found on an image.

use sha2::{Digest, Sha256};

use super::metadata::Place;
use super::taxon::Taxon;
use super::times::TimeRead;
use crate::bbox::BoundingBox;
use crate::observations::ObservationType;

/// An image, or a video, with what was found on it.
#[derive(Debug)]
pub(super) struct Image {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its path as it is written.
    pub path: String,
    /// The place of its camera, when results name it.
    pub location: Option<String>,
    /// When it was taken by the results.
    pub time: TimeRead,
    /// Where it was taken by the results.
    pub place: Option<Place>,
    pub found: Vec<Found>,
}

/// Something on an image.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub taxon: Taxon,
    pub confidence: Option<f32>,
    pub bbox: Option<BoundingBox>,
    /// A point in pixels, in place of a box.
    pub dot: Option<[f32; 2]>,
    /// The frame of a video.
    pub frame: Option<u64>,
}

impl Found {
    /// Something of a whole image.
    pub fn on_image(taxon: Taxon, confidence: Option<f32>) -> Self {
        Self { taxon, confidence, bbox: None, dot: None, frame: None }
    }

    /// Nothing was found.
    pub fn nothing() -> Self {
        Self::on_image(Taxon::unnamed(ObservationType::Blank), None)
    }

    /// Nothing is known of it.
    pub fn unclassified() -> Self {
        Self::on_image(Taxon::unnamed(ObservationType::Unclassified), None)
    }

    /// Its id: drawn from its file and its box alone, so that it is the same when the detector is run
    /// again, or its results are written by another program.
    pub fn id(&self, path: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(path);
        hash.update([0]);
        if let Some(frame) = self.frame {
            hash.update(format!("frame {frame} "));
        }
        if let Some([x, y, width, height]) = self.bbox.map(BoundingBox::sides) {
            // Detectors write three or four digits.
            hash.update(format!("{x:.4} {y:.4} {width:.4} {height:.4}"));
        }
        if let Some([x, y]) = self.dot {
            hash.update(format!("dot {x:.4} {y:.4}"));
        }
        hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}
