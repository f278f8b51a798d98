//! `trapline report`.

use report::{Include, Period, ReportType, Request};
use serde_json::json;

use super::arguments::{self, ReportArguments};
use super::failure::Failure;
use super::output::{Stage, write_whole};
use crate::telemetry::{self, LogFormat};

pub fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    telemetry::start("warn", LogFormat::Text);
    let as_json = form(arguments)?;
    if arguments.to < arguments.from {
        return Err(Failure::input("--from must not be after --to"));
    }
    let data = super::archive::only_data_set(&arguments.data)?;
    let numbers = {
        let _computing = Stage::begin("computing the numbers");
        report::compute(&data, &request(arguments)).map_err(Failure::input)?
    };
    let bytes = if as_json {
        serde_json::to_vec_pretty(&numbers).map_err(Failure::job)?
    } else {
        let _rendering = Stage::begin("laying out the pages");
        report::render(&numbers).map_err(Failure::job)?
    };
    let size = write_whole(&arguments.output, &bytes)?;
    let skipped = data.problems.rows_skipped();
    if skipped > 0 {
        eprintln!("note: {skipped} rows of the data could not be read; the report's data notes tell which");
    }
    if arguments.json {
        let told = json!({"file": arguments.output, "size_bytes": size, "events": numbers.events,
            "locations_surveyed": numbers.locations_surveyed, "effort_days": numbers.effort_days,
            "rows_skipped": skipped});
        println!("{told}");
    } else {
        eprintln!(
            "{}: {} events at {} locations in {:.1} camera-days",
            arguments.output.display(),
            numbers.events,
            numbers.locations_surveyed,
            numbers.effort_days
        );
    }
    Ok(())
}

/// Whether the ending of the file asks for JSON.
fn form(arguments: &ReportArguments) -> Result<bool, Failure> {
    let ending = arguments.output.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("pdf") => Ok(false),
        Some("json") => Ok(true),
        _ => Err(Failure::input(format!(
            "{}: the ending of -o chooses the form; use .pdf or .json",
            arguments.output.display()
        ))),
    }
}

fn request(arguments: &ReportArguments) -> Request {
    Request {
        report_type: match arguments.r#type {
            arguments::ReportType::SeasonalActivity => ReportType::SeasonalActivity,
        },
        period: Period { start: arguments.from, end: arguments.to },
        group_by: arguments.group_by,
        independence_minutes: arguments.independence,
        classifications: arguments.class.clone(),
        title: arguments.title.clone(),
        include: Include {
            charts: !arguments.no_charts,
            tables: !arguments.no_tables,
            insights: !arguments.no_insights,
        },
    }
}
