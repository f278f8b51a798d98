//! `GET /api/summary` and `GET /api/datasets`: what there is to be reported on.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use detections::{Dataset, Selection, Share, TableCount};
use report::GroupBy;
use serde_json::Value;

use super::answers::{ClassAnswer, DatasetAnswer, DatasetsAnswer, SummaryAnswer};
use super::asked::{GroupByName, SeasonName};
use super::blocking::run_blocking;
use super::body::Fields;
use super::problem::{FieldError, Problem};
use super::report_period::period;
use super::responses::{NoToken, NotAllowed, Unavailable, WrongParameter};
use super::submit::dataset;
use crate::datasets::Datasets;
use crate::source::SourceFault;

/// Ten years, so that nobody is told of millions of empty days.
const MOST_DAYS: i32 = 3660;

/// What there is in a period
///
/// The counts of a period: `start_date` and `end_date`, or `season` and `year`. A period of any
/// length up to ten years, past or to come, can be asked for.
#[utoipa::path(
    get, path = "/api/summary", operation_id = "summary", tag = "Data",
    params(
        ("start_date" = Option<String>, Query, format = Date, description = "First day.", example = "2018-09-01"),
        ("end_date" = Option<String>, Query, format = Date, description = "Last day, which is inside.", example = "2019-01-31"),
        ("season" = Option<SeasonName>, Query, description = "A season in place of the dates, as it is on the half of the earth that the data set is of; it needs a `year`."),
        ("year" = Option<u32>, Query, minimum = 1980, maximum = 9998, description = "The year in which the season begins."),
        ("group_by" = Option<GroupByName>, Query, description = "What `buckets` stand for; months without it."),
        ("classification" = Option<String>, Query, description = "Only this class."),
        ("dataset" = Option<String>, Query, description = "Name of the data set; the server's first without one.")
    ),
    responses(
        (status = 200, description = "Its counts.", body = SummaryAnswer, example = json!({
            "dataset": "algar", "detections": 0,
            "period": {"start": "2018-09-01", "end": "2019-01-31", "words": "1 September 2018 to 31 January 2019"},
            "effort_days": 4212.5, "locations_surveyed": 38, "deployments_active": 38, "events": 120, "individuals": 151,
            "classes": [{"classification": "Odocoileus virginianus", "vernacular_name": null, "events": 120, "individuals": 151}],
            "buckets": [{"start": "2018-09-01", "end": "2018-09-30", "label": "Sep 2018", "effort_days": 1140.0,
                         "events": {"Odocoileus virginianus": 30}}],
            "excluded": {"blank": 3, "human": 0, "vehicle": 0, "unknown": 0, "unclassified": 0, "no_timestamp": 0,
                         "outside_deployment": 0, "outside_period": 900, "other_classes": 0, "other_level": 0}
        })),
        NoToken, NotAllowed, WrongParameter, Unavailable
    )
)]
pub async fn summary(
    State(datasets): State<Datasets>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<SummaryAnswer>, Problem> {
    // It goes through all observations, which may be millions.
    run_blocking("The period could not be summarized", move || summarized(query, &datasets)).await.map(Json)
}

fn summarized(query: HashMap<String, String>, datasets: &Datasets) -> Result<SummaryAnswer, Problem> {
    let mut fields = Fields::within(query.into_iter().map(field).collect());
    let found = dataset(&mut fields, datasets);
    let period = period(&mut fields, found.map(|(_, source)| source))?;
    if let Some(period) = period.filter(|period| period.end < period.start) {
        fields.wrong("end_date", format!("end_date must not be before start_date, {}", period.start));
    }
    let days =
        |period: report::Period| period.end.since(period.start).map_or(i32::MAX, |span| span.get_days());
    if period.is_some_and(|period| days(period) > MOST_DAYS) {
        fields.wrong("end_date", format!("a summary is of at most {MOST_DAYS} days"));
    }
    let group_by = fields
        .choice("group_by", &[("month", GroupBy::Month), ("week", GroupBy::Week), ("day", GroupBy::Day)]);
    let classifications = fields.text("classification").into_iter().collect::<Vec<_>>();
    fields.check()?;
    let (Some((name, source)), Some(period)) = (found, period) else {
        return Err(Problem::new(422, "The request is incomplete"));
    };
    let classifications = source.resolve_names(&classifications, &[]).map_err(told)?.classes;
    let data = source.for_summary(period)?;
    let counts = report::summarize(&data, period, group_by, &classifications)
        .map_err(|unknown| told(unknown.into()))?;
    drop(data);
    let selection = Selection {
        start: Some(period.start),
        end: Some(period.end),
        classes: classifications,
        ..Selection::default()
    };
    // Of these an archive would have crops.
    let boxes = source.count(&selection, &Share::default()).map_err(told)?;
    Ok(SummaryAnswer { dataset: name.into(), detections: boxes, counts })
}

fn told(fault: SourceFault) -> Problem {
    match fault {
        SourceFault::Unknown(unknown) => {
            Problem::fields(422, vec![FieldError::new("classification", unknown)])
        }
        SourceFault::Database(error) => error.into(),
    }
}

/// A parameter as the field of a body. Numbers are numbers there.
fn field((name, text): (String, String)) -> (String, Value) {
    let number = text.parse::<u32>().ok().filter(|_| name == "year");
    (name, number.map_or(Value::String(text), Value::from))
}

/// What there is
///
/// The data sets, the default first.
#[utoipa::path(
    get, path = "/api/datasets", operation_id = "datasets", tag = "Data",
    responses((status = 200, description = "The data sets.", body = DatasetsAnswer), NoToken, NotAllowed, Unavailable)
)]
pub async fn known(State(datasets): State<Datasets>) -> Result<Json<DatasetsAnswer>, Problem> {
    let datasets = run_blocking("The data sets could not be described", move || {
        let described = datasets.all().map(|(name, source)| match source.outline() {
            Ok(data) => described(name, &data),
            // The others are there all the same.
            Err(error) => DatasetAnswer {
                name: name.into(),
                title: name.into(),
                problem: Some(error.to_string()),
                ..DatasetAnswer::default()
            },
        });
        Ok(described.collect())
    })
    .await?;
    Ok(Json(DatasetsAnswer { datasets }))
}

fn described(name: &str, data: &Dataset) -> DatasetAnswer {
    let recorded = data.recorded_days();
    let class = |class: &detections::Class| ClassAnswer {
        classification: class.name.clone(),
        vernacular_name: class.vernacular.clone(),
    };
    DatasetAnswer {
        name: name.into(),
        title: data.title.clone(),
        first_day: recorded.map(|(first, _)| first.to_string()),
        last_day: recorded.map(|(_, last)| last.to_string()),
        observations: data.observations.len() as u64 + data.rest.observations,
        classes: data.classes.iter().map(class).collect(),
        locations: data.locations.iter().map(|location| location.name.clone()).collect(),
        hemisphere: data.hemisphere(),
        problem: None,
        warnings: data.problems.tables().iter().filter_map(warning).collect(),
    }
}

/// What of a file could not be read.
fn warning(table: &TableCount) -> Option<String> {
    let lost = table.rows_lost + table.times_lost;
    let (rows, file) = (table.rows, &table.file);
    (lost > 0).then(|| {
        format!("{lost} of {rows} rows of {file} could not be read; the data notes of reports say why")
    })
}
