//! Predictions of SpeciesNet: for each picture the boxes of its detector and one class for all
//! animals on it, or a class for each box. <https://github.com/google/cameratrapai>

use serde_json::Value;

use super::found::Found;
use super::images::Images;
use super::results::{Head, List, Source};
use super::survey::Seen;
use super::taxon::{Taxon, judge};
use super::values::{NOTHING, items_of, key_of, path_of, shown, text_of};
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media_files::MediaFiles;
use crate::model::{Dataset, SourceFormat};
use crate::observations::ObservationType;
use crate::source::ReadOptions;

pub(super) fn read(
    source: &Source<'_>,
    head: &Head,
    files: MediaFiles,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let threshold = options.min_confidence.unwrap_or(ReadOptions::MIN_CONFIDENCE);
    let mut reading = Reading {
        images: Images::new(source, head, files, options, threshold),
        // The detector can be run without the classifier.
        has_classifier: head.survey.has(Seen::Predictions),
        version: None,
    };
    source.items(List::Predictions, &mut |item| reading.read_image(&item))?;
    let made_by =
        reading.version.map_or_else(|| "SpeciesNet".into(), |version| format!("SpeciesNet {version}"));
    reading.images.finish(SourceFormat::SpeciesNet, source.title(), Some(made_by))
}

/// A class with its score.
type Prediction = (Taxon, Option<f32>);

struct Reading<'a> {
    images: Images<'a>,
    has_classifier: bool,
    version: Option<String>,
}

impl Reading<'_> {
    fn read_image(&mut self, item: &Value) {
        self.images.begin_image();
        let Some(path) = path_of(&item["filepath"]) else {
            self.images.skip("filepath", "no file is named; expected the path of a picture".into());
            return;
        };
        if self.version.is_none() {
            self.version = text_of(&item["model_version"]).map(str::to_owned);
        }
        let prediction = self.prediction_of(item);
        let failures = failures_of(&item["failures"]);
        if !failures.is_empty() {
            let (path, failures) = (excerpt(path), excerpt(&failures.join(", ")));
            let message = format!("SpeciesNet could not do all of its work on {path} ({failures})");
            self.images.ignore("failures", message);
        }
        let found = self.find_on_picture(&item["detections"], prediction);
        self.images.add(path, item, found);
    }

    /// An observation for each box, of its own class or that of the picture; and one of the picture, when
    /// none of the boxes is what it was predicted to show.
    fn find_on_picture(&mut self, detections: &Value, prediction: Option<Prediction>) -> Vec<Found> {
        let boxes = detections.as_array().into_iter().flatten();
        let mut found: Vec<Found> =
            boxes.filter_map(|detection| self.read_detection(detection, prediction.as_ref())).collect();
        let (taxon, score) =
            prediction.unwrap_or_else(|| (Taxon::unnamed(ObservationType::Unclassified), None));
        let is_something =
            matches!(taxon.kind, ObservationType::Animal | ObservationType::Human | ObservationType::Vehicle);
        let is_among_boxes = found.iter().any(|one| one.taxon.kind == taxon.kind);
        if found.is_empty() || (is_something && !is_among_boxes) {
            found.push(Found::on_image(taxon, score));
        }
        found
    }

    fn read_detection(&mut self, detection: &Value, of_picture: Option<&Prediction>) -> Option<Found> {
        let confidence = self.images.read_confidence(&detection["conf"]);
        if self.images.count_if_unsure(confidence) {
            return None;
        }
        let detected = self.read_category(detection)?;
        let own = self.prediction_of(detection);
        let is_blank = of_picture.is_some_and(|(taxon, _)| taxon.kind == ObservationType::Blank);
        if is_blank && own.is_none() && detected.kind == ObservationType::Animal {
            // The model, which knows of the box, took it back.
            return None;
        }
        let class = own.as_ref().or(of_picture);
        let (taxon, is_of_classifier) = judge(&detected, class.map(|(taxon, _)| taxon), self.has_classifier);
        let score = class.and_then(|(_, score)| *score).filter(|_| is_of_classifier);
        let bbox = self.images.read_relative_box(&detection["bbox"]);
        Some(Found { taxon, confidence: score.or(confidence), bbox, dot: None, frame: None })
    }

    /// What the detector calls a detection.
    fn read_category(&mut self, detection: &Value) -> Option<Taxon> {
        let label = text_of(&detection["label"]);
        let label = label.or(match key_of(&detection["category"]).as_deref() {
            None | Some("1") => Some("animal"),
            Some("2") => Some("human"),
            Some("3") => Some("vehicle"),
            Some(_) => None,
        });
        if label.is_none() {
            let message = format!("{} is none of the categories 1, 2 and 3", shown(&detection["category"]));
            self.images.ignore("category", message);
        }
        label.map(Taxon::named)
    }

    /// The class of a picture or a box: what the ensemble predicts, else the first of the classifier's.
    fn prediction_of(&self, item: &Value) -> Option<Prediction> {
        let (label, score) = match items_of(&item["prediction"]).first().and_then(text_of) {
            Some(label) => (label, &item["prediction_score"]),
            None => first_class(&item["classifications"])?,
        };
        Some((Taxon::labelled(label, ""), self.images.read_score(score)))
    }
}

/// The first of the classes of a classifier, with its score: of two lists beside each other, or of a list
/// of classes with their scores.
fn first_class(classifications: &Value) -> Option<(&str, &Value)> {
    if classifications.is_object() {
        return Some((text_of(&classifications["classes"][0])?, &classifications["scores"][0]));
    }
    let first = classifications.as_array()?.first()?;
    if first.is_object() {
        let label = ["class", "label", "prediction"].into_iter().find_map(|name| text_of(&first[name]))?;
        let score = ["score", "conf"].map(|name| &first[name]).into_iter().find(|score| !score.is_null());
        return Some((label, score.unwrap_or(&NOTHING)));
    }
    Some((text_of(&first[0]).or_else(|| text_of(first))?, &first[1]))
}

/// The names of the parts that failed.
fn failures_of(failures: &Value) -> Vec<String> {
    let names = items_of(failures).iter().filter(|failure| !failure.is_null());
    names.map(|failure| text_of(failure).map_or_else(|| shown(failure), str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_class_is_found_in_every_form() {
        for classifications in [
            json!({"classes": ["fox", "dog"], "scores": [0.75, 0.25]}),
            json!([["fox", 0.75], ["dog", 0.25]]),
            json!([{"class": "fox", "score": 0.75}]),
            json!([{"label": "fox", "conf": 0.75}]),
        ] {
            assert_eq!(first_class(&classifications), Some(("fox", &json!(0.75))), "{classifications}");
        }
        assert_eq!(first_class(&json!(["fox"])), Some(("fox", &Value::Null)));
        for classifications in [json!(null), json!([]), json!({}), json!([[]]), json!([{}]), json!(7)] {
            assert_eq!(first_class(&classifications), None, "{classifications}");
        }
    }
}
