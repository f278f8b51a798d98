//! MegaDetector's batch output format, versions 1.0 to 1.6, which other detectors and classifiers
//! write as well. <https://lila.science/megadetector-output-format>

use std::cmp::Ordering;

use serde_json::Value;

use super::categories::Categories;
use super::found::Found;
use super::frames::keep_fullest_frames;
use super::images::Images;
use super::results::{Head, List, Source};
use super::taxon::{Taxon, judge};
use super::values::{number_of, path_of, shown, text_of};
use crate::bbox::{BoundingBox, RelativeBox};
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media_files::MediaFiles;
use crate::model::{Dataset, SourceFormat};
use crate::observations::ObservationType;
use crate::source::ReadOptions;

/// A box around the whole picture, which programs write where there is none.
const WHOLE: BoundingBox = BoundingBox::Relative(RelativeBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 });

pub(super) fn read(
    source: &Source<'_>,
    head: &Head,
    files: MediaFiles,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let info = head.field("info");
    check_version(source, info)?;
    let threshold = options.min_confidence.unwrap_or_else(|| advised_threshold(info));
    let categories = categories_of(source, head)?;
    let mut reading = Reading { categories, images: Images::new(source, head, files, options, threshold) };
    source.items(List::Images, &mut |item| reading.read_image(&item))?;
    let name = |field: &str| text_of(&info[field]).filter(|name| *name != "unknown");
    let made_by = match (name("detector"), name("classifier")) {
        (Some(detector), Some(classifier)) => Some(format!("{detector}, {classifier}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    reading.images.finish(SourceFormat::MegaDetector, source.title(), made_by)
}

/// Early files tell no version; one with another first number may mean anything.
fn check_version(source: &Source<'_>, info: &Value) -> Result<(), SourceError> {
    match &info["format_version"] {
        Value::Null => Ok(()),
        Value::String(version) if version.trim_start_matches('v').starts_with("1.") || version == "1" => {
            Ok(())
        }
        Value::Number(number) if number.as_f64().is_some_and(|number| (1.0..2.0).contains(&number)) => Ok(()),
        other => Err(SourceError::Structure {
            file: source.name.into(),
            line: 1,
            column: 1,
            found: format!("info.format_version is {}", shown(other)),
            expected: "version 1 of MegaDetector's batch output format (1.0 to 1.6)".into(),
        }),
    }
}

/// The threshold that the results advise. Versions before 5 were sure of more.
fn advised_threshold(info: &Value) -> f32 {
    let advised = number_of(&info["detector_metadata"]["typical_detection_threshold"]);
    // A confidence is kept in single precision.
    #[allow(clippy::cast_possible_truncation)]
    let advised = advised.filter(|number| (0.0..=1.0).contains(number)).map(|number| number as f32);
    advised.unwrap_or(ReadOptions::MIN_CONFIDENCE)
}

/// What the numbers of categories stand for. Pytorch-Wildlife writes files without their names.
fn categories_of(source: &Source<'_>, head: &Head) -> Result<Categories, SourceError> {
    let classified = head.field("classification_categories");
    let described = head.field("classification_category_descriptions");
    let detected = head.field("detection_categories");
    if !detected.is_null() {
        return Ok(Categories::new(detected, classified, described));
    }
    let usual = head.survey.usual_categories().ok_or_else(|| SourceError::Structure {
        file: source.name.into(),
        line: 1,
        column: 1,
        found:
            "there are no detection_categories, and 1 is a person to some programs and an animal to others"
                .into(),
        expected: "what the categories are, such as \"detection_categories\": {\"1\": \"animal\", \"2\": \
                   \"person\", \"3\": \"vehicle\"}"
            .into(),
    })?;
    Ok(Categories::new(&usual, classified, described))
}

struct Reading<'a> {
    categories: Categories,
    images: Images<'a>,
}

impl Reading<'_> {
    /// An image that the detector failed on: it was taken, and nobody knows what it shows.
    fn add_failed(&mut self, field: &'static str, message: String, path: &str, item: &Value) {
        self.images.ignore(field, message);
        self.images.add(path, item, vec![Found::unclassified()]);
    }

    fn read_image(&mut self, item: &Value) {
        self.images.begin_image();
        let Some(path) = path_of(&item["file"]) else {
            self.images.skip("file", "no file is named; expected the path of a picture".into());
            return;
        };
        let detections = item["detections"].as_array();
        if let Some(failure) = failure_of(&item["failure"]) {
            let shown = excerpt(path);
            if detections.is_none_or(Vec::is_empty) {
                self.add_failed(
                    "failure",
                    format!("the detector could not read {shown} ({failure})"),
                    path,
                    item,
                );
                return;
            }
            // A classifier that could not do its work: the boxes of the detector are there.
            self.images.ignore("failure", format!("not all was done with {shown} ({failure})"));
        }
        let Some(detections) = detections else {
            let message = format!("{} has no list of detections; expected one, if empty", excerpt(path));
            self.add_failed("detections", message, path, item);
            return;
        };
        let mut found: Vec<Found> =
            detections.iter().filter_map(|detection| self.read_detection(detection)).collect();
        keep_fullest_frames(&mut found);
        if found.is_empty() {
            found.push(Found::nothing());
        }
        self.images.add(path, item, found);
    }

    /// What a detection is, when the detector is sure enough of it.
    fn read_detection(&mut self, detection: &Value) -> Option<Found> {
        let confidence = self.images.read_confidence(&detection["conf"]);
        // Where a species took the place of the category, its score took that of the detector's.
        let of_detector = self.images.read_score(&detection["prev_conf"]).or(confidence);
        // What a person looked at is sure.
        if detection["verified"] != true && self.images.count_if_unsure(of_detector) {
            return None;
        }
        let Some(detected) = self.categories.find_detected(&detection["category"]).cloned() else {
            // The format wants such to be taken for no detection.
            let category = shown(&detection["category"]);
            let message = format!("{category} is not among detection_categories");
            self.images.ignore("category", message);
            return None;
        };
        let classified = self.read_class(detection);
        let class = classified.as_ref().map(|(taxon, _)| taxon);
        let (taxon, is_of_classifier) = judge(&detected, class, self.categories.has_classifier);
        if taxon.kind == ObservationType::Blank {
            return None;
        }
        let score = classified.and_then(|(_, score)| score).filter(|_| is_of_classifier);
        let bbox = self.images.read_relative_box(&detection["bbox"]);
        // A class of the whole picture, for which a converter made up a box.
        let bbox = bbox.filter(|bbox| detected.kind != ObservationType::Unknown || *bbox != WHOLE);
        let frame = frame_of(&detection["frame_number"]);
        Some(Found { taxon, confidence: score.or(confidence), bbox, dot: None, frame })
    }

    /// The likeliest of the classifications with its score, which is the first as long as the format is
    /// kept to.
    fn read_class(&mut self, detection: &Value) -> Option<(Taxon, Option<f32>)> {
        let pairs = detection["classifications"].as_array()?;
        let scored = pairs.iter().map(|pair| (&pair[0], self.images.read_score(&pair[1])));
        let (class, score) = scored.reduce(|best, next| match next.1.partial_cmp(&best.1) {
            Some(Ordering::Greater) => next,
            _ => best,
        })?;
        let Some(taxon) = self.categories.find_classified(class).cloned() else {
            let message = format!("{} is not among classification_categories", shown(class));
            self.images.ignore("classifications", message);
            return None;
        };
        // Where the species was left open since the score is low, a person is still one.
        let is_open = self.categories.is_unidentified(&detection["category"]);
        (!is_open || taxon.kind == ObservationType::Human).then_some((taxon, score))
    }
}

/// What went wrong with an image, in the words of the detector; it may be of any type.
fn failure_of(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(excerpt(text)),
        other => Some(shown(other)),
    }
}

/// The frame of a video, also when it is written as a text or with a point.
fn frame_of(value: &Value) -> Option<u64> {
    let number = number_of(value).filter(|number| *number >= 0.0);
    // Only told apart from others; what is no whole number is the frame before it.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let frame = number.map(|number| number as u64);
    frame
}
