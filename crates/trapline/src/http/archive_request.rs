//! What an archive is asked for over HTTP.

use archive::{Coordinates, Layout, Media};
use detections::{Sample, Selection, Share};
use serde_json::Value;

use super::FieldError;
use super::body::Fields;
use super::problem::Problem;
use super::submit;
use crate::datasets::Datasets;
use crate::export::{ArchiveRequest, Chosen, Export, What};
use crate::source::SourceFault;

/// The fields of a request for an archive.
pub const FIELDS: [&str; 15] = [
    "detection_ids",
    "filter",
    "max",
    "sample",
    "layout",
    "media",
    "include_crops",
    "include_originals",
    "include_metadata_csv",
    "include_humans",
    "include_damaged",
    "crop_size",
    "coordinates",
    "dataset",
    "callback_url",
];
/// Ids in one request.
const MAX_IDS: usize = 10_000;

/// Reads and checks the request for an archive: the export, and how many detections it goes
/// through.
pub fn export(mut fields: Fields, datasets: &Datasets) -> Result<(Export, u64), Problem> {
    let found = submit::dataset(&mut fields, datasets);
    let detections = chosen(&mut fields);
    let share = share(&mut fields);
    let layout = fields.choice("layout", &Layout::ALL);
    let media = fields.choice("media", &Media::ALL);
    check_parts(&mut fields, layout, media);
    let request = ArchiveRequest {
        // Its place is taken below, once all is known to be right.
        detections: Chosen::Ids(Vec::new()),
        share,
        layout,
        media,
        include_crops: fields.flag("include_crops", true),
        include_originals: fields.flag("include_originals", false),
        include_metadata_csv: fields.flag("include_metadata_csv", true),
        include_humans: fields.flag("include_humans", false),
        include_damaged: fields.flag("include_damaged", false),
        crop_size: fields.whole_number("crop_size", archive::CROP_SIZES, 300),
        coordinates: fields
            .choice("coordinates", &[("rounded", Coordinates::Rounded), ("exact", Coordinates::Exact)]),
        asked: fields.whole(),
    };
    fields.check()?;
    let (Some((name, source)), Some(detections)) = (found, detections) else {
        return Err(Problem::new(422, "The request is incomplete"));
    };
    let detections = match detections {
        // A job keeps the names of the data set, whichever way they were typed.
        Chosen::Filter(selection) => Chosen::Filter(source.resolve_selection(selection).map_err(map_fault)?),
        ids @ Chosen::Ids(_) => ids,
    };
    let request = ArchiveRequest { detections, ..request };
    let total = request.count(source).map_err(map_fault)?;
    Ok((Export { dataset: name.into(), what: What::Archive(request) }, total as u64))
}

fn map_fault(fault: SourceFault) -> Problem {
    match fault {
        SourceFault::Unknown(unknown) => {
            let field = format!("filter.{}", unknown.what);
            Problem::fields(422, vec![FieldError::new(field, unknown)])
        }
        SourceFault::Database(error) => error.into(),
    }
}

fn chosen(fields: &mut Fields) -> Option<Chosen> {
    match (fields.get("detection_ids").is_some(), fields.get("filter").cloned()) {
        (false, Some(filter)) => chosen_by_filter(fields, filter).map(Chosen::Filter),
        (true, Some(_)) => {
            fields.wrong("filter", "give detection_ids or filter, not both");
            None
        }
        (_, None) => chosen_by_id(fields).map(Chosen::Ids),
    }
}

fn chosen_by_id(fields: &mut Fields) -> Option<Vec<String>> {
    let ids = fields.required("detection_ids", |fields, name| Some(fields.texts(name)))?;
    if fields
        .get("detection_ids")
        .and_then(Value::as_array)
        .is_some_and(|list| list.is_empty() || list.len() > MAX_IDS)
    {
        fields.wrong("detection_ids", format!("detection_ids must have 1 to {MAX_IDS} items"));
    }
    for name in ["max", "sample"] {
        if fields.get(name).is_some() {
            fields.wrong(name, format!("{name} belongs to a filter; detection_ids are all taken"));
        }
    }
    Some(ids)
}

fn chosen_by_filter(fields: &mut Fields, filter: Value) -> Option<Selection> {
    let Value::Object(filter) = filter else {
        fields.wrong("filter", "filter must be an object");
        return None;
    };
    let mut inner = Fields::within(filter);
    let min_confidence = inner.get("min_confidence").cloned().and_then(|value| {
        let number = value.as_f64().filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            inner.wrong("min_confidence", "min_confidence must be a number from 0 to 1");
        }
        // A confidence is kept in single precision.
        #[allow(clippy::cast_possible_truncation)]
        number.map(|number| number as f32)
    });
    let selection = Selection {
        start: inner.date("start_date"),
        end: inner.date("end_date"),
        classes: inner.texts("classifications"),
        locations: inner.texts("locations"),
        min_confidence,
        ..Selection::default()
    };
    fields.wrong_within("filter", inner.into_errors());
    Some(selection)
}

/// `max`, and `sample` with its `seed` and `per_class`.
fn share(fields: &mut Fields) -> Share {
    let max = some_of(fields, "max");
    let sample = match fields.get("sample").cloned() {
        None => None,
        Some(Value::Object(sample)) => {
            let mut inner = Fields::within(sample);
            let seed = inner.get("seed").map(Value::as_u64);
            if seed.is_none() {
                inner.wrong("seed", "seed is missing: with the same one a sample can be drawn again");
            } else if seed == Some(None) {
                inner.wrong("seed", "seed must be a whole number from 0");
            }
            let per_class = some_of(&mut inner, "per_class");
            fields.wrong_within("sample", inner.into_errors());
            seed.flatten().map(|seed| Sample { seed, per_class })
        }
        Some(_) => {
            fields.wrong("sample", "sample must be an object of seed and, if wanted, per_class");
            None
        }
    };
    Share { max, sample }
}

/// A number of detections, at least one.
fn some_of(fields: &mut Fields, name: &str) -> Option<usize> {
    fields.get(name)?;
    usize::try_from(fields.whole_number(name, 1..=u32::MAX, 1)).ok()
}

/// Each layout says in its own way which pictures it holds. What it cannot do is refused rather
/// than left out without a word.
fn check_parts(fields: &mut Fields, layout: Layout, media: Media) {
    if layout == Layout::Crops {
        if fields.get("media").is_some() {
            fields.wrong("media", "media belongs to the layouts camtrap-dp and coco; crops has include_crops and include_originals");
        }
        return;
    }
    if layout == Layout::Coco && media == Media::Remote {
        fields
            .wrong("media", "media remote belongs to the layout camtrap-dp; coco takes whole, crops or none");
    }
    let differs = [("include_crops", false), ("include_originals", true), ("include_metadata_csv", false)];
    for (name, other) in differs {
        if fields.get(name) == Some(&Value::Bool(other)) {
            let detail = format!(
                "{name} belongs to the layout crops; the others have their own tables, and media (whole, crops, remote or none) says which pictures"
            );
            fields.wrong(name, detail);
        }
    }
}
