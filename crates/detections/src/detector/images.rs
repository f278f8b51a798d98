//! Images on their way into a data set.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::exif::{Taken, taken};
use super::paths::{Root, TRIED, camera};
use super::taxon::Taxon;
use crate::bbox::{BoundingBox, RelativeBox};
use crate::builder::{Builder, Description};
use crate::clock::{LocalTime, Written, whole_days};
use crate::excerpt::excerpt;
use crate::media::NewMedia;
use crate::media_files::MediaFiles;
use crate::model::{Dataset, Deployment, SourceFormat};
use crate::observations::{Level, NewObservation, ObservationType};
use crate::problems::{Consequence, RowProblem};
use crate::source::ReadOptions;

/// Images that are looked at together.
const PART: usize = 2048;

/// An image, or a video, with what was found on it.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its path as it is written.
    pub path: String,
    pub time: Option<Written>,
    /// Degrees north and east.
    pub place: Option<(f64, f64)>,
    pub found: Vec<Found>,
}

/// Something on an image.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub taxon: Taxon,
    pub confidence: Option<f32>,
    pub bbox: Option<RelativeBox>,
    /// The frame of a video.
    pub frame: Option<u64>,
}

/// Images read so far.
pub(super) struct Images<'a> {
    pub builder: Builder,
    files: MediaFiles,
    file: &'a str,
    root: Option<Root>,
    waiting: Vec<Image>,
    /// Deployments by the folder of their pictures.
    cameras: HashMap<String, u32>,
    /// First and last picture of each deployment.
    spans: Vec<Option<(LocalTime, LocalTime)>>,
}

impl<'a> Images<'a> {
    /// None yet, of the results in `file`.
    pub fn new(file: &'a str, files: MediaFiles, options: &ReadOptions) -> Self {
        Self {
            builder: Builder::new(options, false),
            files,
            file,
            root: None,
            waiting: Vec::new(),
            cameras: HashMap::new(),
            spans: Vec::new(),
        }
    }

    pub fn add(&mut self, image: Image) {
        self.waiting.push(image);
        if self.waiting.len() == PART {
            self.take_waiting();
        }
    }

    /// How sure the detector is of a detection, and its box; `None` when that is less than
    /// `threshold`, or either is not there.
    pub fn sure_box(
        &mut self,
        number_of_image: u64,
        detection: &Value,
        threshold: f32,
    ) -> Option<(f32, RelativeBox)> {
        let bbox = detection["bbox"].as_array().and_then(|sides| bounding_box(sides));
        let (Some(confidence), Some(bbox)) = (number(&detection["conf"]), bbox) else {
            let message = "a detection without conf and bbox of four numbers".into();
            self.problem(number_of_image, "detections", message, Consequence::ValueIgnored);
            return None;
        };
        if confidence < threshold {
            self.builder.unsure += 1;
            return None;
        }
        Some((confidence, bbox))
    }

    /// Notes what is wrong with an image.
    pub fn problem(&mut self, number: u64, field: &str, message: String, consequence: Consequence) {
        let (file, column) = (self.file.to_owned(), field.to_owned());
        self.builder.problems.add(RowProblem {
            file,
            unit: "image",
            line: number,
            column,
            message,
            consequence,
        });
    }

    /// The data set.
    pub fn finish(mut self, format: SourceFormat, title: String, made_by: Option<String>) -> Dataset {
        self.take_waiting();
        for (deployment, span) in self.builder.deployments.iter_mut().zip(&self.spans) {
            // Whole days: nobody knows when on the first of them the camera was set up.
            (deployment.start, deployment.end) = span.map(|(first, last)| whole_days(first, last)).unzip();
        }
        self.builder.spans_from_records = true;
        self.builder.made_by = made_by;
        let description =
            Description { format, title, citation: None, licences: Vec::new(), descriptor: Value::Null };
        self.builder
            .finish(description, self.files)
            .expect("ids that are asked for one by one are no surprise")
    }

    fn take_waiting(&mut self) {
        let images = std::mem::take(&mut self.waiting);
        if images.is_empty() {
            return;
        }
        let root = self.root.get_or_insert_with(|| {
            let paths: Vec<String> = images.iter().take(TRIED).map(|image| image.path.clone()).collect();
            Root::of(&paths, &self.files)
        });
        let paths: Vec<String> = images.iter().map(|image| root.within(&image.path)).collect();
        let wanted: Vec<&str> = paths.iter().map(String::as_str).collect();
        let exif = taken(&self.files, &wanted);
        for ((image, path), exif) in images.into_iter().zip(&paths).zip(exif) {
            let taken = Taken { time: image.time.or(exif.time), place: image.place.or(exif.place) };
            self.take(&image, path, taken);
        }
    }

