//! MegaDetector's batch output format, versions 1.0 to 1.6, which other detectors and classifiers use
//! too. <https://lila.science/megadetector-output-format>

use std::cmp::Ordering;

use serde_json::Value;

use super::categories::Categories;
use super::frames::keep_fullest_frames;
use super::image_collector::ImageCollector;
use super::image_list::ImageList;
use super::image_result::DetectedObject;
use super::labelled_taxon::{LabelledTaxon, decide_taxon};
use super::results::{Results, ResultsFile, ResultsHeader};
use super::values::{excerpt_value, read_number, read_text};
use crate::bbox::{BoundingBox, RelativeBox};
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::model::Dataset;
use crate::observations::ObservationType;
use crate::options::ReadOptions;
use crate::source_format::SourceFormat;

/// A box around the whole picture, which some programs write if there is no box.
const WHOLE_PICTURE: BoundingBox =
    BoundingBox::Relative(RelativeBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 });

pub(super) fn read(results: &Results<'_>) -> Result<Dataset, SourceError> {
    let info = results.header.field("info");
    check_version(&results.file, info)?;
    let mut reader = MegaDetectorReader {
        categories: read_categories(&results.file, &results.header)?,
        images: ImageCollector::new(results, read_threshold(info)),
    };
    results.file.for_each_item(ImageList::Images, &mut |item| reader.read_image(&item))?;
    let name = |field: &str| read_text(&info[field]).filter(|name| *name != "unknown");
    let model_name = match (name("detector"), name("classifier")) {
        (Some(detector), Some(classifier)) => Some(format!("{detector}, {classifier}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    reader.images.finish(SourceFormat::MegaDetector, results.file.title(), model_name)
}

/// Checks the version. Early files state none.
fn check_version(source: &ResultsFile<'_>, info: &Value) -> Result<(), SourceError> {
    match &info["format_version"] {
        Value::Null => Ok(()),
        Value::String(version) if version.trim_start_matches('v').starts_with("1.") || version == "1" => {
            Ok(())
        }
        Value::Number(number) if number.as_f64().is_some_and(|number| (1.0..2.0).contains(&number)) => Ok(()),
        other => {
            let found = format!("info.format_version is {}", excerpt_value(other));
            let expected = "version 1 of MegaDetector's batch output format (1.0 to 1.6)";
            Err(SourceError::structure(source.name, (1, 1), found, expected))
        }
    }
}

/// The threshold that the results recommend. Versions before 5 recommend higher ones.
fn read_threshold(info: &Value) -> f32 {
    let advised = read_number(&info["detector_metadata"]["typical_detection_threshold"]);
    // Confidences are stored in single precision.
    #[allow(clippy::cast_possible_truncation)]
    let advised = advised.filter(|number| (0.0..=1.0).contains(number)).map(|number| number as f32);
    advised.unwrap_or(ReadOptions::MIN_CONFIDENCE)
}

/// Reads what the category numbers mean. Pytorch-Wildlife writes files without the names.
fn read_categories(source: &ResultsFile<'_>, head: &ResultsHeader) -> Result<Categories, SourceError> {
    let classified = head.field("classification_categories");
    let described = head.field("classification_category_descriptions");
    let detected = head.field("detection_categories");
    if !detected.is_null() {
        return Ok(Categories::new(detected, classified, described));
    }
    let usual = head.first_pass.guess_categories().ok_or_else(|| {
        let found =
            "there are no detection_categories, and 1 is a person to some programs and an animal to others";
        let expected = "what the categories are, such as \"detection_categories\": {\"1\": \"animal\", \"2\": \
                        \"person\", \"3\": \"vehicle\"}";
        SourceError::structure(source.name, (1, 1), found, expected)
    })?;
    Ok(Categories::new(&usual, classified, described))
}

struct MegaDetectorReader<'a> {
    categories: Categories,
    images: ImageCollector<'a>,
}

impl MegaDetectorReader<'_> {
    /// Adds an image that the detector failed on: it exists, but its contents are unknown.
    fn add_failed(&mut self, field: &'static str, message: String, path: &str, item: &Value) {
        self.images.ignore_value(field, message);
        self.images.add_image(path, item, vec![DetectedObject::new_unclassified()]);
    }

    fn read_image(&mut self, item: &Value) {
        let Some(path) = self.images.begin_image(item, "file") else { return };
        let detections = item["detections"].as_array();
        if let Some(failure) = read_failure(&item["failure"]) {
            let shown = excerpt(path);
            if detections.is_none_or(Vec::is_empty) {
                let message = format!("the detector could not read {shown} ({failure})");
                self.add_failed("failure", message, path, item);
                return;
            }
            // The classifier failed, but the detector's boxes are there.
            self.images.ignore_value("failure", format!("{shown} was only processed in part ({failure})"));
        }
        let Some(detections) = detections else {
            let message = format!("{} has no list of detections; expected one, even if empty", excerpt(path));
            self.add_failed("detections", message, path, item);
            return;
        };
        let mut objects: Vec<DetectedObject> =
            detections.iter().filter_map(|detection| self.read_detection(detection)).collect();
        keep_fullest_frames(&mut objects);
        if objects.is_empty() {
            objects.push(DetectedObject::blank());
        }
        self.images.add_image(path, item, objects);
    }

    /// Reads a detection, unless its confidence is below the threshold.
    fn read_detection(&mut self, detection: &Value) -> Option<DetectedObject> {
        let confidence = self.images.read_confidence(&detection["conf"]);
        // If a species replaced the category, its score replaced the detector's confidence.
        let of_detector = self.images.read_score(&detection["prev_conf"]).or(confidence);
        // Detections that a person verified are always kept.
        if detection["verified"] != true && self.images.count_if_below_threshold(of_detector) {
            return None;
        }
        let Some(detected) = self.categories.find_detected(&detection["category"]).cloned() else {
            // The format says to ignore unknown categories.
            let category = excerpt_value(&detection["category"]);
            let message = format!("{category} is not among detection_categories");
            self.images.ignore_value("category", message);
            return None;
        };
        let classified = self.read_class(detection);
        let class = classified.as_ref().map(|(taxon, _)| taxon);
        let (taxon, is_of_classifier) = decide_taxon(&detected, class, self.categories.has_classifier);
        if taxon.kind == ObservationType::Blank {
            return None;
        }
        let score = classified.and_then(|(_, score)| score).filter(|_| is_of_classifier);
        let bbox = self.images.read_relative_box(&detection["bbox"]);
        // A converter made up this box for a class of the whole picture.
        let bbox = bbox.filter(|bbox| detected.kind != ObservationType::Unknown || *bbox != WHOLE_PICTURE);
        let frame = read_frame(&detection["frame_number"]);
        Some(DetectedObject { taxon, confidence: score.or(confidence), bbox, dot: None, frame })
    }

    /// The classification with the highest score, which is the first in files that follow the format.
    fn read_class(&mut self, detection: &Value) -> Option<(LabelledTaxon, Option<f32>)> {
        let pairs = detection["classifications"].as_array()?;
        let scored = pairs.iter().map(|pair| (&pair[0], self.images.read_score(&pair[1])));
        let (class, score) = scored.reduce(|best, next| match next.1.partial_cmp(&best.1) {
            Some(Ordering::Greater) => next,
            _ => best,
        })?;
        let Some(taxon) = self.categories.find_classified(class).cloned() else {
            let message = format!("{} is not among classification_categories", excerpt_value(class));
            self.images.ignore_value("classifications", message);
            return None;
        };
        // The species was left open because of a low score, but a person is still a person.
        let is_open = self.categories.is_unidentified(&detection["category"]);
        (!is_open || taxon.kind == ObservationType::Human).then_some((taxon, score))
    }
}

/// Reads the detector's message about a failure, which may have any type.
fn read_failure(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(excerpt(text)),
        other => Some(excerpt_value(other)),
    }
}

/// Reads a frame number, also one that is written as text or with a decimal point.
fn read_frame(value: &Value) -> Option<u64> {
    let number = read_number(value).filter(|number| *number >= 0.0);
    // The number only distinguishes frames, so a fraction is cut off.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let frame = number.map(|number| number as u64);
    frame
}
