//! COCO Camera Traps JSON, as LILA and MegaDetector's tools read it: pictures with their locations and
//! sequences, boxes in pixels. Ids are texts, as the format requires; `area` and `iscrowd` are for tools that
//! read plain COCO. <https://lila.science/coco-camera-traps>
//!
//! An archive without pictures has sizes and boxes as far as they are known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use detections::{BoundingBox, Dataset, LocalTime, ObservationType, PixelBox};
use serde_json::{Map, Value, json};

use super::{ForeignField, LayoutWriter, Tables, find_source_name, find_switches};
use crate::contents::{Contents, IncludedDetection, PictureLocation};
use crate::error::ArchiveError;
use crate::request::{ArchiveRequest, Media};
use crate::rules::Rules;
use crate::zip_file::ZipFile;

/// Without events, pictures of one camera at most this far apart are a sequence: the minute that
/// MegaDetector's tools use.
const SEQUENCE_SECONDS: i64 = 60;

/// The position of a picture in its sequence.
struct Sequence {
    id: String,
    frames: usize,
    number: usize,
}

pub(super) struct Coco;

impl LayoutWriter for Coco {
    fn describe_content(&self, _: &ArchiveRequest) -> &'static str {
        "COCO training data"
    }

    fn find_foreign_fields(&self, request: &ArchiveRequest, given: &Map<String, Value>) -> Vec<ForeignField> {
        let reason = "media remote is for the layout camtrap-dp; with coco use whole, crops or none";
        let remote = (request.media == Media::Remote).then(|| ("media", reason.to_owned()));
        remote.into_iter().chain(find_switches(given)).collect()
    }

    fn rules(&self, request: &ArchiveRequest) -> Rules {
        let media = request.media;
        Rules {
            folders: ["images/"; 2],
            has_crops: media == Media::Crops,
            has_whole: media == Media::Whole,
            may_name_pictures: matches!(media, Media::Remote | Media::None),
            // The tables are about pictures and the boxes on them.
            needs_pictures: true,
            reads_local_pictures: media == Media::None,
            // Tools that read COCO ignore the EXIF orientation. The boxes would miss the animals on a rotated
            // picture.
            is_upright: true,
            ..Rules::default()
        }
    }

    /// Writes `annotations.json`.
    fn write_tables(&self, contents: &Contents<'_>, zip: &mut ZipFile<'_>) -> Result<Tables, ArchiveError> {
        let categories = number_categories(contents);
        let entry = zip.deflate("annotations.json", |to| {
            write!(to, "{{\n \"info\": {},\n \"categories\": [", make_info(contents))?;
            let named = categories.iter().map(|(name, id)| json!({"id": id, "name": name}));
            // Class 0 stands for empty pictures, and is always present.
            write_list(to, std::iter::once(json!({"id": 0, "name": "empty"})).chain(named))?;
            write!(to, "],\n \"images\": [")?;
            write_images(contents, to)?;
            write!(to, "],\n \"annotations\": [")?;
            let annotate = |included| make_annotation(contents, &categories, &included);
            write_list(to, contents.list_included().filter_map(annotate))?;
            writeln!(to, "]\n}}")
        })?;
        let rows = contents.list_included().count();
        Ok(Tables { entries: vec![("annotations.json", entry)], rows, notes: make_notes(contents) })
    }
}

/// Writes rows without the fields that are not known.
fn write_list(to: &mut dyn Write, rows: impl Iterator<Item = Value>) -> std::io::Result<()> {
    let mut separator = "\n  ";
    for mut row in rows {
        if let Value::Object(fields) = &mut row {
            fields.retain(|_, value| !value.is_null());
        }
        write!(to, "{separator}{row}")?;
        separator = ",\n  ";
    }
    Ok(())
}

/// Notes on boxes that are left out because the sizes of their pictures are not known.
fn make_notes(contents: &Contents<'_>) -> Vec<String> {
    let without_box =
        contents.list_included().filter(|included| find_box(contents, included).is_none()).count();
    let note = format!(
        "boxes left out, since they are fractions of pictures whose sizes are not known: {without_box}"
    );
    if without_box > 0 { vec![note] } else { Vec::new() }
}

fn make_info(contents: &Contents<'_>) -> Value {
    let data = contents.data;
    let licences: Vec<String> = data
        .licences
        .iter()
        .map(|licence| match &licence.scope {
            Some(scope) => format!("{} ({scope})", licence.name),
            None => licence.name.clone(),
        })
        .collect();
    json!({
        "version": "1.0",
        "description": format!("Selection from: {}", data.title),
        "contributor": data.citation,
        "licenses": licences,
        "created_by": concat!("trapline ", env!("CARGO_PKG_VERSION")),
    })
}

/// Classes by name, numbered from 1 in the order of their names.
fn number_categories<'a>(contents: &'a Contents<'_>) -> BTreeMap<&'a str, usize> {
    let names: BTreeSet<&str> =
        contents.list_included().map(|included| find_class_name(contents.data, &included)).collect();
    names.into_iter().zip(1..).collect()
}

fn find_class_name<'a>(data: &'a Dataset, included: &IncludedDetection<'_>) -> &'a str {
    match (included.observation.class, included.observation.kind) {
        (Some(class), _) => &data.classes[class as usize].name,
        (None, ObservationType::Animal) => "animal",
        (None, ObservationType::Human) => "human",
        (None, ObservationType::Vehicle) => "vehicle",
        (None, _) => "unknown",
    }
}

