//! `POST /api/exports/pdf` and `/zip`: from a request to a job, or to what is wrong with it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use jobs::{JobId, JobStore, NewJob, Submitted};
use serde_json::json;

use super::body::Fields;
use super::idempotency::IdempotencyKey;
use super::problem::Problem;
use super::status::status_name;
use super::{archive_request, report_request};
use crate::datasets::Datasets;
use crate::export::Export;
use crate::faults::may_die;
use crate::templates::Templates;

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
    let checked =
        tokio::task::spawn_blocking(move || archive_request::export(Fields::read(&body)?, &datasets));
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
    let job = NewJob {
        job_id: JobId::random(),
        kind,
        title: export.title(total),
        request,
        total_detections: total,
        idempotency,
    };
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
