//! `trapline archive`.

use std::path::Path;

use ::archive::{ArchiveError, ArchiveRequest, ArchiveSummary, NothingFoundError, count, in_thousands};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::arguments::{ArchiveArguments, DataArguments, RequestFlagNames};
use super::command_error::CommandError;
use super::missing_reasons::describe_missing;
use super::output::{Stage, Steps, persist, temporary_beside};
use super::request::finish;
use super::serve::build_runtime;
use crate::telemetry::{self, LogFormat};
use exports::datasets::{DataAddress, OpenOptions};
use exports::export::ExportCounts;
use exports::requests::{FieldKind, Reading, check_archive};
use exports::source::Source;

pub fn run(arguments: &ArchiveArguments) -> Result<(), CommandError> {
    telemetry::start("warn", LogFormat::Text);
    let object = describe_request(arguments)?;
    // Errors that need no data are found before a large data set is read.
    read(&object, None)?;
    let runtime = build_runtime()?;
    let _inside = runtime.enter();
    let options = arguments.data.reading.open_options(arguments.fetch.build_fetcher()?)?;
    let source = open_only_data_set(&arguments.data, &options)?;
    let request = read(&object, Some(&source))?;
    let data =
        source.load_for_archive(&request, &CancellationToken::new()).map_err(CommandError::from_database)?;
    let temporary = temporary_beside(&arguments.output)?;
    let file = temporary.reopen().map_err(CommandError::job)?;
    let folder = temporary.path().parent().unwrap_or(Path::new(".")).to_owned();
    let number = request.select_ids(&data).map_err(CommandError::input)?.len();
    let steps = Steps::new("detections", number as u64);
    let resources = arguments.data.reading.limits();
    let (progress, cancellation) = (|done| steps.set(done), CancellationToken::new());
    let written = ::archive::write(&data, &request, &resources, file, &folder, &progress, &cancellation);
    steps.finish();
    let summary = written.map_err(|error| match error {
        ArchiveError::NothingFound(nothing) => describe_nothing(&nothing, &arguments.data),
        nothing @ ArchiveError::NothingChosen => CommandError::job(nothing),
        other => CommandError::job(format!("{}: {other}", arguments.output.display())),
    })?;
    let size = persist(temporary, &arguments.output)?;
    if arguments.json {
        let output = json!({"file": arguments.output, "size_bytes": size, "asked_for": summary.asked_for,
            "crops": summary.crops, "pictures": summary.pictures, "remote_pictures": summary.remote_pictures,
            "metadata_rows": summary.metadata_rows, "missing": summary.missing,
            "missing_reasons": summary.missing_reasons});
        println!("{output}");
    } else {
        eprintln!("{}: {}", arguments.output.display(), describe_content(&summary));
        let counts = ExportCounts::from_summary(&summary);
        let missing =
            describe_missing(summary.missing as u64, summary.asked_for as u64, &counts.missing_reasons);
        if let Some(line) = missing {
            eprintln!("{line}");
        }
    }
    Ok(())
}

/// Such as "10 pictures of 366 detections; 237 more are on the web and named by their addresses".
fn describe_content(summary: &ArchiveSummary) -> String {
    let crops = count(summary.crops as u64, "crop", "crops");
    let pictures = count(summary.pictures as u64, "picture", "pictures");
    let held = match (summary.crops, summary.pictures) {
        (1.., 0) => crops,
        (0, _) => pictures,
        _ => format!("{crops} and {pictures}"),
    };
    let held = format!("{held} of {}", count(summary.asked_for as u64, "detection", "detections"));
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
fn describe_nothing(nothing: &NothingFoundError, data: &DataArguments) -> CommandError {
    match nothing.reasons.first().map(|most| most.reason) {
        Some("no_file" | "remote") => {
            CommandError::input(format!("{nothing}.\nPictures were looked for in {}.", looked_in(data)))
        }
        _ => CommandError::job(nothing),
    }
}

/// The places where pictures were looked for, in that order.
fn looked_in(data: &DataArguments) -> String {
    let images = data.reading.images.iter().map(ToString::to_string);
    let folders = data.data.iter().filter_map(|data| match &data.address {
        DataAddress::Path(path) => Some(folder_of(path).display().to_string()),
        DataAddress::Database(_) => None,
    });
    let places: Vec<String> = images.chain(folders).collect();
    if places.is_empty() { "no folder: give one with --images".into() } else { places.join(" and ") }
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
pub fn open_only_data_set(arguments: &DataArguments, options: &OpenOptions) -> Result<Source, CommandError> {
    match arguments.data.as_slice() {
        [one] => {
            let _reading = Stage::begin(&format!("reading {}", one.describe()));
            one.open(options).map_err(CommandError::input)
        }
        _ => Err(CommandError::input("this command takes one data set; give --data once")),
    }
}

/// The request that the flags describe, as JSON.
fn describe_request(arguments: &ArchiveArguments) -> Result<Map<String, Value>, CommandError> {
    let mut object = arguments.request.object.clone();
    if let Some(path) = &arguments.ids {
        if ["filter", "max", "sample"].iter().any(|name| object.contains_key(*name)) {
            return Err(CommandError::input(
                "--ids exports all detections of its file; leave out --from, --to, --class, --location, --max and \
                 --sample",
            ));
        }
        object.insert("detection_ids".into(), json!(ids(path)?));
        return Ok(object);
    }
    let filter = object.entry("filter").or_insert_with(|| json!({}));
    if let Some(least) = arguments.data.reading.min_confidence {
        filter["min_confidence"] = json!(least);
    }
    Ok(object)
}

/// Reads and checks the request; with a data set, its names too.
fn read(object: &Map<String, Value>, source: Option<&Source>) -> Result<ArchiveRequest, CommandError> {
    let mut fields = ArchiveRequest::fields();
    // A file may list as many ids as there are.
    for field in fields.iter_mut().filter(|field| field.name == "detection_ids") {
        field.kind = FieldKind::List(Box::new(FieldKind::Text(0..=u64::MAX)), 1..=u64::MAX);
    }
    let mut reading = Reading::<ArchiveRequest>::new(object.clone(), &fields, Vec::new());
    check_archive(&mut reading, source).map_err(CommandError::from_database)?;
    let selection = reading.request.selection();
    if let Some((from, to)) = selection.start.zip(selection.end).filter(|(from, to)| to < from) {
        return Err(CommandError::input(format!("--from {from} must not be after --to {to}; exchange them")));
    }
    finish(reading)
}

fn ids(path: &Path) -> Result<Vec<String>, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CommandError::input(format!("--ids {shown}: cannot be read ({error})")))?;
    let ids: Vec<String> =
        text.lines().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.is_empty() {
        return Err(CommandError::input(format!("{shown}: no ids in this file; write one per line")));
    }
    Ok(ids)
}
