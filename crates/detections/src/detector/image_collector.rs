//! Adding images to a data set.

use serde_json::Value;

use super::cameras::CameraFolders;
use super::exif::{FileMetadata, read_all};
use super::image_result::{DetectedObject, ImageResult};
use super::metadata::{ParsedCoordinates, read_coordinates, read_time};
use super::paths::{find_camera_folder, identify_path, normalize_path};
use super::picture_counter::PictureCounter;
use super::results::Results;
use super::root::Root;
use super::times::{ParsedTime, refuse_order};
use super::values::{Scale, excerpt_value, read_four_numbers, read_key, read_path};
use crate::bbox::{BoundingBox, RelativeBox};
use crate::builder::{Builder, Description};
use crate::clock::WrittenTime;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media::NewMedia;
use crate::media_files::MediaFiles;
use crate::model::Dataset;
use crate::observations::{Classifier, Level, NewObservation};
use crate::problems::{Consequence, RowError};
use crate::source_format::SourceFormat;
use crate::text::Interner;
use crate::unicode_forms::compose;
use crate::written_dates::{DateEvidence, DateOrder};

/// The number of images whose files are read together.
const BATCH: usize = 2048;

/// Collects the images of a file of results into a data set.
pub(super) struct ImageCollector<'a> {
    builder: Builder,
    files: MediaFiles,
    file: &'a str,
    root: Root,
    pictures: PictureCounter,
    /// Boxes with a lower confidence are left out.
    threshold: f32,
    box_scale: Scale,
    class_scale: Scale,
    /// The number of the current image in the file, from 1.
    number: u64,
    pending: Vec<ImageResult>,
    /// Evidence on the order of day and month, from the times in the results.
    dates: DateEvidence,
    /// The order of day and month, if known.
    order: Option<DateOrder>,
    /// Why the results are rejected: a time needs the order of day and month, which is not known.
    refusal: Option<SourceError>,
    /// The paths of earlier images, as written but with uniform slashes.
    seen_paths: Interner,
    cameras: CameraFolders,
}

impl<'a> ImageCollector<'a> {
    /// An empty collector. `default_threshold` applies if the user sets no minimum confidence.
    pub fn new(results: &Results<'a>, default_threshold: f32) -> Self {
        let Results { file, header, files, options } = results;
        Self {
            builder: Builder::new(options, false),
            root: Root::find(&header.first_pass, files),
            files: files.clone(),
            file: file.name,
            pictures: PictureCounter::new(file.folder(), options),
            threshold: options.min_confidence.unwrap_or(default_threshold),
            box_scale: header.first_pass.box_scale(),
            class_scale: header.first_pass.class_scale(),
            number: 0,
            pending: Vec::new(),
            dates: header.first_pass.dates,
            order: header.first_pass.dates.order().or(options.date_order),
            refusal: None,
            seen_paths: Interner::without_texts(),
            cameras: CameraFolders::default(),
        }
    }

