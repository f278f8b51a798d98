//! What a report is asked for over HTTP.

use jiff::civil::Date;
use report::events::Since;
use report::{Coordinates, GroupBy, Include, LabelledPeriod, Period, ReportType, Request, Season, TimeOfDay};
use serde_json::Value;

use super::body::Fields;
use super::problem::{FieldError, Problem};
use super::{rules, submit};
use crate::datasets::Datasets;
use crate::export::{Export, ReportRequest, What};
use crate::source::SourceFault;
use crate::templates::Templates;

/// Characters in a title, which has to fit on a page.
const MAX_TITLE: usize = 200;
/// Characters in the label of a period, which has to fit in the head of a table.
const MAX_LABEL: usize = 80;
/// Minutes in a day: events that are a day apart are independent by any measure.
const MAX_INDEPENDENCE: u32 = 1440;

/// Names that requests hold.
pub const REPORT_TYPES: [(&str, ReportType); 3] = [
    ("seasonal_activity", ReportType::SeasonalActivity),
    ("comparison", ReportType::Comparison),
    ("custom", ReportType::Custom),
];
/// The fields of a request for a report.
pub const FIELDS: [&str; 21] = [
    "report_type",
    "start_date",
    "end_date",
    "season",
    "year",
    "group_by",
    "include_charts",
    "include_tables",
    "include_insights",
    "classifications",
    "title",
    "comparison_periods",
    "template",
    "archival",
    "independence_minutes",
    "independence_since",
    "time_of_day",
    "coordinates",
    "sex_and_age",
    "dataset",
    "callback_url",
];

pub const SINCE: [(&str, Since); 2] = [("last_record", Since::LastRecord), ("last_event", Since::LastEvent)];
pub const TIMES_OF_DAY: [(&str, TimeOfDay); 2] = [("clock", TimeOfDay::Clock), ("solar", TimeOfDay::Solar)];
pub const COORDINATES: [(&str, Coordinates); 2] =
    [("rounded", Coordinates::Rounded), ("exact", Coordinates::Exact)];

/// Reads and checks the request for a report on the day `today`.
pub fn export(
    mut fields: Fields,
    datasets: &Datasets,
    templates: &Templates,
    today: Date,
) -> Result<Export, Problem> {
    let found = submit::dataset(&mut fields, datasets);
    let report_type = report_type(&mut fields);
    let period = period(&mut fields);
    let group_by = fields.text("group_by").unwrap_or_else(|| "month".into());
    let compared = comparison_periods(&mut fields, report_type);
    let template = template(&mut fields, report_type, templates);
    let archival = fields.flag("archival", false);
    let mut classifications = fields.texts("classifications");
    match found.map(|(_, source)| source.resolve_names(&classifications, &[])) {
        Some(Err(SourceFault::Unknown(unknown))) => fields.wrong("classifications", unknown),
        Some(Err(SourceFault::Database(error))) => return Err(error.into()),
        Some(Ok(resolved)) => classifications = resolved.classes,
        None => {}
    }
    let include = Include {
        charts: fields.flag("include_charts", true),
        tables: fields.flag("include_tables", true),
        insights: fields.flag("include_insights", true),
    };
    let numbers = Request {
        report_type: report_type.unwrap_or_default(),
        group_by: group_by.parse().unwrap_or(GroupBy::Month),
        independence_minutes: fields.whole_number(
            "independence_minutes",
            0..=MAX_INDEPENDENCE,
            Request::INDEPENDENCE_MINUTES,
        ),
        independence_since: fields.choice("independence_since", &SINCE),
        classifications,
        title: title(&mut fields),
        include,
        comparison_periods: compared,
        time_of_day: fields.choice("time_of_day", &TIMES_OF_DAY),
        coordinates: fields.choice("coordinates", &COORDINATES),
        sex_and_age: fields.flag("sex_and_age", false),
        // Its place is taken below, once all is known to be right.
        period: period.unwrap_or(Period { start: today, end: today }),
    };
    fields.check()?;
    let (Some((name, _)), Some(_)) = (found, period) else {
        return Err(Problem::new(422, "The request is incomplete"));
    };
    let broken = broken_rules(&numbers, &group_by, today);
    if !broken.is_empty() {
        return Err(Problem::fields(400, broken));
    }
    Ok(Export { dataset: name.into(), what: What::Report(ReportRequest { numbers, template, archival }) })
}

/// The rules for dates, of the report first and then of each period of a comparison.
fn broken_rules(numbers: &Request, group_by: &str, today: Date) -> Vec<FieldError> {
    let Period { start, end } = numbers.period;
    let mut broken = rules::broken(start, end, group_by, today);
    for (at, labelled) in numbers.comparison_periods.iter().enumerate() {
        let Period { start, end } = labelled.period;
        let inside = |error: FieldError| FieldError {
            field: format!("comparison_periods[{at}].{}", error.field),
            ..error
        };
        broken.extend(rules::broken(start, end, "month", today).into_iter().map(inside));
    }
    broken
}

fn report_type(fields: &mut Fields) -> Option<ReportType> {
    let name = fields.required("report_type", Fields::text)?;
    let known = REPORT_TYPES.iter().find(|(known, _)| *known == name);
    if known.is_none() {
        fields.wrong("report_type", "report_type must be one of: seasonal_activity, comparison, custom");
    }
    known.map(|(_, report_type)| *report_type)
}

fn title(fields: &mut Fields) -> Option<String> {
    let title = fields.text("title");
    if title.as_ref().is_some_and(|title| title.chars().count() > MAX_TITLE) {
        fields.wrong("title", format!("title must have at most {MAX_TITLE} characters"));
    }
    title
}

/// Years in which a season may begin.
const YEARS: std::ops::RangeInclusive<u32> = 1980..=9998;

/// The period asked for: two dates, or a season with its year.
pub fn period(fields: &mut Fields) -> Option<Period> {
    let Some(name) = fields.text("season") else {
        if fields.get("year").is_some() {
            fields
                .wrong("year", "year belongs to a season; give season too, or start_date and end_date alone");
        }
        let start = required_date(fields, "start_date");
        let end = required_date(fields, "end_date");
        return Some(Period { start: start?, end: end? });
    };
    for date in ["start_date", "end_date"] {
        if fields.get(date).is_some() {
            fields.wrong(date, format!("give season and year or {date}, not both"));
        }
    }
    let Some(season) = Season::named(&name) else {
        let known = Season::ALL.map(|(name, _)| name).join(", ");
        fields.wrong("season", format!("season must be one of: {known}"));
        return None;
    };
    if fields.get("year").is_none() {
        fields.wrong("year", "year is missing: a season needs the year in which it begins");
        return None;
    }
    let year = fields.whole_number("year", YEARS, 0);
    i16::try_from(year).ok().and_then(|year| season.period(year))
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

/// The template, by name.
fn template(fields: &mut Fields, report_type: Option<ReportType>, templates: &Templates) -> Option<String> {
    let name = fields.text("template");
    match &name {
        Some(name) => {
            if let Err(unknown) = templates.find(name) {
                fields.wrong("template", unknown);
            }
        }
        None if report_type == Some(ReportType::Custom) => {
            fields.wrong("template", "template is missing: a custom report needs the name of one");
        }
        None => {}
    }
    name
}

fn comparison_periods(fields: &mut Fields, report_type: Option<ReportType>) -> Vec<LabelledPeriod> {
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
