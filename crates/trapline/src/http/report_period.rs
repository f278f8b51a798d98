//! The periods that a report is asked to be about.

use detections::Hemisphere;
use jiff::civil::Date;
use report::{LabelledPeriod, Period, ReportType, Request, Season, SeasonError};
use serde_json::Value;

use super::body::Fields;
use super::problem::Problem;
use crate::source::Source;

/// Characters in the label of a period, which has to fit in the head of a table.
const MAX_LABEL: usize = 80;
/// Years in which a season may begin.
const YEARS: std::ops::RangeInclusive<u32> = 1980..=9998;

/// The period asked for: two dates, or a season with its year. A database is asked where its cameras stand
/// when a season is named, since that decides when it is.
pub fn period(fields: &mut Fields, source: Option<&Source>) -> Result<Option<Period>, Problem> {
    let Some(name) = fields.text("season") else {
        if fields.get("year").is_some() {
            fields
                .wrong("year", "year belongs to a season; give season too, or start_date and end_date alone");
        }
        let start = required_date(fields, "start_date");
        let end = required_date(fields, "end_date");
        return Ok(start.zip(end).map(|(start, end)| Period { start, end }));
    };
    for date in ["start_date", "end_date"] {
        if fields.get(date).is_some() {
            fields.wrong(date, format!("give season and year or {date}, not both"));
        }
    }
    let Some(season) = Season::named(&name) else {
        let known = Season::ALL.map(|(name, _)| name).join(", ");
        fields.wrong("season", format!("season must be one of: {known}"));
        return Ok(None);
    };
    if fields.get("year").is_none() {
        fields.wrong("year", "year is missing: a season needs the year in which it begins");
        return Ok(None);
    }
    let year = i16::try_from(fields.whole_number("year", YEARS, *YEARS.start())).unwrap_or(i16::MAX);
    let hemisphere = source.map_or(Ok(Hemisphere::North), Source::hemisphere)?;
    let error = match season.period(year, hemisphere) {
        Ok(period) => return Ok(Some(period)),
        Err(error) => error,
    };
    match error {
        SeasonError::NoSuchYear(_) => fields.wrong("year", error),
        SeasonError::RutInTheSouth => {
            let detail = format!("{error}; give start_date and end_date in place of season and year");
            fields.wrong("season", detail);
        }
    }
    Ok(None)
}

/// A date of which there can be data. One still to come breaks a rule of its own.
fn required_date(fields: &mut Fields, name: &str) -> Option<Date> {
    let date = fields.required(name, Fields::date)?;
    if date.year() < report::FIRST_YEAR {
        let first = report::FIRST_YEAR;
        fields.wrong(name, format!("{name} is in the year {}; expected {first} or later", date.year()));
        return None;
    }
    Some(date)
}

/// The periods that a comparison compares.
pub fn comparison_periods(fields: &mut Fields, report_type: Option<ReportType>) -> Vec<LabelledPeriod> {
    const FIELD: &str = "comparison_periods";
    let Some(value) = fields.get(FIELD).cloned() else {
        if report_type == Some(ReportType::Comparison) {
            fields.wrong(FIELD, "comparison_periods is missing: a comparison needs 2 to 5 periods");
        }
        return Vec::new();
    };
    let items = match value {
        Value::Array(items) if Request::COMPARED.contains(&items.len()) => items,
        _ => {
            fields.wrong(FIELD, "comparison_periods must be a list of 2 to 5 periods");
            return Vec::new();
        }
    };
    let mut periods: Vec<LabelledPeriod> = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let place = format!("{FIELD}[{at}]");
        let Value::Object(item) = item else {
            fields.wrong(&place, format!("{place} must be an object of start_date, end_date and label"));
            continue;
        };
        let mut inner = Fields::within(item);
        let start = required_date(&mut inner, "start_date");
        let end = required_date(&mut inner, "end_date");
        let label = inner.required("label", Fields::text).map(|label| label.trim().to_owned());
        match &label {
            Some(label) if label.is_empty() || label.chars().count() > MAX_LABEL => {
                inner.wrong("label", format!("label must have 1 to {MAX_LABEL} characters"));
            }
            Some(label) if periods.iter().any(|period| period.label == *label) => {
                inner.wrong("label", format!("label “{label}” stands for two periods; give each its own"));
            }
            _ => {}
        }
        fields.wrong_within(&place, inner.into_errors());
        if let (Some(start), Some(end), Some(label)) = (start, end, label) {
            periods.push(LabelledPeriod { label, period: Period { start, end } });
        }
    }
    periods
}
