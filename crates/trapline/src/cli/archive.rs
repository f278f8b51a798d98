//! `trapline archive`.

use std::path::Path;

use ::archive::{ArchiveError, Layout, Media, NothingFound, Summary, in_thousands};
use detections::{Sample, Selection, Share};
use serde_json::{Value, json};

use super::arguments::{ArchiveArguments, DataArguments};
use super::failure::Failure;
use super::missing_reasons::describe_missing;
use super::output::{Stage, Steps, persist, temporary_beside};
use super::serve::runtime;
use crate::datasets::{DataAddress, How};
use crate::export::{ArchiveRequest, Chosen, ExportCounts};
use crate::source::Source;
use crate::telemetry::{self, LogFormat};

pub fn run(arguments: &ArchiveArguments) -> Result<(), Failure> {
    telemetry::start("warn", LogFormat::Text);
    check(arguments)?;
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let source = only_data_set(&arguments.data, &arguments.data.how(arguments.fetch.fetch()?)?)?;
    let mut request = request(arguments)?;
    if let Chosen::Filter(selection) = request.detections {
        request.detections = Chosen::Filter(source.resolve_selection(selection).map_err(Failure::input)?);
    }
    let data = source.for_archive(|| request.slice(), &|| false).map_err(Failure::of_database)?;
    let order = request.order(&data, &arguments.data.limits()).map_err(Failure::input)?;
    let temporary = temporary_beside(&arguments.output)?;
    let file = temporary.reopen().map_err(Failure::job)?;
    let folder = temporary.path().parent().unwrap_or(Path::new(".")).to_owned();
    let steps = Steps::new("detections", order.detection_ids.len() as u64);
    let written = ::archive::write(&data, &order, file, &folder, &steps);
    steps.finish();
    let summary = written.map_err(|error| match error {
        ArchiveError::NothingFound(nothing) => describe_nothing(&nothing, &arguments.data),
        nothing @ ArchiveError::NothingChosen => Failure::job(nothing),
        other => Failure::job(format!("{}: {other}", arguments.output.display())),
    })?;
    let size = persist(temporary, &arguments.output)?;
    if arguments.json {
        let told = json!({"file": arguments.output, "size_bytes": size, "asked_for": summary.asked_for,
            "crops": summary.crops, "pictures": summary.pictures, "remote_pictures": summary.remote_pictures,
            "metadata_rows": summary.metadata_rows, "missing": summary.missing,
            "missing_reasons": summary.missing_reasons});
        println!("{told}");
    } else {
        eprintln!("{}: {}", arguments.output.display(), describe_content(&summary));
        let counts = ExportCounts::of_archive(&summary);
        let missing =
            describe_missing(summary.missing as u64, summary.asked_for as u64, &counts.missing_reasons);
        if let Some(line) = missing {
            eprintln!("{line}");
        }
    }
    Ok(())
}

/// Such as "10 pictures of 366 detections; 237 more are on the web and named by their addresses".
fn describe_content(summary: &Summary) -> String {
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        number => format!("{} {noun}s", in_thousands(number as u64)),
    };
    let held = match (summary.crops, summary.pictures) {
        (crops, 0) if crops > 0 => count(crops, "crop"),
        (0, pictures) => count(pictures, "picture"),
        (crops, pictures) => format!("{} and {}", count(crops, "crop"), count(pictures, "picture")),
    };
    let held = format!("{held} of {}", count(summary.asked_for, "detection"));
    let more = if summary.pictures > 0 { " more" } else { "" };
    match summary.remote_pictures {
        0 => held,
        1 => format!("{held}; 1{more} is on the web and named by its address"),
        many => {
            let many = in_thousands(many as u64);
            format!("{held}; {many}{more} are on the web and named by their addresses")
        }
    }
}

/// Why nothing is in an archive. Whoever knows where the pictures are can mend that they were not found.
fn describe_nothing(nothing: &NothingFound, data: &DataArguments) -> Failure {
    match nothing.reasons.first().map(|most| most.reason) {
        Some("no_file" | "remote") => {
            Failure::input(format!("{nothing}.\nPictures were looked for in {}.", looked_in(data)))
        }
        _ => Failure::job(nothing),
    }
}

/// The places where pictures were looked for, in that order.
fn looked_in(data: &DataArguments) -> String {
    let images = data.reading.images.iter().map(ToString::to_string);
    let folders = data.data.iter().filter_map(|data| match &data.at {
        DataAddress::Path(path) => Some(folder_of(path).display().to_string()),
        DataAddress::Database(_) => None,
    });
    let places: Vec<String> = images.chain(folders).collect();
    if places.is_empty() {
        "no folder, since none was given with --images".into()
    } else {
        places.join(" and ")
    }
}

/// The folder or the ZIP archive that the pictures of a data set are in, unless they are elsewhere.
fn folder_of(path: &Path) -> &Path {
    let is_archive = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    if path.is_dir() || is_archive {
        return path;
    }
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
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
            min_confidence: arguments.data.reading.min_confidence,
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
    match (arguments.layout, arguments.media) {
        (Layout::Crops, Media::Remote | Media::None) => {
            return Err(Failure::input(
                "--media belongs to --layout camtrap-dp and coco; an archive of crops has --no-crops and \
                 --include-originals",
            ));
        }
        (Layout::Coco, Media::Remote) => {
            return Err(Failure::input(
                "--media remote belongs to --layout camtrap-dp; coco takes whole, crops or none",
            ));
        }
        _ => {}
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
