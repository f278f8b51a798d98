//! `POST /api/exports/pdf` and `/zip`: from a request to a job, or to what is wrong with it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use detections::Selection;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use jobs::{JobId, JobStore, NewJob, Submitted};
use serde_json::{Value, json};

use super::body::Fields;
use super::idempotency::IdempotencyKey;
use super::problem::Problem;
use super::report_request;
use super::status::status_name;
use crate::datasets::Datasets;
use crate::export::{ArchiveRequest, Chosen, Export, What};
use crate::faults::may_die;
use crate::templates::Templates;

/// Ids in one request.
const MAX_IDS: usize = 10_000;
/// Seconds in which a report is usually there.
const REPORT_SECONDS: i64 = 2;
/// Detections that are exported in a second, carefully guessed.
const DETECTIONS_A_SECOND: i64 = 200;

/// A body of any media type: clients of the system that this one replaces send what they like.
pub struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => Err(Problem::new(rejection.status().as_u16(), rejection.body_text())),
        }
    }
}

/// A report.
pub async fn pdf(
    State(store): State<Arc<dyn JobStore>>,
    State(datasets): State<Datasets>,
    State(templates): State<Templates>,
    key: IdempotencyKey,
    Body(body): Body,
) -> Result<Response, Problem> {
    let today = ZonedDateTime::now().date();
    let export = report_request::export(Fields::read(&body)?, &datasets, &templates, today)?;
    submit(&*store, &export, None, key).await
}

/// An archive.
pub async fn zip(
    State(store): State<Arc<dyn JobStore>>,
    State(datasets): State<Datasets>,
    key: IdempotencyKey,
    Body(body): Body,
) -> Result<Response, Problem> {
    // A filter goes through all observations, which may be millions.
    let checked = tokio::task::spawn_blocking(move || archive_export(Fields::read(&body)?, &datasets));
    let (export, total) =
        checked.await.map_err(|_| Problem::new(500, "The request could not be checked"))??;
    submit(&*store, &export, Some(total), key).await
}

async fn submit(
    store: &dyn JobStore,
    export: &Export,
    total: Option<u64>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let kind = export.kind();
    let request = serde_json::to_value(export).map_err(|error| Problem::new(500, error))?;
    let idempotency = key.with(&request);
    let job = NewJob { job_id: JobId::random(), kind, request, total_detections: total, idempotency };
    may_die!("submitting");
    let submitted = store.submit(&job).await?;
    may_die!("submitted");
    let record = match submitted {
        Submitted::New(record) => {
            tracing::info!(job_id = %record.job_id, kind = kind.name(), dataset = export.dataset, "job submitted");
            record
        }
        Submitted::Before(record) => {
            tracing::info!(job_id = %record.job_id, "the submission of a job was repeated");
            record
        }
    };
    let created_at = record.created_at.unwrap_or_else(Timestamp::now);
    let mut answer = json!({
        "job_id": record.job_id,
        "status": status_name(record.state),
        "message": match kind {
            jobs::Kind::Pdf => "PDF report export has been queued",
            jobs::Kind::Zip => "ZIP archive export has been queued",
        },
        "estimated_completion": estimated_completion(created_at, total).to_string(),
    });
    if let Some(total) = total {
        answer["total_detections"] = total.into();
    }
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    let location = format!("/api/exports/{}/{}", kind.name(), record.job_id);
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(&location).expect("an id is plain text"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    Ok(response)
}

/// When an export that begins at `from` is probably done.
pub fn estimated_completion(from: Timestamp, total_detections: Option<u64>) -> Timestamp {
    let detections = i64::try_from(total_detections.unwrap_or(0)).unwrap_or(0);
    let seconds = REPORT_SECONDS + detections / DETECTIONS_A_SECOND;
    from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(from)
}

/// The data set that a request names, or the first.
pub fn dataset<'a>(
    fields: &mut Fields,
    datasets: &'a Datasets,
) -> Option<(&'a str, &'a detections::Dataset)> {
    let name = fields.text("dataset");
    datasets.get(name.as_deref()).map_err(|unknown| fields.wrong("dataset", unknown)).ok()
}

/// The export, and how many detections it goes through.
fn archive_export(mut fields: Fields, datasets: &Datasets) -> Result<(Export, u64), Problem> {
    let found = dataset(&mut fields, datasets);
    let detections = match (fields.get("detection_ids").is_some(), fields.get("filter").cloned()) {
        (false, Some(filter)) => chosen_by_filter(&mut fields, filter).map(Chosen::Filter),
        (true, Some(_)) => {
            fields.wrong("filter", "give detection_ids or filter, not both");
            None
        }
        (_, None) => chosen_by_id(&mut fields).map(Chosen::Ids),
    };
    let include_crops = fields.flag("include_crops", true);
    let include_metadata_csv = fields.flag("include_metadata_csv", true);
    let crop_size = fields.whole_number("crop_size", archive::CROP_SIZES, 300);
    fields.check()?;
    let (Some((name, data)), Some(detections)) = (found, detections) else {
        return Err(Problem::new(422, "The request is incomplete"));
    };
    let total = match &detections {
        Chosen::Ids(ids) => ids.len(),
        Chosen::Filter(selection) => match data.select(selection) {
            Ok(rows) => rows.len(),
            Err(unknown) => {
                let field = format!("filter.{}", unknown.what);
                return Err(Problem::fields(422, vec![super::FieldError::new(field, unknown)]));
            }
        },
    };
    let request =
        ArchiveRequest { detections, include_crops, include_metadata_csv, crop_size, asked: fields.whole() };
    let export = Export { dataset: name.into(), what: What::Archive(request) };
    Ok((export, total as u64))
}

fn chosen_by_id(fields: &mut Fields) -> Option<Vec<String>> {
    let ids = fields.required("detection_ids", |fields, name| Some(fields.texts(name)))?;
    if fields
        .get("detection_ids")
        .and_then(Value::as_array)
        .is_some_and(|list| list.is_empty() || list.len() > MAX_IDS)
    {
        fields.wrong("detection_ids", format!("detection_ids must have 1 to {MAX_IDS} items"));
    }
    Some(ids)
}

fn chosen_by_filter(fields: &mut Fields, filter: Value) -> Option<Selection> {
    let Value::Object(filter) = filter else {
        fields.wrong("filter", "filter must be an object");
        return None;
    };
    let mut inner = Fields::within(filter);
    let min_confidence = inner.get("min_confidence").cloned().and_then(|value| {
        let number = value.as_f64().filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            inner.wrong("min_confidence", "min_confidence must be a number from 0 to 1");
        }
        // A confidence is kept in single precision.
        #[allow(clippy::cast_possible_truncation)]
        number.map(|number| number as f32)
    });
    let selection = Selection {
        start: inner.date("start_date"),
        end: inner.date("end_date"),
        classes: inner.texts("classifications"),
        locations: inner.texts("locations"),
        min_confidence,
        ..Selection::default()
    };
    fields.wrong_within("filter", inner.into_errors());
    Some(selection)
}
