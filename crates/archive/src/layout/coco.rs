//! COCO Camera Traps JSON, as LILA and MegaDetector's tools read it: pictures with their locations and
//! sequences, boxes in pixels. Ids are texts, as the format requires; `area` and `iscrowd` are for tools that
//! read plain COCO. <https://lila.science/coco-camera-traps>
//!
//! An archive without pictures has sizes and boxes as far as they are known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use detections::{BoundingBox, Dataset, LocalTime, ObservationType, PixelBox};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Tables, find_source_name};
use crate::contents::{Contents, IncludedDetection, PictureLocation};
use crate::error::ArchiveError;
use crate::request::Media;
use crate::zip_file::ZipFile;

/// Without events, pictures of one camera at most this far apart are a sequence: the minute that
/// MegaDetector's tools use.
const SEQUENCE_SECONDS: i64 = 60;

#[derive(Serialize)]
struct Image<'a> {
    id: &'a str,
    file_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    datetime: Option<String>,
    #[serde(flatten)]
    sequence: Option<&'a Sequence>,
}

/// The position of a picture in its sequence.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Sequence {
    seq_id: String,
    seq_num_frames: usize,
    frame_num: usize,
}

// The format names its fields.
#[allow(clippy::struct_field_names)]
#[derive(Serialize)]
struct Annotation<'a> {
    id: &'a str,
    image_id: &'a str,
    category_id: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<f64>,
    iscrowd: u8,
    sequence_level_annotation: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
}

/// Writes `annotations.json`.
pub(super) fn write(contents: &Contents<'_>, zip: &mut ZipFile<'_>) -> Result<Tables, ArchiveError> {
    let categories = number_categories(contents);
    let entry = zip.deflate("annotations.json", |to| {
        write!(to, "{{\n \"info\": {},\n \"categories\": [", make_info(contents))?;
        let named = categories.iter().map(|(name, id)| json!({"id": id, "name": name}));
        // Class 0 stands for empty pictures, and is always present.
        write_list(to, std::iter::once(json!({"id": 0, "name": "empty"})).chain(named))?;
        write!(to, "],\n \"images\": [")?;
        write_images(contents, to)?;
        write!(to, "],\n \"annotations\": [")?;
        write_list(
            to,
            contents.list_included().filter_map(|included| make_annotation(contents, &categories, &included)),
        )?;
        writeln!(to, "]\n}}")
    })?;
    Ok(Tables { entries: vec![("annotations.json", entry)], notes: make_notes(contents) })
}

fn write_list<T: Serialize>(to: &mut dyn Write, items: impl Iterator<Item = T>) -> std::io::Result<()> {
    let mut separator = "\n  ";
    for item in items {
        write!(to, "{separator}{}", serde_json::to_string(&item)?)?;
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
        (is_crop || told.insert(task.media))
            .then(|| make_image(contents, &included, sequences.get(&task.media)))
    });
    write_list(to, images.collect::<Vec<_>>().into_iter().flatten())
}

fn make_image<'a>(
    contents: &'a Contents<'_>,
    included: &IncludedDetection<'a>,
    sequence: Option<&'a Sequence>,
) -> Option<Image<'a>> {
    let data = contents.data;
    let location = data.deployments[included.observation.deployment as usize].location;
    let (_, task) = included.picture?;
    let file_name = match included.location()? {
        PictureLocation::Archive(file) => file.name.as_str(),
        PictureLocation::Source => find_source_name(&data.media, task.media),
    };
    let size = find_size(contents, included);
    let time = data.media.time(task.media).map(|(time, _)| time);
    Some(Image {
        id: find_image_id(contents, included)?,
        file_name,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        location: &data.locations[location as usize].key,
        datetime: time.or(included.observation.time).map(|time| time.to_string()),
        sequence: sequence.filter(|_| contents.job.request.media != Media::Crops),
    })
}

/// Width and height of a detection's picture, if known.
fn find_size(contents: &Contents<'_>, included: &IncludedDetection<'_>) -> Option<(u32, u32)> {
    match included.location()? {
        PictureLocation::Archive(file) => Some((file.width, file.height)),
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

fn make_annotation<'a>(
    contents: &'a Contents<'_>,
    categories: &BTreeMap<&str, usize>,
    included: &IncludedDetection<'a>,
) -> Option<Annotation<'a>> {
    included.location()?;
    let bbox = find_box(contents, included);
    Some(Annotation {
        id: included.observation.id,
        image_id: find_image_id(contents, included)?,
        category_id: categories[find_class_name(contents.data, included)],
        bbox,
        area: bbox.map(|[_, _, width, height]| width * height),
        iscrowd: 0,
        sequence_level_annotation: false,
        // The shortest text of a single-precision number has no meaningless digits.
        confidence: included
            .observation
            .confidence
            .and_then(|confidence| confidence.to_string().parse().ok()),
    })
}

/// The sequence of each picture by its media row: its event if known, else pictures of one camera in quick
/// succession.
fn find_sequences(contents: &Contents<'_>) -> BTreeMap<u32, Sequence> {
    let data = contents.data;
    let mut by_event: BTreeMap<u32, Vec<(Option<LocalTime>, u32)>> = BTreeMap::new();
    let mut by_camera: BTreeMap<u32, BTreeSet<(LocalTime, u32)>> = BTreeMap::new();
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
                by_camera.entry(included.observation.deployment).or_default().insert((time, task.media));
            }
            // A picture without a time is in no sequence.
            (None, None) => {}
        }
    }
    let mut sequences = BTreeMap::new();
    for (event, mut members) in by_event {
        members.sort_unstable();
        let media: Vec<u32> = members.into_iter().map(|(_, media)| media).collect();
        add_sequence(data.observations.event_id(event), &media, &mut sequences);
    }
    for members in by_camera.into_values() {
        for burst in find_bursts(&members) {
            add_sequence(data.media.id(burst[0]), &burst, &mut sequences);
        }
    }
    sequences
}

/// Splits pictures in order of time where they are far apart.
fn find_bursts(members: &BTreeSet<(LocalTime, u32)>) -> Vec<Vec<u32>> {
    let mut bursts: Vec<Vec<u32>> = Vec::new();
    let mut last: Option<LocalTime> = None;
    for &(time, media) in members {
        let near = last.is_some_and(|last| time.seconds() - last.seconds() <= SEQUENCE_SECONDS);
        match bursts.last_mut().filter(|_| near) {
            Some(burst) => burst.push(media),
            None => bursts.push(vec![media]),
        }
        last = Some(time);
    }
    bursts
}

fn add_sequence(id: &str, media: &[u32], sequences: &mut BTreeMap<u32, Sequence>) {
    for (frame, row) in media.iter().enumerate() {
        let sequence = Sequence { seq_id: id.to_owned(), seq_num_frames: media.len(), frame_num: frame };
        sequences.insert(*row, sequence);
    }
}
