//! Predictions of SpeciesNet: for each picture the boxes of its detector and one class for all
//! animals on it. <https://github.com/google/cameratrapai>

use serde_json::Value;

use super::exif::parse_time;
use super::images::{Found, Image, Images, number};
use super::results::Source;
use super::taxon::Taxon;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media_files::MediaFiles;
use crate::model::{Dataset, SourceFormat};
use crate::observations::ObservationType;
use crate::problems::Consequence;
use crate::source::ReadOptions;

pub(super) fn read(
    source: &Source<'_>,
    files: MediaFiles,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let mut reading = Reading {
        threshold: options.min_confidence.unwrap_or(ReadOptions::MIN_CONFIDENCE),
        images: Images::new(source.name, files, options),
        number: 0,
        version: None,
    };
    source.items("predictions", &mut |item| reading.image(&item))?;
    let made_by =
        reading.version.map_or_else(|| "SpeciesNet".into(), |version| format!("SpeciesNet {version}"));
    let title = source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(reading.images.finish(SourceFormat::SpeciesNet, title, Some(made_by)))
}

struct Reading<'a> {
    threshold: f32,
    images: Images<'a>,
    number: u64,
    version: Option<String>,
}

impl Reading<'_> {
    fn image(&mut self, item: &Value) {
        self.number += 1;
        let Some(path) = item["filepath"].as_str().filter(|path| !path.is_empty()) else {
            let message = "no file is named; expected the path of a picture".into();
            self.images.problem(self.number, "filepath", message, Consequence::RowSkipped);
            return;
        };
        if self.version.is_none() {
            self.version = item["model_version"].as_str().map(str::to_owned);
        }
        let prediction = item["prediction"].as_str().map(Taxon::labelled);
        let failures: Vec<&str> =
            item["failures"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !failures.is_empty() {
            let (path, failures) = (excerpt(path), excerpt(&failures.join(", ")));
            let message = format!("SpeciesNet could not do all of its work on {path} ({failures})");
            let lost = prediction.is_none() && item["detections"].is_null();
            let consequence = if lost { Consequence::RowSkipped } else { Consequence::ValueIgnored };
            self.images.problem(self.number, "failures", message, consequence);
            if lost {
                return;
            }
        }
        let score = number(&item["prediction_score"]);
        let found = self.found(&item["detections"], prediction.as_ref(), score);
        let place = item["latitude"].as_f64().zip(item["longitude"].as_f64());
        let place = place.filter(|(north, east)| north.abs() <= 90.0 && east.abs() <= 180.0);
        let time = item["datetime"].as_str().and_then(parse_time);
        self.images.add(Image { number: self.number, path: path.into(), time, place, found });
    }

    /// An observation for each box, of the class that the picture has; without boxes one of the
    /// picture.
    fn found(&mut self, detections: &Value, prediction: Option<&Taxon>, score: Option<f32>) -> Vec<Found> {
        let predicted = prediction.map_or(ObservationType::Unclassified, |taxon| taxon.kind);
        let mut found = Vec::new();
        // Boxes on a picture that is blank after all are what the model took back.
        if predicted != ObservationType::Blank {
            for detection in detections.as_array().into_iter().flatten() {
                found.extend(self.detection(detection, prediction, score));
            }
        }
        if found.is_empty() {
            let nothing = Taxon { kind: predicted, name: String::new(), vernacular: None };
            let taxon =
                prediction.filter(|_| predicted != ObservationType::Blank).cloned().unwrap_or(nothing);
            found.push(Found { taxon, confidence: score, bbox: None, frame: None });
        }
        found
    }

    fn detection(
        &mut self,
        detection: &Value,
        prediction: Option<&Taxon>,
        score: Option<f32>,
    ) -> Option<Found> {
        let (confidence, bbox) = self.images.sure_box(self.number, detection, self.threshold)?;
        let label = detection["label"].as_str().unwrap_or(match detection["category"].as_str() {
            Some("2") => "human",
            Some("3") => "vehicle",
            _ => "animal",
        });
        let detected = Taxon::named(label);
        let animal =
            |taxon: &&Taxon| taxon.kind == ObservationType::Animal || taxon.kind == ObservationType::Unknown;
        let (taxon, confidence) = match prediction.filter(animal) {
            Some(prediction) if detected.kind == ObservationType::Animal => {
                (prediction.clone(), score.unwrap_or(confidence))
            }
            _ => (detected, confidence),
        };
        Some(Found { taxon, confidence: Some(confidence), bbox: Some(bbox), frame: None })
    }
}
