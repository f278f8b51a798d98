//! COCO Camera Traps JSON, as LILA and MegaDetector's tools read it: pictures with their places and
//! sequences, boxes in pixels. Ids are texts, as that format wants them; `area` and `iscrowd` are there
//! for tools that read plain COCO. <https://lila.science/coco-camera-traps>
//!
//! Without its pictures an archive has sizes and boxes as far as they are known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use detections::{BoundingBox, Dataset, LocalTime, ObservationType, PixelBox};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Tables, name_in_source};
use crate::contents::{Contents, Included, PictureLocation};
use crate::error::ArchiveError;
use crate::order::Media;
use crate::package::Package;

/// Pictures of one camera that are no further apart than this are a sequence, where the data name no
/// events: the minute that MegaDetector's tools take.
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

/// The place of a picture in its sequence.
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
pub(super) fn write(contents: &Contents<'_>, package: &mut Package<'_>) -> Result<Tables, ArchiveError> {
    let categories = categories(contents);
    let entry = package.deflate("annotations.json", |to| {
        write!(to, "{{\n \"info\": {},\n \"categories\": [", info(contents))?;
        let named = categories.iter().map(|(name, id)| json!({"id": id, "name": name}));
        // Class 0 is for pictures with nothing on them, whether there are any or not.
        list(to, std::iter::once(json!({"id": 0, "name": "empty"})).chain(named))?;
        write!(to, "],\n \"images\": [")?;
        write_images(contents, to)?;
        write!(to, "],\n \"annotations\": [")?;
        list(to, contents.included().filter_map(|included| annotation(contents, &categories, &included)))?;
        writeln!(to, "]\n}}")
    })?;
    Ok(Tables { entries: vec![("annotations.json", entry)], notes: notes(contents) })
}

fn list<T: Serialize>(to: &mut dyn Write, items: impl Iterator<Item = T>) -> std::io::Result<()> {
    let mut separator = "\n  ";
    for item in items {
        write!(to, "{separator}{}", serde_json::to_string(&item)?)?;
        separator = ",\n  ";
    }
    Ok(())
}

/// What is left out, since the sizes of pictures that were not read are not known.
fn notes(contents: &Contents<'_>) -> Vec<String> {
    let without_box = contents.included().filter(|included| bbox_of(contents, included).is_none()).count();
    let note = format!(
        "boxes left out, since they are fractions of pictures whose sizes are not known: {without_box}"
    );
    if without_box > 0 { vec![note] } else { Vec::new() }
}

fn info(contents: &Contents<'_>) -> Value {
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
fn categories<'a>(contents: &'a Contents<'_>) -> BTreeMap<&'a str, usize> {
    let names: BTreeSet<&str> =
        contents.included().map(|included| class_name(contents.data, &included)).collect();
    names.into_iter().zip(1..).collect()
}

fn class_name<'a>(data: &'a Dataset, included: &Included<'_>) -> &'a str {
    match (included.observation.class, included.observation.kind) {
        (Some(class), _) => &data.classes[class as usize].name,
        (None, ObservationType::Animal) => "animal",
        (None, ObservationType::Human) => "human",
        (None, ObservationType::Vehicle) => "vehicle",
        (None, _) => "unknown",
    }
}

/// The id of a picture: of the media file, or of the detection whose crop it is.
fn image_id<'a>(contents: &'a Contents<'_>, included: &Included<'a>) -> Option<&'a str> {
    match contents.order.media {
        Media::Crops => Some(included.observation.id),
        Media::Whole | Media::Remote | Media::None => {
            included.picture.map(|(_, task)| contents.data.media.id(task.media))
        }
    }
}

fn write_images(contents: &Contents<'_>, to: &mut dyn Write) -> std::io::Result<()> {
    let sequences = sequences(contents);
    let mut told = BTreeSet::new();
    let images = contents.included().filter_map(|included| {
        let (_, task) = included.picture?;
        let is_crop = contents.order.media == Media::Crops;
        // A whole picture is told once, with its first detection.
        (is_crop || told.insert(task.media)).then(|| image(contents, &included, sequences.get(&task.media)))
    });
    list(to, images.collect::<Vec<_>>().into_iter().flatten())
}

