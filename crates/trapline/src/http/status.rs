//! `GET /api/exports/pdf/{job_id}` and `/zip/{job_id}`: how a job is doing.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderName, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use jobs::{JobId, JobStore, Kind, Record, State as JobState, StoreError};
use serde_json::{Value, json};

use super::polling::{etag, is_known, preferred_wait, record_within};
use super::problem::Problem;
use super::submit::estimated_completion;

/// The status of a report.
pub async fn pdf(
    store: State<Arc<dyn JobStore>>,
    job_id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    status(store, job_id, headers, Kind::Pdf).await
}

/// The status of an archive.
pub async fn zip(
    store: State<Arc<dyn JobStore>>,
    job_id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    status(store, job_id, headers, Kind::Zip).await
}

async fn status(
    State(store): State<Arc<dyn JobStore>>,
    Path(job_id): Path<String>,
    headers: HeaderMap,
    kind: Kind,
) -> Result<Response, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    let wait = preferred_wait(&headers);
    let record = record_within(&*store, &job_id, kind, wait).await?;
    let body = told(&*store, &record, kind).await?;
    let etag = etag(&body);
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(body).into_response()
    };
    let mut set = |name: HeaderName, value: &str| {
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
    };
    set(ETAG, &etag);
    set(CACHE_CONTROL, "no-cache");
    set(VARY, "prefer");
    if let Some(wait) = wait {
        set(HeaderName::from_static("preference-applied"), &format!("wait={}", wait.as_secs()));
    }
    if !record.state.is_final() {
        set(RETRY_AFTER, "1");
    }
    Ok(response)
}

/// A state in the words that clients know.
pub fn status_name(state: JobState) -> &'static str {
    match state {
        JobState::Queued | JobState::Running | JobState::Processing => "processing",
        JobState::Completed => "completed",
        JobState::Failed => "failed",
    }
}

/// The status of a job, as clients are told it.
pub async fn told(store: &dyn JobStore, record: &Record, kind: Kind) -> Result<Value, StoreError> {
    let place = match record.state {
        JobState::Queued => store.queue_position(&record.job_id).await?,
        _ => None,
    };
    Ok(body(record, kind, place))
}

fn body(record: &Record, kind: Kind, place: Option<u64>) -> Value {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let phase = matches!(record.state, JobState::Queued | JobState::Running).then(|| record.state.name());
    let mut body = json!({
        "job_id": record.job_id,
        "kind": kind.name(),
        "title": record.title,
        "status": status_name(record.state),
        "phase": phase,
        "queue_position": place,
        "attempt": record.attempt,
        "filename": record.filename,
        "download_url": record.download_url,
        "file_size_bytes": record.file_size_bytes,
        "error_message": record.error,
        "created_at": text(record.created_at),
        "completed_at": text(record.completed_at),
        "expires_at": text(record.expires_at),
    });
    if kind == Kind::Zip {
        body["total_detections"] = json!(record.total_detections);
        body["processed_count"] = json!(record.processed_count);
        body["missing_count"] = json!(record.missing_count);
        body["progress_percent"] = json!(progress_percent(record));
        body["estimated_completion"] = json!(text(expected(record)));
    }
    body
}

/// 0 to 100 with one decimal; 100 only when it is done.
fn progress_percent(record: &Record) -> f64 {
    if record.state == JobState::Completed {
        return 100.0;
    }
    match (record.processed_count, record.total_detections) {
        (Some(done), Some(total)) if total > 0 => {
            ((done as f64 / total as f64 * 1000.0).round() / 10.0).min(99.9)
        }
        _ => 0.0,
    }
}

/// When it will be done, going on as it did so far.
fn expected(record: &Record) -> Option<Timestamp> {
    if record.state.is_final() {
        return None;
    }
    let running = record.started_at.filter(|_| record.state == JobState::Running);
    match (running, record.processed_count, record.total_detections) {
        (Some(started), Some(done), Some(total)) if done > 0 && total >= done => {
            let so_far = Timestamp::now().duration_since(started).as_secs_f64();
            let all = SignedDuration::try_from_secs_f64(so_far * total as f64 / done as f64).ok()?;
            started.checked_add(all).ok()
        }
        (_, _, total) => Some(estimated_completion(record.created_at?, total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: JobState, done: u64) -> Record {
        Record {
            job_id: JobId::random(),
            kind: Some(Kind::Zip),
            title: None,
            state,
            attempt: 1,
            created_at: Some(Timestamp::UNIX_EPOCH),
            started_at: Some(Timestamp::UNIX_EPOCH),
            completed_at: None,
            expires_at: Some(Timestamp::UNIX_EPOCH),
            filename: None,
            download_url: None,
            file_size_bytes: None,
            error: None,
            total_detections: Some(3000),
            processed_count: Some(done),
            missing_count: None,
        }
    }

    #[test]
    fn progress_has_one_decimal_and_is_100_only_at_the_end() {
        let percent = |state, done| progress_percent(&record(state, done));
        assert!((percent(JobState::Running, 1000) - 33.3).abs() < 1e-9);
        assert!((percent(JobState::Running, 2999) - 99.9).abs() < 1e-9);
        assert!((percent(JobState::Completed, 3000) - 100.0).abs() < 1e-9);
        assert!(percent(JobState::Queued, 0).abs() < 1e-9);
    }

    #[test]
    fn absent_values_are_null() {
        let body = body(&record(JobState::Queued, 0), Kind::Zip, Some(1));
        for field in ["filename", "download_url", "file_size_bytes", "error_message", "completed_at"] {
            assert_eq!(body.get(field), Some(&Value::Null), "{field}");
        }
        assert_eq!(body["phase"], "queued");
    }
}
