//! Images on their way into a data set.

use serde_json::Value;

use super::cameras::Cameras;
use super::exif::{Looked, look};
use super::found::{Found, Image};
use super::metadata::{PlaceRead, place_of, time_of};
use super::paths::{Root, camera_of, identity_of, whole_path};
use super::pictures::PictureSearch;
use super::results::{Head, Source};
use super::times::{TimeRead, refuse_order};
use super::values::{Scale, four_numbers, key_of, shown};
use crate::bbox::{BoundingBox, RelativeBox};
use crate::builder::{Builder, Description};
use crate::clock::Written;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media::NewMedia;
use crate::media_files::MediaFiles;
use crate::model::{Dataset, SourceFormat};
use crate::observations::{Classifier, Level, NewObservation};
use crate::problems::{Consequence, RowProblem};
use crate::source::ReadOptions;
use crate::text::Names;
use crate::unicode_forms::composed;
use crate::written_dates::{DateEvidence, DateOrder};

/// Images that are looked at together.
const PART: usize = 2048;

/// Images read so far.
pub(super) struct Images<'a> {
    builder: Builder,
    files: MediaFiles,
    file: &'a str,
    root: Root,
    pictures: PictureSearch,
    /// Boxes of which the detector is less sure are left out.
    threshold: f32,
    box_scale: Scale,
    class_scale: Scale,
    /// The number in the file of the image that is being read, from 1.
    number: u64,
    waiting: Vec<Image>,
    /// What the times of the results say of the order of day and month.
    dates: DateEvidence,
    /// That order, when it is known.
    order: Option<DateOrder>,
    /// Why the results cannot be used: a time of unknown order is needed.
    refusal: Option<SourceError>,
    /// Paths as they were written, but for slashes.
    written: Names,
    cameras: Cameras,
}

impl<'a> Images<'a> {
    /// None yet, of the results at `source`. Boxes below `threshold` are left out.
    pub fn new(
        source: &Source<'a>,
        head: &Head,
        files: MediaFiles,
        options: &ReadOptions,
        threshold: f32,
    ) -> Self {
        Self {
            builder: Builder::new(options, false),
            root: Root::of(&head.survey, &files),
            files,
            file: source.name,
            pictures: PictureSearch::new(source.folder(), options),
            threshold,
            box_scale: head.survey.box_scale(),
            class_scale: head.survey.class_scale(),
            number: 0,
            waiting: Vec::new(),
            dates: head.survey.dates,
            order: head.survey.dates.order().or(options.date_order),
            refusal: None,
            written: Names::without_texts(),
            cameras: Cameras::default(),
        }
    }

    /// Goes on to the next image of the file, which counts as one whatever becomes of it.
    pub fn begin_image(&mut self) {
        self.number += 1;
        self.builder.problems.count_row(self.file);
    }

    /// Adds the image that is being read, with what was found on it.
    pub fn add(&mut self, path: &str, item: &Value, found: Vec<Found>) {
        let place = match place_of(item) {
            PlaceRead::Place(place) => Some(place),
            PlaceRead::Missing => None,
            PlaceRead::Unreadable => {
                let message =
                    "no coordinates; expected degrees north from -90 to 90 and east from -180 to 180";
                self.ignore("latitude, longitude", message.into());
                None
            }
        };
        let location = key_of(&item["location"]).filter(|location| !location.is_empty());
        self.waiting.push(Image {
            number: self.number,
            path: path.to_owned(),
            location: location.map(|location| composed(&location)),
            time: time_of(item, self.order),
            place,
            found,
        });
        if self.waiting.len() == PART {
            self.take_waiting();
        }
    }

    /// The image that is being read is not in the data.
    pub fn skip(&mut self, field: &str, message: String) {
        self.note(self.number, field, message, None, Consequence::RowSkipped);
    }

    /// A value of the image that is being read is not in the data.
    pub fn ignore(&mut self, field: &str, message: String) {
        self.note(self.number, field, message, None, Consequence::ValueIgnored);
    }

    fn note(
        &mut self,
        number: u64,
        field: &str,
        message: String,
        likely_cause: Option<&'static str>,
        consequence: Consequence,
    ) {
        let (file, column) = (self.file.to_owned(), field.to_owned());
        let unit = "image";
        self.builder.problems.add(RowProblem {
            file,
            unit,
            line: number,
            column,
            message,
            likely_cause,
            consequence,
        });
    }

    /// How sure the detector is of a detection.
    pub fn read_confidence(&mut self, value: &Value) -> Option<f32> {
        let confidence = self.box_scale.read(value);
        if confidence.is_none() {
            self.ignore("conf", format!("{} is no confidence; expected a number from 0 to 1", shown(value)));
        }
        confidence
    }

    /// How sure the classifier is of a class, where that is said.
    pub fn read_score(&self, value: &Value) -> Option<f32> {
        self.class_scale.read(value)
    }

    /// Whether the detector is less sure of a detection than is asked for; then it is counted as such.
    pub fn count_if_unsure(&mut self, confidence: Option<f32>) -> bool {
        let is_unsure = confidence.is_some_and(|confidence| confidence < self.threshold);
        self.builder.unsure += u64::from(is_unsure);
        is_unsure
    }