    fn take(&mut self, image: &Image, path: &str, taken: Taken) {
        let deployment = self.deployment(path, taken);
        let time = taken.time.map(|written| self.builder.on_clock_of(deployment, written));
        let media = NewMedia { id: path, path, name: "", deployment, time };
        let Some(media) = self.builder.media.push(&media) else {
            let message = format!("“{}” again; expected a file that no earlier image has", excerpt(path));
            self.problem(image.number, "file", message, Consequence::RowSkipped);
            return;
        };
        if let Some((time, _)) = time {
            let (first, last) = self.spans[deployment as usize].get_or_insert((time, time));
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        for found in &image.found {
            let class =
                (!found.taxon.name.is_empty()).then(|| self.builder.classes.intern(&found.taxon.name));
            if let Some((class, vernacular)) = class.zip(found.taxon.vernacular.clone()) {
                self.builder.vernacular.entry(class).or_insert(vernacular);
            }
            let observation = NewObservation {
                id: "",
                deployment,
                media: Some(media),
                event: "",
                class: class.filter(|_| named(found.taxon.kind)),
                kind: found.taxon.kind,
                level: Level::Media,
                count: 1,
                time,
                confidence: found.confidence,
                bbox: found.bbox.map(BoundingBox::Relative),
                individual: "",
                sex: "",
                life_stage: "",
                classified_at: None,
            };
            self.push(&id(path, found), observation);
        }
    }

    /// Adds an observation. Two that are the same to the last digit are told apart by a number.
    fn push(&mut self, id: &str, observation: NewObservation<'_>) {
        let mut number = 1;
        let mut own = id.to_owned();
        while self.builder.observations.push(&NewObservation { id: &own, ..observation.clone() }).is_none() {
            number += 1;
            own = format!("{id}-{number}");
        }
    }

    /// The deployment whose folder a picture lies in.
    fn deployment(&mut self, path: &str, taken: Taken) -> u32 {
        let folder = camera(path);
        let next = u32::try_from(self.builder.deployments.len()).expect("fewer than 2^32 folders");
        let number = *self.cameras.entry(folder.clone()).or_insert(next);
        let name = if folder.is_empty() { "all pictures" } else { folder.as_str() };
        let (latitude, longitude) = taken.place.unzip();
        if number == next {
            let location = self.builder.locations.place(name, name, name, latitude, longitude);
            let clock = self.builder.clock(taken.time);
            self.builder.deployments.push(Deployment {
                id: name.into(),
                location,
                latitude,
                longitude,
                start: None,
                end: None,
                end_is_date: false,
                clock,
            });
            self.spans.push(None);
        }
        let deployment = &mut self.builder.deployments[number as usize];
        if deployment.latitude.is_none() && latitude.is_some() {
            (deployment.latitude, deployment.longitude) = (latitude, longitude);
            self.builder.locations.place(name, name, name, latitude, longitude);
        }
        number
    }
}

/// A number in single precision.
pub(super) fn number(value: &Value) -> Option<f32> {
    // What is too large for single precision is no confidence and no side of a box.
    #[allow(clippy::cast_possible_truncation)]
    let number = value.as_f64()? as f32;
    number.is_finite().then_some(number)
}

/// `[x, y, width, height]` as fractions of the picture.
fn bounding_box(sides: &[Value]) -> Option<RelativeBox> {
    let [x, y, width, height] = sides else { return None };
    Some(RelativeBox { x: number(x)?, y: number(y)?, width: number(width)?, height: number(height)? })
}

/// Whether a kind goes with the name of a class.
fn named(kind: ObservationType) -> bool {
    matches!(kind, ObservationType::Animal | ObservationType::Human | ObservationType::Vehicle)
}

/// The id of a detection: drawn from its file and its box alone, so that it is the same when the
/// detector is run again, or its results are written by another program.
fn id(path: &str, found: &Found) -> String {
    let mut hash = Sha256::new();
    hash.update(path);
    hash.update([0]);
    if let Some(frame) = found.frame {
        hash.update(format!("frame {frame} "));
    }
    if let Some(RelativeBox { x, y, width, height }) = found.bbox {
        // Detectors write three or four digits.
        hash.update(format!("{x:.4} {y:.4} {width:.4} {height:.4}"));
    }
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
