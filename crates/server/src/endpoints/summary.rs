//! `GET /api/summary` and `GET /api/datasets`: which data there are, for clients that put a request together.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Json;
use axum::extract::{Query, State};
use detections::{Dataset, SampleSize, Selection, TableCount};
use serde_json::Value;

use crate::representation::answers::{ClassAnswer, DatasetAnswer, DatasetsAnswer, SummaryAnswer};
use crate::representation::problem::Problem;
use crate::representation::responses::{NoToken, NotAllowed, Unavailable, WrongParameter};
use crate::requests::blocking::run_blocking;
use exports::datasets::Datasets;
use exports::requests::{Field, Reading, SummaryRequest, check_summary, fields_of, resolve_dataset};
use exports::source::LookupError;

/// Summarize a period
///
/// Counts for a period: `start_date` and `end_date`, or `season` and `year`. The period may be up to ten
/// years long, in the past or in the future.
#[utoipa::path(
    get, path = "/api/summary", operation_id = "summary", tag = "Data",
    params(SummaryRequest),
    responses(
        (status = 200, description = "The counts.", body = SummaryAnswer, example = json!({
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
    // On a blocking thread: it goes through all observations, of which there may be millions.
    run_blocking("The period could not be summarized", move || summarize(query, &datasets)).await.map(Json)
}

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(fields_of::<SummaryRequest>);

fn summarize(query: HashMap<String, String>, datasets: &Datasets) -> Result<SummaryAnswer, Problem> {
    let query = query.into_iter().map(to_field).collect();
    let mut reading = Reading::<SummaryRequest>::new(query, &FIELDS, Vec::new());
    let name = reading.request.dataset.clone();
    let dataset = resolve_dataset(&mut reading, name.as_deref(), datasets);
    let period = check_summary(&mut reading, dataset.map(|(_, source)| source))?;
    let errors = reading.take_errors(false);
    let (Some((name, source)), Some(period), true) = (dataset, period, errors.is_empty()) else {
        return Err(Problem::fields(422, errors));
    };
    let group_by = reading.request.group_by;
    let classifications: Vec<String> = reading.request.classification.into_iter().collect();
    let classifications = source.resolve_names(&classifications, &[]).map_err(to_problem)?.classes;
    let data = source.load_for_summary(period)?;
    let counts = report::summarize(&data, period, group_by, &classifications)
        .map_err(|unknown| to_problem(unknown.into()))?;
    drop(data);
    let selection = Selection {
        start: Some(period.start),
        end: Some(period.end),
        classes: classifications,
        ..Selection::default()
    };
    // As many crops would be in an archive.
    let boxes = source.count(&selection, &SampleSize::default()).map_err(to_problem)?;
    Ok(SummaryAnswer { dataset: name.into(), detections: boxes, counts })
}

fn to_problem(error: LookupError) -> Problem {
    match error {
        LookupError::Unknown(unknown) => Problem::field(422, "classification", unknown),
        LookupError::Database(error) => error.into(),
    }
}

/// A parameter as the field of a JSON object, in which a year is a number.
fn to_field((name, text): (String, String)) -> (String, Value) {
    let number = text.parse::<u32>().ok().filter(|_| name == "year");
    (name, number.map_or(Value::String(text), Value::from))
}

/// List the data sets
///
/// The default comes first.
#[utoipa::path(
    get, path = "/api/datasets", operation_id = "datasets", tag = "Data",
    responses((status = 200, description = "The data sets.", body = DatasetsAnswer), NoToken, NotAllowed, Unavailable)
)]
pub async fn list_datasets(State(datasets): State<Datasets>) -> Result<Json<DatasetsAnswer>, Problem> {
    let datasets = run_blocking("The data sets could not be described", move || {
        let answers = datasets.all().map(|(name, source)| match source.outline() {
            Ok(data) => describe_dataset(name, &data),
            // The other data sets are listed all the same.
            Err(error) => DatasetAnswer {
                name: name.into(),
                title: name.into(),
                problem: Some(error.to_string()),
                ..DatasetAnswer::default()
            },
        });
        Ok(answers.collect())
    })
    .await?;
    Ok(Json(DatasetsAnswer { datasets }))
}

fn describe_dataset(name: &str, data: &Dataset) -> DatasetAnswer {
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
        observations: data.observations.len() as u64 + data.outside_selection.observations,
        classes: data.classes.iter().map(class).collect(),
        locations: data.locations.iter().map(|location| location.name.clone()).collect(),
        hemisphere: data.hemisphere(),
        problem: None,
        warnings: data.problems.tables().iter().filter_map(build_warning).collect(),
    }
}

/// A warning about the rows of a file that could not be read, if there are any.
fn build_warning(table: &TableCount) -> Option<String> {
    let lost = table.rows_lost + table.times_lost;
    let (rows, file) = (table.rows, &table.file);
    (lost > 0).then(|| {
        format!("{lost} of {rows} rows of {file} could not be read; the data notes of reports say why")
    })
}
