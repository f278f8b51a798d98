//! What a report is asked for over HTTP.

use jiff::civil::Date;
use report::events::Since;
use report::{Cameras, Coordinates, GroupBy, Include, Period, ReportType, Request, TimeOfDay};

use super::body::Fields;
use super::problem::{FieldError, Problem, shorten};
use super::report_period::{comparison_periods, period};
use super::{rules, submit};
use crate::datasets::Datasets;
use crate::export::{Export, ReportRequest, What};
use crate::source::{Source, SourceFault};
use crate::templates::Templates;

/// Characters in a title, which has to fit on a page.
const MAX_TITLE: usize = 200;
/// Minutes in a day: events that are a day apart are independent by any measure.
const MAX_INDEPENDENCE: u32 = 1440;

/// Names that requests hold.
pub const REPORT_TYPES: [(&str, ReportType); 3] = [
    ("seasonal_activity", ReportType::SeasonalActivity),
    ("comparison", ReportType::Comparison),
    ("custom", ReportType::Custom),
];
/// The fields of a request for a report.
pub const FIELDS: [&str; 23] = [
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
    "without",
    "title",
    "comparison_periods",
    "template",
    "archival",
    "independence_minutes",
    "independence_since",
    "time_of_day",
    "coordinates",
    "cameras",
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
    let source = found.map(|(_, source)| source);
    let report_type = report_type(&mut fields);
    let period = period(&mut fields, source)?;
    let group_by = fields.text("group_by").unwrap_or_else(|| "month".into());
    let compared = comparison_periods(&mut fields, report_type);
    let template = template(&mut fields, report_type, templates);
    let archival = fields.flag("archival", false);
    let classifications = resolve(&mut fields, "classifications", source, |source, names| {
        source.resolve_names(names, &[]).map(|resolved| resolved.classes)
    })?;
    let without = resolve(&mut fields, "without", source, Source::resolve_left_out)?;
    if let Some(both) = classifications.iter().find(|class| without.contains(class)) {
        let detail = format!(
            "“{}” is in classifications and in without; take it out of one of the two",
            shorten(both)
        );
        fields.wrong("without", detail);
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
        without,
        title: title(&mut fields),
        include,
        comparison_periods: compared,
        time_of_day: fields.choice("time_of_day", &TIMES_OF_DAY),
        coordinates: fields.choice("coordinates", &COORDINATES),
        cameras: fields.choice("cameras", &Cameras::ALL),
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

/// The names of classes in a field, as the data set has them.
fn resolve(
    fields: &mut Fields,
    field: &str,
    source: Option<&Source>,
    find: impl Fn(&Source, &[String]) -> Result<Vec<String>, SourceFault>,
) -> Result<Vec<String>, Problem> {
    let names = fields.texts(field);
    match source.map(|source| find(source, &names)) {
        Some(Ok(resolved)) => Ok(resolved),
        Some(Err(SourceFault::Database(error))) => Err(error.into()),
        Some(Err(SourceFault::Unknown(unknown))) => {
            fields.wrong(field, unknown);
            Ok(Vec::new())
        }
        None => Ok(Vec::new()),
    }
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