/// The id of a picture: of the media file, or of the detection whose crop it is.
fn find_image_id<'a>(contents: &'a Contents<'_>, included: &IncludedDetection<'a>) -> Option<&'a str> {
    match contents.job.request.media {
        Media::Crops => Some(included.observation.id),
        Media::Whole | Media::Remote | Media::None => {
            included.picture.map(|(_, task)| contents.data.media.id(task.media))
        }
    }
}

fn write_images(contents: &Contents<'_>, to: &mut dyn Write) -> std::io::Result<()> {
    let sequences = find_sequences(contents);
    let mut told = BTreeSet::new();
    let images = contents.list_included().filter_map(|included| {
        let (_, task) = included.picture?;
        let is_crop = contents.job.request.media == Media::Crops;
        // A whole picture is listed once, with its first detection.
        let is_new = is_crop || told.insert(task.media);
        let sequence = sequences.get(&task.media).filter(|_| !is_crop);
        if is_new { make_image(contents, &included, sequence) } else { None }
    });
    write_list(to, images)
}

fn make_image(
    contents: &Contents<'_>,
    included: &IncludedDetection<'_>,
    sequence: Option<&Sequence>,
) -> Option<Value> {
    let data = contents.data;
    let location = data.deployments[included.observation.deployment as usize].location;
    let (_, task) = included.picture?;
    let file_name = match included.location()? {
        PictureLocation::Archive(file) => file.name.as_str(),
        PictureLocation::Source => find_source_name(&data.media, task.media),
    };
    let (width, height) = find_size(contents, included).unzip();
    let time = data.media.time(task.media).map(|(time, _)| time);
    Some(json!({
        "id": find_image_id(contents, included)?,
        "file_name": file_name,
        "width": width,
        "height": height,
        "location": data.locations[location as usize].key,
        "datetime": time.or(included.observation.time).map(|time| time.to_string()),
        "seq_id": sequence.map(|sequence| &sequence.id),
        "seq_num_frames": sequence.map(|sequence| sequence.frames),
        "frame_num": sequence.map(|sequence| sequence.number),
    }))
}

/// Width and height of a detection's picture, if known.
fn find_size(contents: &Contents<'_>, included: &IncludedDetection<'_>) -> Option<(u32, u32)> {
    match included.location()? {
        PictureLocation::Archive(file) => Some((file.info.width, file.info.height)),
        PictureLocation::Source => {
            let (number, _) = included.picture?;
            contents.info[number].map(|seen| (seen.width, seen.height))
        }
    }
}

/// The box of a detection in pixels; `None` for fractions of a picture of unknown size.
fn find_box(contents: &Contents<'_>, included: &IncludedDetection<'_>) -> Option<[f64; 4]> {
    let size = find_size(contents, included);
    if contents.job.request.media == Media::Crops {
        return size.map(|(width, height)| [0.0, 0.0, f64::from(width), f64::from(height)]);
    }
    match (size, included.observation.bbox?) {
        (Some((width, height)), bbox) => {
            let PixelBox { x, y, width, height } = bbox.to_pixels(width, height)?;
            Some([x, y, width, height].map(f64::from))
        }
        (None, BoundingBox::Pixels(sides)) => Some(sides.map(f64::from)),
        (None, BoundingBox::Relative(_)) => None,
    }
}

fn make_annotation(
    contents: &Contents<'_>,
    categories: &BTreeMap<&str, usize>,
    included: &IncludedDetection<'_>,
) -> Option<Value> {
    included.location()?;
    let bbox = find_box(contents, included);
    // The shortest text of a single-precision number has no meaningless digits.
    let confidence: Option<f64> = included.observation.confidence.and_then(|c| c.to_string().parse().ok());
    Some(json!({
        "id": included.observation.id,
        "image_id": find_image_id(contents, included)?,
        "category_id": categories[find_class_name(contents.data, included)],
        "bbox": bbox,
        "area": bbox.map(|[_, _, width, height]| width * height),
        "iscrowd": 0,
        "sequence_level_annotation": false,
        "confidence": confidence,
    }))
}

/// The sequence of each picture by its media row: its event if known, else pictures of one camera in quick
/// succession.
fn find_sequences(contents: &Contents<'_>) -> BTreeMap<u32, Sequence> {
    let data = contents.data;
    let mut by_event: BTreeMap<u32, Vec<(Option<LocalTime>, u32)>> = BTreeMap::new();
    let mut by_camera: BTreeMap<u32, Vec<(LocalTime, u32)>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for included in contents.list_included() {
        let Some((_, task)) = included.picture else { continue };
        if !seen.insert(task.media) {
            continue;
        }
        let time = data.media.time(task.media).map(|(time, _)| time);
        match (included.observation.event, time) {
            (Some(event), time) => by_event.entry(event).or_default().push((time, task.media)),
            (None, Some(time)) => {
                by_camera.entry(included.observation.deployment).or_default().push((time, task.media));
            }
            // A picture without a time is in no sequence.
            (None, None) => {}
        }
    }
    let mut sequences = BTreeMap::new();
    for (event, mut members) in by_event {
        members.sort_unstable();
        add_sequence(data.observations.event_id(event), &members, &mut sequences);
    }
    for mut members in by_camera.into_values() {
        members.sort_unstable();
        for burst in members.chunk_by(|(a, _), (b, _)| b.seconds() - a.seconds() <= SEQUENCE_SECONDS) {
            add_sequence(data.media.id(burst[0].1), burst, &mut sequences);
        }
    }
    sequences
}

/// Adds a sequence of pictures in order of time, each with its media row.
fn add_sequence<T>(id: &str, members: &[(T, u32)], sequences: &mut BTreeMap<u32, Sequence>) {
    for (number, (_, row)) in members.iter().enumerate() {
        sequences.insert(*row, Sequence { id: id.to_owned(), frames: members.len(), number });
    }
}
