//! MegaDetector's batch output format, versions 1.0 to 1.5, which other detectors and classifiers
//! write as well. <https://lila.science/megadetector-output-format>

use std::collections::HashMap;

use serde_json::Value;

use super::exif::parse_time;
use super::images::{Found, Image, Images, number};
use super::results::{Head, Source};
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
    head: &Head,
    files: MediaFiles,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    check_version(source, head)?;
    let mut reading = Reading {
        head,
        threshold: options.min_confidence.unwrap_or_else(|| advised(&head.info)),
        images: Images::new(source.name, files, options),
        number: 0,
    };
    source.items("images", &mut |item| reading.image(&item))?;
    let name = |field: &str| head.info[field].as_str().filter(|name| !name.is_empty() && *name != "unknown");
    let made_by = match (name("detector"), name("classifier")) {
        (Some(detector), Some(classifier)) => Some(format!("{detector}, {classifier}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    let title = source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(reading.images.finish(SourceFormat::MegaDetector, title, made_by))
}

/// Early files tell no version; one with another first number may mean anything.
fn check_version(source: &Source<'_>, head: &Head) -> Result<(), SourceError> {
    match &head.info["format_version"] {
        Value::Null => Ok(()),
        Value::String(version) if version.trim_start_matches('v').starts_with("1.") || version == "1" => {
            Ok(())
        }
        Value::Number(number) if number.as_f64().is_some_and(|number| (1.0..2.0).contains(&number)) => Ok(()),
        other => Err(SourceError::Structure {
            file: source.name.into(),
            line: 1,
            column: 1,
            found: format!("info.format_version is {}", excerpt(&other.to_string())),
            expected: "version 1 of MegaDetector's batch output format (1.0 to 1.5)".into(),
        }),
    }
}

/// The threshold that the results advise. Versions before 5 were sure of more.
fn advised(info: &Value) -> f32 {
    let advised = info["detector_metadata"]["typical_detection_threshold"].as_f64();
    // A confidence is kept in single precision.
    #[allow(clippy::cast_possible_truncation)]
    let advised = advised.filter(|number| (0.0..=1.0).contains(number)).map(|number| number as f32);
    advised.unwrap_or(ReadOptions::MIN_CONFIDENCE)
}

struct Reading<'a> {
    head: &'a Head,
    threshold: f32,
    images: Images<'a>,
    number: u64,
}

impl Reading<'_> {
    fn image(&mut self, item: &Value) {
        self.number += 1;
        let Some(path) = item["file"].as_str().filter(|path| !path.is_empty()) else {
            self.skip("file", "no file is named; expected the path of a picture".into());
            return;
        };
        if let Some(failure) = item["failure"].as_str() {
            let (path, failure) = (excerpt(path), excerpt(failure));
            self.skip("failure", format!("the detector could not read {path} ({failure})"));
            return;
        }
        let Some(detections) = item["detections"].as_array() else {
            let path = excerpt(path);
            self.skip("detections", format!("{path} has no list of detections; expected one, if empty"));
            return;
        };
        let mut found: Vec<Found> =
            detections.iter().filter_map(|detection| self.detection(detection)).collect();
        keep_one_frame(&mut found);
        if found.is_empty() {
            let taxon = Taxon { kind: ObservationType::Blank, name: String::new(), vernacular: None };
            found.push(Found { taxon, confidence: None, bbox: None, frame: None });
        }
        let time = [&item["datetime"], &item["exif_metadata"]["DateTimeOriginal"]];
        let time = time.into_iter().find_map(|time| parse_time(time.as_str()?));
        self.images.add(Image { number: self.number, path: path.into(), time, place: None, found });
    }

    fn skip(&mut self, field: &str, message: String) {
        self.images.problem(self.number, field, message, Consequence::RowSkipped);
    }

    /// What a detection is, when the detector is sure enough of it.
    fn detection(&mut self, detection: &Value) -> Option<Found> {
        let (confidence, bbox) = self.images.sure_box(self.number, detection, self.threshold)?;
        let category = key(&detection["category"]);
        let Some(name) = category.as_ref().and_then(|category| self.head.detected.get(category)) else {
            // The format wants such to be taken for no detection.
            let category = excerpt(&detection["category"].to_string());
            let message = format!("category {category} is not among detection_categories");
            self.images.problem(self.number, "category", message, Consequence::ValueIgnored);
            return None;
        };
        let detected = Taxon::named(name);
        if detected.kind == ObservationType::Blank {
            return None;
        }
        let classified = self.classified(&detection["classifications"]);
        let (taxon, confidence) = match classified {
            // A classifier of species may say blank where the detector saw an animal: a box is there.
            Some((taxon, sure))
                if detected.kind == ObservationType::Animal && taxon.kind != ObservationType::Blank =>
            {
                (taxon, sure.unwrap_or(confidence))
            }
            _ => (detected, confidence),
        };
        let frame = detection["frame_number"].as_u64();
        Some(Found { taxon, confidence: Some(confidence), bbox: Some(bbox), frame })
    }

    /// The first of the classifications, which is the likeliest.
    fn classified(&self, classifications: &Value) -> Option<(Taxon, Option<f32>)> {
        let first = classifications.as_array()?.first()?.as_array()?;
        let class = key(first.first()?)?;
        let by = |names: &HashMap<String, String>, read: fn(&str) -> Taxon| {
            names.get(&class).map(|name| read(name))
        };
        let described = by(&self.head.described, Taxon::labelled).filter(|taxon| !taxon.name.is_empty());
        let taxon = described.or_else(|| by(&self.head.classified, Taxon::named))?;
        Some((taxon, first.get(1).and_then(number)))
    }
}

/// The number of a category, which some programs write without quotes.
fn key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A video lists the same animals on frame after frame. The frame with the most of them stands for
/// it, so that none counts twice.
fn keep_one_frame(found: &mut Vec<Found>) {
    let mut most: HashMap<u64, usize> = HashMap::new();
    for frame in found.iter().filter_map(|found| found.frame) {
        *most.entry(frame).or_default() += 1;
    }
    let fullest = most.into_iter().max_by_key(|(frame, boxes)| (*boxes, std::cmp::Reverse(*frame)));
    if let Some((fullest, _)) = fullest {
        found.retain(|found| found.frame == Some(fullest));
    }
}
