//! Predictions of SpeciesNet: for each picture the boxes of its detector, and one class for all animals
//! on the picture or a class for each box. <https://github.com/google/cameratrapai>

use serde_json::Value;

use super::first_pass::Feature;
use super::image_collector::ImageCollector;
use super::image_list::ImageList;
use super::image_result::DetectedObject;
use super::labelled_taxon::{LabelledTaxon, decide_taxon};
use super::results::Results;
use super::values::{NULL, excerpt_value, read_items, read_key, read_text};
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::model::Dataset;
use crate::observations::ObservationType;
use crate::options::ReadOptions;
use crate::source_format::SourceFormat;

pub(super) fn read(results: &Results<'_>) -> Result<Dataset, SourceError> {
    let mut reader = SpeciesNetReader {
        images: ImageCollector::new(results, ReadOptions::MIN_CONFIDENCE),
        // The detector can run without the classifier.
        has_classifier: results.header.first_pass.has_feature(Feature::Predictions),
        version: None,
    };
    results.file.for_each_item(ImageList::Predictions, &mut |item| reader.read_image(&item))?;
    let model_name =
        reader.version.map_or_else(|| "SpeciesNet".into(), |version| format!("SpeciesNet {version}"));
    reader.images.finish(SourceFormat::SpeciesNet, results.file.title(), Some(model_name))
}

/// A class with its score.
type Prediction = (LabelledTaxon, Option<f32>);

struct SpeciesNetReader<'a> {
    images: ImageCollector<'a>,
    has_classifier: bool,
    version: Option<String>,
}

impl SpeciesNetReader<'_> {
    fn read_image(&mut self, item: &Value) {
        let Some(path) = self.images.begin_image(item, "filepath") else { return };
        if self.version.is_none() {
            self.version = read_text(&item["model_version"]).map(str::to_owned);
        }
        let prediction = self.read_prediction(item);
        let failures = read_failures(&item["failures"]);
        if !failures.is_empty() {
            let (path, failures) = (excerpt(path), excerpt(&failures.join(", ")));
            let message = format!("SpeciesNet failed on part of {path} ({failures})");
            self.images.ignore_value("failures", message);
        }
        let objects = self.collect_objects(&item["detections"], prediction);
        self.images.add_image(path, item, objects);
    }

    /// Makes an object for each box, of its own class or the picture's, and one without a box if no box
    /// is what the picture was predicted to show.
    fn collect_objects(&mut self, detections: &Value, prediction: Option<Prediction>) -> Vec<DetectedObject> {
        let boxes = detections.as_array().into_iter().flatten();
        let mut objects: Vec<DetectedObject> =
            boxes.filter_map(|detection| self.read_detection(detection, prediction.as_ref())).collect();
        let (taxon, score) =
            prediction.unwrap_or_else(|| (LabelledTaxon::unnamed(ObservationType::Unclassified), None));
        let is_something =
            matches!(taxon.kind, ObservationType::Animal | ObservationType::Human | ObservationType::Vehicle);
        let is_among_boxes = objects.iter().any(|one| one.taxon.kind == taxon.kind);
        if objects.is_empty() || (is_something && !is_among_boxes) {
            objects.push(DetectedObject::whole_image(taxon, score));
        }
        objects
    }

    fn read_detection(
        &mut self,
        detection: &Value,
        of_picture: Option<&Prediction>,
    ) -> Option<DetectedObject> {
        let confidence = self.images.read_confidence(&detection["conf"]);
        if self.images.count_if_below_threshold(confidence) {
            return None;
        }
        let detected = self.read_category(detection)?;
        let own = self.read_prediction(detection);
        let is_blank = of_picture.is_some_and(|(taxon, _)| taxon.kind == ObservationType::Blank);
        if is_blank && own.is_none() && detected.kind == ObservationType::Animal {
            // The ensemble, which knows the box, rejected it.
            return None;
        }
        let class = own.as_ref().or(of_picture);
        let (taxon, is_of_classifier) =
            decide_taxon(&detected, class.map(|(taxon, _)| taxon), self.has_classifier);
        let score = class.and_then(|(_, score)| *score).filter(|_| is_of_classifier);
        let bbox = self.images.read_relative_box(&detection["bbox"]);
        Some(DetectedObject { taxon, confidence: score.or(confidence), bbox, dot: None, frame: None })
    }

    /// The detector's category.
    fn read_category(&mut self, detection: &Value) -> Option<LabelledTaxon> {
        let label = read_text(&detection["label"]);
        let label = label.or(match read_key(&detection["category"]).as_deref() {
            None | Some("1") => Some("animal"),
            Some("2") => Some("human"),
            Some("3") => Some("vehicle"),
            Some(_) => None,
        });
        if label.is_none() {
            let message =
                format!("{} is not one of the categories 1, 2 and 3", excerpt_value(&detection["category"]));
            self.images.ignore_value("category", message);
        }
        label.map(LabelledTaxon::from_name)
    }

    /// The class of a picture or a box: the prediction of the ensemble, else the classifier's first
    /// class.
    fn read_prediction(&self, item: &Value) -> Option<Prediction> {
        let (label, score) = match read_items(&item["prediction"]).first().and_then(read_text) {
            Some(label) => (label, &item["prediction_score"]),
            None => find_first_class(&item["classifications"])?,
        };
        Some((LabelledTaxon::from_label(label, ""), self.images.read_score(score)))
    }
}

/// The classifier's first class with its score, from two parallel lists or from a list of classes with
/// scores.
fn find_first_class(classifications: &Value) -> Option<(&str, &Value)> {
    if classifications.is_object() {
        return Some((read_text(&classifications["classes"][0])?, &classifications["scores"][0]));
    }
    let first = classifications.as_array()?.first()?;
    if first.is_object() {
        let label = ["class", "label", "prediction"].into_iter().find_map(|name| read_text(&first[name]))?;
        let score = ["score", "conf"].map(|name| &first[name]).into_iter().find(|score| !score.is_null());
        return Some((label, score.unwrap_or(&NULL)));
    }
    Some((read_text(&first[0]).or_else(|| read_text(first))?, &first[1]))
}

/// The names of the components that failed.
fn read_failures(failures: &Value) -> Vec<String> {
    let names = read_items(failures).iter().filter(|failure| !failure.is_null());
    names.map(|failure| read_text(failure).map_or_else(|| excerpt_value(failure), str::to_owned)).collect()
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
            assert_eq!(find_first_class(&classifications), Some(("fox", &json!(0.75))), "{classifications}");
        }
        assert_eq!(find_first_class(&json!(["fox"])), Some(("fox", &Value::Null)));
        for classifications in [json!(null), json!([]), json!({}), json!([[]]), json!([{}]), json!(7)] {
            assert_eq!(find_first_class(&classifications), None, "{classifications}");
        }
    }
}