    /// A box as `[x, y, width, height]` in fractions of the picture.
    pub fn read_relative_box(&mut self, value: &Value) -> Option<BoundingBox> {
        let bbox = four_numbers(value).map(|[x, y, width, height]| RelativeBox { x, y, width, height });
        if bbox.is_none() {
            self.ignore("bbox", format!("{} is no box; expected four numbers", shown(value)));
        }
        bbox.map(BoundingBox::Relative)
    }

    /// The data set.
    pub fn finish(
        mut self,
        format: SourceFormat,
        title: String,
        made_by: Option<String>,
    ) -> Result<Dataset, SourceError> {
        self.take_waiting();
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        self.builder.pictures = self.pictures.finish(self.file)?;
        self.cameras.set_spans(&mut self.builder.deployments);
        self.builder.spans_from_records = true;
        self.builder.made_by = made_by;
        let description =
            Description { format, title, citation: None, licences: Vec::new(), descriptor: Value::Null };
        let data = self.builder.finish(description, self.files);
        Ok(data.expect("ids that are asked for one by one are no surprise"))
    }

    fn take_waiting(&mut self) {
        let images = std::mem::take(&mut self.waiting);
        let paths: Vec<String> = images.iter().map(|image| self.root.within(&image.path)).collect();
        let looked = look(&self.files, &paths.iter().map(String::as_str).collect::<Vec<_>>());
        for ((image, path), looked) in images.iter().zip(paths).zip(looked) {
            self.take(image, path, looked);
        }
    }

    fn take(&mut self, image: &Image, path: String, looked: Looked) {
        if self.written.insert_new(&identity_of(&image.path)).is_none() {
            let message =
                format!("“{}” again; expected a file that no earlier image has", excerpt(&image.path));
            self.note(image.number, "file", message, None, Consequence::RowSkipped);
            return;
        }
        // Two paths may have the same end. The file that is there is that of the first.
        let is_taken = self.builder.media.find(&path).is_some();
        let (path, looked) =
            if is_taken { (self.unused_path(&image.path), Looked::default()) } else { (path, looked) };
        let written = self.choose_time(image, looked.time);
        let place = image.place.or(looked.place);
        let camera = image.location.clone().unwrap_or_else(|| composed(&camera_of(&path)));
        let deployment = self.cameras.deployment_of(&mut self.builder, camera, written, place);
        let time = written.map(|written| self.builder.on_clock_of(deployment, written));
        let is_dated = image.time != TimeRead::Missing;
        self.pictures.add(&path, looked.is_found, time.is_some(), is_dated);
        let media = NewMedia { id: &path, path: &path, name: "", deployment, time, is_time_lapse: false };
        let media = self.builder.media.push(&media).expect("a path that no earlier image has");
        if let Some((time, _)) = time {
            self.cameras.extend_span(deployment, time);
        }
        for found in &image.found {
            let taxon = &found.taxon;
            let class = (!taxon.name.is_empty()).then(|| self.builder.classes.intern(&taxon.name));
            if let Some((class, vernacular)) = class.zip(taxon.vernacular.clone()) {
                self.builder.vernacular.entry(class).or_insert(vernacular);
            }
            if let Some(class) = class {
                self.builder.stated_taxa.entry(class).or_insert_with(|| taxon.stated.clone());
            }
            let observation = NewObservation {
                id: "",
                deployment,
                media: Some(media),
                event: "",
                class,
                kind: taxon.kind,
                level: Level::Media,
                count: 1,
                time,
                confidence: found.confidence,
                bbox: found.bbox,
                individual: "",
                sex: "",
                life_stage: "",
                classified_at: None,
                duration: 0,
                classifier: Some(Classifier::Machine),
                is_time_lapse: false,
                is_camera_setup: false,
            };
            self.push_observation(&found.id(&path), &observation);
        }
    }

    /// A path that no earlier image has: the whole one, which differs from that of any other.
    fn unused_path(&self, written: &str) -> String {
        let mut path = whole_path(written);
        while self.builder.media.find(&path).is_some() {
            path.insert_str(0, "./");
        }
        path
    }

    /// When an image was taken: by the results, else by its file. What stands in place of a time is named.
    fn choose_time(&mut self, image: &Image, of_file: TimeRead) -> Option<Written> {
        let (field, message, likely_cause) = match image.time.clone().or(of_file) {
            TimeRead::Time(written) => return Some(written),
            TimeRead::Missing => return None,
            TimeRead::Ambiguous(field, text) => {
                // The first of them is named, at the end.
                if self.refusal.is_none() {
                    let place = format!("{field} of image {}", image.number);
                    self.refusal = Some(refuse_order(self.file, &place, &text, self.dates));
                }
                return None;
            }
            TimeRead::NeverSet(field, text) => {
                let message = format!("“{text}” is no time of a picture; expected one of 1980 or later");
                (field, message, Some("the clock of the camera was never set"))
            }
            TimeRead::Unreadable(field, text) => {
                (field, format!("“{text}” is no time; expected one such as 2023:10:01 06:00:00"), None)
            }
        };
        self.note(image.number, field, message, likely_cause, Consequence::TimeLost);
        None
    }

    /// Adds an observation. Two that are the same to the last digit are told apart by a number.
    fn push_observation(&mut self, id: &str, observation: &NewObservation<'_>) {
        let mut number = 1;
        let mut own = id.to_owned();
        while self.builder.observations.push(&NewObservation { id: &own, ..observation.clone() }).is_none() {
            number += 1;
            own = format!("{id}-{number}");
        }
    }
}