    /// Starts the next image of the file, and reads its path from a field. An image without a path is counted
    /// and skipped.
    pub fn begin_image<'v>(&mut self, item: &'v Value, field: &str) -> Option<&'v str> {
        self.number += 1;
        self.builder.problems.count_row(self.file);
        let path = read_path(&item[field]);
        if path.is_none() {
            let message = "no file name; expected the path of a picture".into();
            self.note_problem(self.number, field, message, None, Consequence::RowSkipped);
        }
        path
    }

    /// Adds the current image with the objects that were detected on it.
    pub fn add_image(&mut self, path: &str, item: &Value, objects: Vec<DetectedObject>) {
        let place = match read_coordinates(item) {
            ParsedCoordinates::Valid(place) => Some(place),
            ParsedCoordinates::Missing => None,
            ParsedCoordinates::Unreadable => {
                let message =
                    "not coordinates; expected degrees north from -90 to 90 and east from -180 to 180";
                self.ignore_value("latitude, longitude", message.into());
                None
            }
        };
        let location = read_key(&item["location"]).filter(|location| !location.is_empty());
        self.pending.push(ImageResult {
            number: self.number,
            path: path.to_owned(),
            location: location.map(|location| compose(&location)),
            time: read_time(item, self.order),
            place,
            objects,
        });
        if self.pending.len() == BATCH {
            self.flush();
        }
    }

    /// Notes that a value of the current image is ignored.
    pub fn ignore_value(&mut self, field: &str, message: String) {
        self.note_problem(self.number, field, message, None, Consequence::ValueIgnored);
    }

    fn note_problem(
        &mut self,
        number: u64,
        field: &str,
        message: String,
        likely_cause: Option<&'static str>,
        consequence: Consequence,
    ) {
        let problem = RowError::new(self.file.to_owned(), "image", number, field.to_owned(), message);
        self.builder.problems.add(RowError { likely_cause, consequence, ..problem });
    }

    /// Reads the confidence of a detection.
    pub fn read_confidence(&mut self, value: &Value) -> Option<f32> {
        let confidence = self.box_scale.read(value);
        if confidence.is_none() {
            let value = excerpt_value(value);
            self.ignore_value("conf", format!("{value} is not a confidence; expected a number from 0 to 1"));
        }
        confidence
    }

    /// Reads the score of a class, if there is one.
    pub fn read_score(&self, value: &Value) -> Option<f32> {
        self.class_scale.read(value)
    }

    /// Whether a confidence is below the threshold. Such detections are counted.
    pub fn count_if_below_threshold(&mut self, confidence: Option<f32>) -> bool {
        let is_below_threshold = confidence.is_some_and(|confidence| confidence < self.threshold);
        self.builder.below_threshold += u64::from(is_below_threshold);
        is_below_threshold
    }

    /// Reads a box `[x, y, width, height]` in fractions of the picture.
    pub fn read_relative_box(&mut self, value: &Value) -> Option<BoundingBox> {
        let bbox = read_four_numbers(value).map(|[x, y, width, height]| RelativeBox { x, y, width, height });
        if bbox.is_none() {
            let value = excerpt_value(value);
            self.ignore_value("bbox", format!("{value} is not a box; expected four numbers"));
        }
        bbox.map(BoundingBox::Relative)
    }

    /// Completes the data set.
    pub fn finish(
        mut self,
        format: SourceFormat,
        title: String,
        model_name: Option<String>,
    ) -> Result<Dataset, SourceError> {
        self.flush();
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        self.builder.pictures = self.pictures.finish(self.file)?;
        self.cameras.set_spans(&mut self.builder.deployments);
        self.builder.spans_from_records = true;
        self.builder.model_name = model_name;
        let data = self.builder.finish(Description::new(format, title), self.files);
        Ok(data.expect("ids were checked one by one"))
    }

    fn flush(&mut self) {
        let images = std::mem::take(&mut self.pending);
        let paths: Vec<String> = images.iter().map(|image| self.root.resolve(&image.path)).collect();
        let metadata = read_all(&self.files, &paths.iter().map(String::as_str).collect::<Vec<_>>());
        for ((image, path), metadata) in images.iter().zip(paths).zip(metadata) {
            self.add_to_data(image, path, metadata);
        }
    }

    fn add_to_data(&mut self, image: &ImageResult, path: String, metadata: FileMetadata) {
        if self.seen_paths.insert_new(&identify_path(&image.path)).is_none() {
            let message = format!("“{}” occurs again; expected each file once", excerpt(&image.path));
            self.note_problem(image.number, "file", message, None, Consequence::RowSkipped);
            return;
        }
        // Two paths may end alike. The file that exists belongs to the first.
        let is_taken = self.builder.media.find(&path).is_some();
        let (path, metadata) = if is_taken {
            (self.unused_path(&image.path), FileMetadata::default())
        } else {
            (path, metadata)
        };
        let written = self.choose_time(image, metadata.time);
        let place = image.place.or(metadata.place);
        let camera = image.location.clone().unwrap_or_else(|| compose(&find_camera_folder(&path)));
        let deployment = self.cameras.find_or_add_deployment(&mut self.builder, camera, written, place);
        let time = written.map(|written| self.builder.convert_time(deployment, written));
        let is_dated = image.time != ParsedTime::Missing;
        self.pictures.add(&path, metadata.is_found, time.is_some(), is_dated);
        let media = NewMedia { id: &path, path: &path, name: "", deployment, time, is_time_lapse: false };
        let media = self.builder.media.push(&media).expect("a path that no earlier image has");
        if let Some((time, _)) = time {
            self.cameras.extend_span(deployment, time);
        }
        for object in &image.objects {
            let taxon = &object.taxon;
            let class = (!taxon.name.is_empty()).then(|| self.builder.classes.intern(&taxon.name));
            if let Some((class, vernacular)) = class.zip(taxon.vernacular.clone()) {
                self.builder.vernacular.entry(class).or_insert(vernacular);
            }
            if let Some(class) = class {
                self.builder.stated_taxa.entry(class).or_insert_with(|| taxon.stated.clone());
            }
            let observation = NewObservation {
                deployment,
                media: Some(media),
                class,
                kind: taxon.kind,
                level: Level::Media,
                time,
                confidence: object.confidence,
                bbox: object.bbox,
                classifier: Some(Classifier::Machine),
                ..NewObservation::default()
            };
            self.push_observation(&object.make_id(&path), &observation);
        }
    }

    /// A path that no earlier image has, made from the whole path.
    fn unused_path(&self, written: &str) -> String {
        let mut path = normalize_path(written);
        while self.builder.media.find(&path).is_some() {
            path.insert_str(0, "./");
        }
        path
    }

    /// The time of an image: from the results, else from its file. An unusable time is noted.
    fn choose_time(&mut self, image: &ImageResult, of_file: ParsedTime) -> Option<WrittenTime> {
        let (field, message, likely_cause) = match image.time.clone().or(of_file) {
            ParsedTime::Time(written) => return Some(written),
            ParsedTime::Missing => return None,
            ParsedTime::Ambiguous(field, text) => {
                // The first one is reported at the end.
                if self.refusal.is_none() {
                    let place = format!("{field} of image {}", image.number);
                    self.refusal = Some(refuse_order(self.file, &place, &text, self.dates));
                }
                return None;
            }
            ParsedTime::NeverSet(field, text) => {
                let message = format!("“{text}” is too early for a picture; expected 1980 or later");
                (field, message, Some("the clock of the camera was never set"))
            }
            ParsedTime::Unreadable(field, text) => {
                (field, format!("“{text}” is not a time; expected one such as 2023:10:01 06:00:00"), None)
            }
        };
        self.note_problem(image.number, field, message, likely_cause, Consequence::TimeLost);
        None
    }

    /// Adds an observation. If all values equal those of an earlier one, a number makes its id unique.
    fn push_observation(&mut self, id: &str, observation: &NewObservation<'_>) {
        let mut number = 1;
        let mut own = id.to_owned();
        while self.builder.observations.push(&NewObservation { id: &own, ..observation.clone() }).is_none() {
            number += 1;
            own = format!("{id}-{number}");
        }
    }
}
