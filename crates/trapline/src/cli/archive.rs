//! `trapline archive`.

use std::num::NonZeroUsize;
use std::path::Path;

use ::archive::ArchiveError;
use detections::{Dataset, Keep, ReadOptions, Selection};
use serde_json::{Value, json};

use super::arguments::{ArchiveArguments, DataArguments, Layout};
use super::failure::Failure;
use super::output::{Stage, Steps, persist, temporary_beside};
use crate::export::{ArchiveRequest, Chosen};
use crate::telemetry::{self, LogFormat};

pub fn run(arguments: &ArchiveArguments) -> Result<(), Failure> {
    telemetry::start("warn", LogFormat::Text);
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && to < from
    {
        return Err(Failure::input("--from must not be after --to"));
    }
    let Layout::Crops = arguments.layout;
    let data = only_data_set(&arguments.data, Keep::All)?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let order = request(arguments)?.order(&data, threads).map_err(Failure::input)?;
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
            "crops": summary.crops, "metadata_rows": summary.metadata_rows, "missing": summary.missing});
        println!("{told}");
    } else {
        eprintln!(
            "{}: {} crops of {} detections; {} missing{}",
            arguments.output.display(),
            summary.crops,
            summary.asked_for,
            summary.missing,
            if summary.missing > 0 { " (manifest.json tells which, and why)" } else { "" }
        );
    }
    Ok(())
}

/// Commands that work on one data set.
pub fn only_data_set(arguments: &DataArguments, keep: Keep) -> Result<Dataset, Failure> {
    match arguments.data.as_slice() {
        [one] => {
            let _reading = Stage::begin(&format!("reading {}", one.path.display()));
            let options = ReadOptions { keep, ..arguments.options() };
            detections::open(&one.path, &options).map_err(Failure::input)
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
            ..Selection::default()
        }),
    };
    let mut asked = json!({
        "include_crops": !arguments.no_crops,
        "include_metadata_csv": !arguments.no_metadata,
        "crop_size": arguments.crop_size,
    });
    match &detections {
        Chosen::Ids(ids) => asked["detection_ids"] = json!(ids),
        Chosen::Filter(_) => {
            let dates = |date: Option<jiff::civil::Date>| date.map_or(Value::Null, |date| json!(date));
            asked["filter"] = json!({"start_date": dates(arguments.from), "end_date": dates(arguments.to),
                "classifications": arguments.class});
        }
    }
    Ok(ArchiveRequest {
        detections,
        include_crops: !arguments.no_crops,
        include_metadata_csv: !arguments.no_metadata,
        crop_size: arguments.crop_size,
        asked,
    })
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
