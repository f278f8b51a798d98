//! `trapline archive`.

use std::path::Path;

use ::archive::{ArchiveError, Layout};
use detections::{Sample, Selection, Share};
use serde_json::{Value, json};

use super::arguments::{ArchiveArguments, DataArguments};
use super::failure::Failure;
use super::output::{Stage, Steps, persist, temporary_beside};
use super::serve::runtime;
use crate::datasets::How;
use crate::export::{ArchiveRequest, Chosen};
use crate::source::Source;
use crate::telemetry::{self, LogFormat};

pub fn run(arguments: &ArchiveArguments) -> Result<(), Failure> {
    telemetry::start("warn", LogFormat::Text);
    check(arguments)?;
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let source = only_data_set(&arguments.data, &arguments.data.how(arguments.fetch.fetch()?)?)?;
    let request = request(arguments)?;
    source.knows(&arguments.class, &arguments.location).map_err(Failure::input)?;
    let data = source.for_archive(|| request.slice(), &|| false).map_err(Failure::of_database)?;
    let order = request.order(&data, &arguments.data.limits()).map_err(Failure::input)?;
    let temporary = temporary_beside(&arguments.output)?;
    let file = temporary.reopen().map_err(Failure::job)?;
    let folder = temporary.path().parent().unwrap_or(Path::new(".")).to_owned();
    let steps = Steps::new("detections", order.detection_ids.len() as u64);
    let written = ::archive::write(&data, &order, file, &folder, &steps);
    steps.finish();
    let summary = written.map_err(|error| match error {
        ArchiveError::NothingFound { .. } | ArchiveError::NothingChosen => Failure::job(error),
        other => Failure::job(format!("{}: {other}", arguments.output.display())),
    })?;
    let size = persist(temporary, &arguments.output)?;
    if arguments.json {
        let told = json!({"file": arguments.output, "size_bytes": size, "asked_for": summary.asked_for,
            "crops": summary.crops, "pictures": summary.pictures, "metadata_rows": summary.metadata_rows,
            "missing": summary.missing});
        println!("{told}");
    } else {
        let held = match (summary.crops, summary.pictures) {
            (crops, 0) => format!("{crops} crops"),
            (0, pictures) => format!("{pictures} pictures"),
            (crops, pictures) => format!("{crops} crops and {pictures} pictures"),
        };
        eprintln!(
            "{}: {held} of {} detections; {} missing{}",
            arguments.output.display(),
            summary.asked_for,
            summary.missing,
            if summary.missing > 0 { " (missing.csv tells which, and why)" } else { "" }
        );
    }
    Ok(())
}

/// Commands that work on one data set.
pub fn only_data_set(arguments: &DataArguments, how: &How) -> Result<Source, Failure> {
    match arguments.data.as_slice() {
        [one] => {
            let _reading = Stage::begin(&format!("reading {}", one.shown()));
            one.open(how).map_err(Failure::input)
        }
        _ => Err(Failure::input("this command works on one data set; give --data once")),
    }
}

fn request(arguments: &ArchiveArguments) -> Result<ArchiveRequest, Failure> {
    let detections = match &arguments.ids {
        Some(path) => Chosen::Ids(ids(path)?),
        None => Chosen::Filter(Selection {
            start: arguments.from,
            end: arguments.to,
            classes: arguments.class.clone(),
            locations: arguments.location.clone(),
            min_confidence: arguments.data.min_confidence,
            ..Selection::default()
        }),
    };
    let many = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
    let sample = arguments.sample.map(|seed| Sample { seed, per_class: many(arguments.per_class) });
    let mut request = ArchiveRequest {
        detections,
        share: Share { max: many(arguments.max), sample },
        layout: arguments.layout,
        media: arguments.media,
        include_crops: !arguments.no_crops,
        include_originals: arguments.include_originals,
        include_metadata_csv: !arguments.no_metadata,
        include_humans: arguments.include_humans,
        include_damaged: arguments.include_damaged,
        crop_size: arguments.crop_size,
        coordinates: arguments.coordinates,
        asked: Value::Null,
    };
    request.asked = asked(&request);
    Ok(request)
}

/// The same as a request over HTTP, for the manifest.
fn asked(request: &ArchiveRequest) -> Value {
    let mut asked = json!({
        "layout": request.layout, "include_humans": request.include_humans,
        "include_damaged": request.include_damaged, "crop_size": request.crop_size,
        "coordinates": request.coordinates,
    });
    if request.layout == Layout::Crops {
        asked["include_crops"] = request.include_crops.into();
        asked["include_originals"] = request.include_originals.into();
        asked["include_metadata_csv"] = request.include_metadata_csv.into();
    } else {
        asked["media"] = json!(request.media);
    }
    match &request.detections {
        Chosen::Ids(ids) => asked["detection_ids"] = json!(ids),
        Chosen::Filter(selection) => {
            asked["filter"] = json!({
                "start_date": selection.start, "end_date": selection.end, "classifications": selection.classes,
                "locations": selection.locations, "min_confidence": selection.min_confidence,
            });
        }
    }
    if let Some(max) = request.share.max {
        asked["max"] = max.into();
    }
    if let Some(sample) = request.share.sample {
        asked["sample"] = json!(sample);
    }
    asked
}

fn check(arguments: &ArchiveArguments) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && to < from
    {
        return Err(Failure::input("--from must not be after --to"));
    }
    let of_crops = [
        (arguments.no_crops, "--no-crops"),
        (arguments.include_originals, "--include-originals"),
        (arguments.no_metadata, "--no-metadata"),
    ];
    match of_crops.into_iter().find(|(given, _)| *given && arguments.layout != Layout::Crops) {
        Some((_, flag)) => Err(Failure::input(format!(
            "{flag} belongs to --layout crops; the others have their own tables, and --media says which pictures"
        ))),
        None => Ok(()),
    }
}

fn ids(path: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("{}: cannot be read ({error})", path.display())))?;
    let ids: Vec<String> =
        text.lines().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.is_empty() {
        return Err(Failure::input(format!("{}: holds no ids; write one on each line", path.display())));
    }
    Ok(ids)
}
