//! `trapline report`.

use std::path::Path;

use archive::{count, in_thousands};
use detections::{Keep, ReadOptions};
use report::{BuiltIn, LabelledPeriod, Pages, Period, ReportType, Request, Template};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::arguments::{ReportArguments, RequestFlagNames};
use super::command_error::CommandError;
use super::output::{Stage, round_in_thousands, write_whole};
use super::request::finish;
use super::serve::build_runtime;
use crate::telemetry::{self, LogFormat};
use exports::datasets::OpenOptions;
use exports::requests::{Reading, check_report};
use exports::source::Source;
use exports::template_process::render_in_child;

pub fn run(arguments: &ReportArguments) -> Result<(), CommandError> {
    telemetry::start("warn", LogFormat::Text);
    let as_json = form(arguments)?;
    let pages = pages(arguments)?;
    let object = describe_request(arguments, &pages);
    // Errors that need no data are found before a large data set is read.
    read(&object, None)?;
    let runtime = build_runtime()?;
    let _inside = runtime.enter();
    let options = arguments.data.reading.open_options(None)?;
    let options = OpenOptions { read: ReadOptions { keep: Keep::Numbers, ..options.read }, ..options };
    let source = super::archive::open_only_data_set(&arguments.data, &options)?;
    let request = read(&object, Some(&source))?;
    let data =
        source.load_for_report(&request, &CancellationToken::new()).map_err(CommandError::from_database)?;
    let numbers = {
        let _computing = Stage::begin("calculating");
        report::compute(&data, &request).map_err(CommandError::input)?
    };
    let bytes = if as_json {
        serde_json::to_vec_pretty(&numbers).map_err(CommandError::job)?
    } else {
        let _rendering = Stage::begin("making the pages");
        let limits = arguments.data.reading.limits();
        render_in_child(&numbers, &pages, &limits, &CancellationToken::new()).map_err(|error| {
            if error.is_input() { CommandError::input(error) } else { CommandError::job(error) }
        })?
    };
    let size = write_whole(&arguments.output, &bytes)?;
    let skipped = data.problems.rows_skipped();
    for table in data.problems.tables().iter().filter(|table| table.rows_lost + table.times_lost > 0) {
        let lost = table.rows_lost + table.times_lost;
        let (lost, rows, file) = (in_thousands(lost), in_thousands(table.rows), &table.file);
        eprintln!(
            "note: {lost} of {rows} rows of {file} could not be read; see the data notes of the report"
        );
    }
    if arguments.json {
        let output = json!({"file": arguments.output, "size_bytes": size, "events": numbers.events,
            "locations_surveyed": numbers.locations_surveyed, "effort_days": numbers.effort_days,
            "rows_skipped": skipped});
        println!("{output}");
    } else {
        eprintln!(
            "{}: {} at {}; {} camera-days",
            arguments.output.display(),
            count(numbers.events as u64, "event", "events"),
            count(numbers.locations_surveyed as u64, "location", "locations"),
            round_in_thousands(numbers.effort_days)
        );
    }
    Ok(())
}

/// The request that the flags describe, as JSON.
fn describe_request(arguments: &ReportArguments, pages: &Pages) -> Map<String, Value> {
    let mut object = arguments.request.object.clone();
    if let Some(template) = &arguments.template {
        object.insert("template".into(), template.display().to_string().into());
    }
    let own = matches!(pages.template, Template::Own(_));
    let usual = if own { ReportType::Custom } else { ReportType::SeasonalActivity };
    object.entry("report_type").or_insert(json!(usual));
    object
}

/// Reads and checks the request; with a data set, its season and names too.
fn read(object: &Map<String, Value>, source: Option<&Source>) -> Result<Request, CommandError> {
    let mut reading = Reading::<Request>::new(object.clone(), &Request::fields(), Vec::new());
    let needs_dates = !reading.has("comparison_periods");
    check_report(&mut reading, source, needs_dates).map_err(CommandError::from_database)?;
    let compared = reading.request.comparison_periods.iter().map(LabelledPeriod::period);
    let dates = reading.request.start_date.zip(reading.request.end_date);
    let own = dates.map(|(start, end)| ("start_date".to_owned(), Period { start, end }));
    let compared =
        compared.enumerate().map(|(at, period)| (format!("comparison_periods[{at}].start_date"), period));
    let this_year = jiff::ZonedDateTime::now().date().year();
    let errors: Vec<(String, String)> = own
        .into_iter()
        .chain(compared)
        .filter_map(|(field, period)| Some((field, describe_wrong_period(period, this_year)?)))
        .collect();
    if reading.errors().is_empty() {
        for (field, detail) in errors {
            reading.add_error(field, detail);
        }
    }
    finish(reading)
}

/// What is wrong with a period that no data can be of.
fn describe_wrong_period(period: Period, this_year: i16) -> Option<String> {
    let Period { start, end } = period;
    if end < start {
        return Some(format!("start_date {start} must not be after end_date {end}; exchange them"));
    }
    let (year, first, last) = (period.impossible_year(this_year)?, report::FIRST_YEAR, this_year + 1);
    Some(format!("{year} cannot be right; use a year from {first} to {last}, with four digits"))
}

/// Whether the ending of the file asks for JSON.
fn form(arguments: &ReportArguments) -> Result<bool, CommandError> {
    let ending = arguments.output.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("pdf") => Ok(false),
        Some("json") => Ok(true),
        _ => Err(CommandError::input(format!(
            "{}: the ending of -o chooses the format; use .pdf or .json",
            arguments.output.display()
        ))),
    }
}

fn pages(arguments: &ReportArguments) -> Result<Pages, CommandError> {
    let template = arguments.template.as_deref().map(template).transpose()?;
    Ok(Pages {
        template: template.unwrap_or_default(),
        archival: arguments.request.object.contains_key("archival"),
        fonts: arguments.fonts.clone(),
    })
}

/// A name of one of the program's own, else a file.
fn template(named: &Path) -> Result<Template, CommandError> {
    let built_in = BuiltIn::ALL.iter().find(|(name, _)| Path::new(name) == named);
    match built_in {
        Some((_, built_in)) => Ok(Template::BuiltIn(*built_in)),
        None if named.is_file() => Ok(Template::Own(named.into())),
        None => {
            let known = BuiltIn::ALL.map(|(name, _)| name).join(", ");
            let named = named.display();
            Err(CommandError::input(format!(
                "--template: no template “{named}”; use {known}, or a .typ file"
            )))
        }
    }
}
