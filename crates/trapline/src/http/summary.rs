//! `GET /api/summary` and `GET /api/datasets`: what there is to be reported on.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use detections::{Dataset, Selection};
use report::GroupBy;
use serde_json::{Map, Value, json};

use super::body::Fields;
use super::problem::{FieldError, Problem};
use super::report_request::period;
use super::submit::dataset;
use crate::datasets::Datasets;

/// Ten years, so that nobody is told of millions of empty days.
const MOST_DAYS: i32 = 3660;

/// The counts of a period: `start_date` and `end_date`, or `season` and `year`. A period of any
/// length, past or to come, can be asked for.
pub async fn summary(
    State(datasets): State<Datasets>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Problem> {
    // It goes through all observations, which may be millions.
    let summarized = tokio::task::spawn_blocking(move || summarized(query, &datasets));
    summarized.await.map_err(|_| Problem::new(500, "The period could not be summarized"))?.map(Json)
}

fn summarized(query: HashMap<String, String>, datasets: &Datasets) -> Result<Value, Problem> {
    let mut fields = Fields::within(query.into_iter().map(field).collect());
    let found = dataset(&mut fields, datasets);
    let period = period(&mut fields);
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
    let (Some((name, data)), Some(period)) = (found, period) else {
        return Err(Problem::new(422, "The request is incomplete"));
    };
    let summary = report::summarize(data, period, group_by, &classifications)
        .map_err(|unknown| Problem::fields(422, vec![FieldError::new("classification", unknown)]))?;
    let selection = Selection {
        start: Some(period.start),
        end: Some(period.end),
        classes: classifications,
        ..Selection::default()
    };
    // Of these an archive would have crops.
    let boxes = data.select(&selection).map_or(0, |rows| rows.len());
    let mut told = json!({"dataset": name, "detections": boxes});
    let counts = serde_json::to_value(summary).map_err(|error| Problem::new(500, error))?;
    if let (Value::Object(told), Value::Object(counts)) = (&mut told, counts) {
        told.extend(counts);
    }
    Ok(told)
}

/// A parameter as the field of a body. Numbers are numbers there.
fn field((name, text): (String, String)) -> (String, Value) {
    let number = text.parse::<u32>().ok().filter(|_| name == "year");
    (name, number.map_or(Value::String(text), Value::from))
}

/// The data sets, the default first.
pub async fn known(State(datasets): State<Datasets>) -> Json<Value> {
    let told: Vec<Value> = datasets.all().map(|(name, data)| described(name, data)).collect();
    Json(json!({"datasets": told}))
}

fn described(name: &str, data: &Dataset) -> Value {
    let recorded = data.recorded_days();
    let classes: Vec<Value> = data
        .classes
        .iter()
        .map(|class| json!({"classification": class.name, "vernacular_name": class.vernacular}))
        .collect();
    let locations: Vec<&str> = data.locations.iter().map(|location| location.name.as_str()).collect();
    let mut told = Map::new();
    told.insert("name".into(), name.into());
    told.insert("title".into(), data.title.clone().into());
    told.insert("first_day".into(), json!(recorded.map(|(first, _)| first)));
    told.insert("last_day".into(), json!(recorded.map(|(_, last)| last)));
    told.insert("observations".into(), data.observations.len().into());
    told.insert("classes".into(), classes.into());
    told.insert("locations".into(), locations.into());
    told.into()
}