fn image<'a>(
    contents: &'a Contents<'_>,
    included: &Included<'a>,
    sequence: Option<&'a Sequence>,
) -> Option<Image<'a>> {
    let data = contents.data;
    let location = data.deployments[included.observation.deployment as usize].location;
    let (_, task) = included.picture?;
    let file_name = match included.location()? {
        PictureLocation::Archive(file) => file.name.as_str(),
        PictureLocation::Source => name_in_source(&data.media, task.media),
    };
    let size = size_of(contents, included);
    let time = data.media.time(task.media).map(|(time, _)| time);
    Some(Image {
        id: image_id(contents, included)?,
        file_name,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        location: &data.locations[location as usize].key,
        datetime: time.or(included.observation.time).map(|time| time.to_string()),
        sequence: sequence.filter(|_| contents.order.media != Media::Crops),
    })
}

/// Width and height of the picture of a detection, as far as they are known.
fn size_of(contents: &Contents<'_>, included: &Included<'_>) -> Option<(u32, u32)> {
    match included.location()? {
        PictureLocation::Archive(file) => Some((file.width, file.height)),
        PictureLocation::Source => {
            let (number, _) = included.picture?;
            contents.seen[number].map(|seen| (seen.width, seen.height))
        }
    }
}

/// The box of a detection in pixels, unless it is one of fractions and nobody knows how large the picture
/// is.
fn bbox_of(contents: &Contents<'_>, included: &Included<'_>) -> Option<[f64; 4]> {
    let size = size_of(contents, included);
    if contents.order.media == Media::Crops {
        return size.map(|(width, height)| [0.0, 0.0, f64::from(width), f64::from(height)]);
    }
    match (size, included.observation.bbox?) {
        (Some((width, height)), bbox) => {
            let PixelBox { x, y, width, height } = bbox.in_pixels(width, height)?;
            Some([x, y, width, height].map(f64::from))
        }
        (None, BoundingBox::Pixels(sides)) => Some(sides.map(f64::from)),
        (None, BoundingBox::Relative(_)) => None,
    }
}

fn annotation<'a>(
    contents: &'a Contents<'_>,
    categories: &BTreeMap<&str, usize>,
    included: &Included<'a>,
) -> Option<Annotation<'a>> {
    included.location()?;
    let bbox = bbox_of(contents, included);
    Some(Annotation {
        id: included.observation.id,
        image_id: image_id(contents, included)?,
        category_id: categories[class_name(contents.data, included)],
        bbox,
        area: bbox.map(|[_, _, width, height]| width * height),
        iscrowd: 0,
        sequence_level_annotation: false,
        // Single precision, as its shortest text: no digits that nobody measured.
        confidence: included
            .observation
            .confidence
            .and_then(|confidence| confidence.to_string().parse().ok()),
    })
}

/// The sequence of each picture by its media row: its event where that is known, else pictures of
/// one camera in close order.
fn sequences(contents: &Contents<'_>) -> BTreeMap<u32, Sequence> {
    let data = contents.data;
    let mut by_event: BTreeMap<u32, Vec<(Option<LocalTime>, u32)>> = BTreeMap::new();
    let mut by_camera: BTreeMap<u32, BTreeSet<(LocalTime, u32)>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for included in contents.included() {
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
            // A picture without a time is a sequence of nothing that could be told.
            (None, None) => {}
        }
    }
    let mut sequences = BTreeMap::new();
    for (event, mut members) in by_event {
        members.sort_unstable();
        let media: Vec<u32> = members.into_iter().map(|(_, media)| media).collect();
        note(data.observations.event_id(event), &media, &mut sequences);
    }
    for members in by_camera.into_values() {
        for burst in bursts(&members) {
            note(data.media.id(burst[0]), &burst, &mut sequences);
        }
    }
    sequences
}

/// Pictures in order of time, cut where they are far apart.
fn bursts(members: &BTreeSet<(LocalTime, u32)>) -> Vec<Vec<u32>> {
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

fn note(id: &str, media: &[u32], sequences: &mut BTreeMap<u32, Sequence>) {
    for (frame, row) in media.iter().enumerate() {
        let sequence = Sequence { seq_id: id.to_owned(), seq_num_frames: media.len(), frame_num: frame };
        sequences.insert(*row, sequence);
    }
}
