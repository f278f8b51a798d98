//! Checking a request for a report against the data.

use detections::DatabaseError;
use report::{LabelledPeriod, Period, ReportType, Request};

use super::add_unknown;
use super::period::{check_year, resolve_period};
use super::reading::{Reading, shorten};
use crate::source::Source;

/// Checks what goes together in a request for a report, and puts its dates in place of a season and the
/// names of the data set in place of those that were typed.
///
/// Over HTTP a request has dates in any case; at the command line a comparison may do without.
pub fn check_report(
    reading: &mut Reading<Request>,
    source: Option<&Source>,
    needs_dates: bool,
) -> Result<(), DatabaseError> {
    check_comparison(reading);
    let Request { start_date, end_date, season, year, .. } = reading.request;
    let has_period = ["start_date", "end_date", "season", "year"].iter().any(|name| reading.has(name));
    if (needs_dates || has_period)
        && let Some(Period { start, end }) =
            resolve_period(reading, [start_date, end_date], season, year, source)?
    {
        let request = &mut reading.request;
        (request.start_date, request.end_date) = (Some(start), Some(end));
        (request.season, request.year) = (None, None);
    }
    if reading.request.report_type == ReportType::Custom && !reading.has("template") {
        reading.add_error("template", "template is missing; a custom report needs one");
    }
    match source {
        Some(source) => resolve_classes(reading, source),
        None => Ok(()),
    }
}

fn check_comparison(reading: &mut Reading<Request>) {
    const FIELD: &str = "comparison_periods";
    if reading.request.report_type == ReportType::Comparison && !reading.has(FIELD) {
        reading.add_error(FIELD, "comparison_periods is missing; a comparison needs 2 to 5 periods");
    }
    let mut periods: Vec<LabelledPeriod> = Vec::new();
    for (at, mut period) in std::mem::take(&mut reading.request.comparison_periods).into_iter().enumerate() {
        period.label = period.label.trim().into();
        if periods.iter().any(|other| other.label == period.label) {
            let detail =
                format!("label “{}” is used twice; give each period its own", shorten(&period.label));
            reading.add_error(format!("{FIELD}[{at}].label"), detail);
        }
        for (name, date) in [("start_date", period.start_date), ("end_date", period.end_date)] {
            check_year(reading, &format!("{FIELD}[{at}].{name}"), date);
        }
        periods.push(period);
    }
    reading.request.comparison_periods = periods;
}

fn resolve_classes(reading: &mut Reading<Request>, source: &Source) -> Result<(), DatabaseError> {
    match source.resolve_names(&reading.request.classifications, &[]) {
        Ok(resolved) => reading.request.classifications = resolved.classes,
        Err(fault) => add_unknown(reading, "classifications", fault)?,
    }
    match source.resolve_left_out(&reading.request.without) {
        Ok(resolved) => reading.request.without = resolved,
        Err(fault) => add_unknown(reading, "without", fault)?,
    }
    let Request { classifications, without, .. } = &reading.request;
    if let Some(both) = classifications.iter().find(|class| without.contains(class)) {
        let both = shorten(both);
        let detail = format!("“{both}” is in classifications and in without; remove it from one of them");
        reading.add_error("without", detail);
    }
    Ok(())
}
