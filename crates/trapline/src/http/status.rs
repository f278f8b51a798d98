//! `GET /api/exports/pdf/{job_id}` and `/zip/{job_id}`: how a job is doing.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use jobs::{JobId, JobStore, Kind, Record, State as JobState, StoreError};
use serde_json::{Value, json};

use super::answers::{AnyStatus, ArchiveStatus, MissingReason, Status};
use super::eyes::{Eyes, address};
use super::feed::{Feed, StatusBody};
use super::path::Path;
use super::polling::{is_known, preferred_wait, status_within};
use super::problem::Problem;
use super::responses::{NoJob, NoToken, NotAllowed, Unavailable};
use super::submit::estimated_completion;
use crate::access::Access;
use crate::condition::condition;

/// The status of a report
#[utoipa::path(
    get, path = "/api/exports/pdf/{job_id}", operation_id = "report_status", tag = "Exports",
    params(
        ("job_id" = String, Path, description = "The job.", example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e"),
        ("Prefer" = Option<String>, Header, description = "`wait=60` answers when the job has ended, or after so many seconds, 60 at most.", example = "wait=60"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the status that is known.")
    ),
    responses(
        (status = 200, description = "How it is doing.", body = Status, headers(
            ("ETag" = String, description = "Another one as soon as anything happens to the job."),
            ("Retry-After" = Option<u32>, description = "Seconds after which to look again, while it is processing.")
        ), links(
            ("file" = (operation_id = "download", parameters(("filename" = "$response.body#/filename"))))
        )),
        (status = 304, description = "Nothing happened to it."),
        NoToken, NotAllowed, NoJob, Unavailable
    )
)]
pub async fn pdf(
    eyes: Eyes,
    feed: State<Feed>,
    job_id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    status(eyes, feed, job_id, headers, Some(Kind::Pdf)).await
}

/// The status of an archive
#[utoipa::path(
    get, path = "/api/exports/zip/{job_id}", operation_id = "archive_status", tag = "Exports",
    params(
        ("job_id" = String, Path, description = "The job.", example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e"),
        ("Prefer" = Option<String>, Header, description = "`wait=60` answers when the job has ended, or after so many seconds, 60 at most.", example = "wait=60"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the status that is known.")
    ),
    responses(
        (status = 200, description = "How it is doing.", body = ArchiveStatus, headers(
            ("ETag" = String, description = "Another one as soon as anything happens to the job."),
            ("Retry-After" = Option<u32>, description = "Seconds after which to look again, while it is processing.")
        ), links(
            ("pictures" = (operation_id = "archive_pictures", parameters(("job_id" = "$response.body#/job_id")))),
            ("picture" = (operation_id = "archive_picture", parameters(("job_id" = "$response.body#/job_id")))),
            ("file" = (operation_id = "download", parameters(("filename" = "$response.body#/filename"))))
        )),
        (status = 304, description = "Nothing happened to it."),
        NoToken, NotAllowed, NoJob, Unavailable
    )
)]
pub async fn zip(
    eyes: Eyes,
    feed: State<Feed>,
    job_id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    status(eyes, feed, job_id, headers, Some(Kind::Zip)).await
}

/// The status of any export
///
/// For who knows a job and not what it makes.
#[utoipa::path(
    get, path = "/api/exports/{job_id}", operation_id = "export_status", tag = "Exports",
    params(
        ("job_id" = String, Path, description = "The job.", example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e"),
        ("Prefer" = Option<String>, Header, description = "`wait=60` answers when the job has ended, or after so many seconds, 60 at most.", example = "wait=60"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the status that is known.")
    ),
    responses(
        (status = 200, description = "How it is doing.", body = AnyStatus, headers(
            ("ETag" = String, description = "Another one as soon as anything happens to the job."),
            ("Retry-After" = Option<u32>, description = "Seconds after which to look again, while it is processing.")
        ), example = json!({
            "job_id": "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e", "kind": "pdf",
            "title": "Seasonal activity, 1 September 2018 to 31 January 2019", "status": "failed", "phase": null,
            "queue_position": null, "waiting_for": null, "attempt": 3, "filename": null, "download_url": null, "file_size_bytes": null,
            "sha256": null, "error_message": "there is no space left for the file on the server's disk; ask its operator to make room, then submit the export again",
            "created_at": "2025-11-13T04:00:00Z", "completed_at": "2025-11-13T04:00:09Z", "expires_at": "2025-11-13T05:00:09Z"
        })),
        (status = 304, description = "Nothing happened to it."),
        NoToken, NotAllowed, NoJob, Unavailable
    )
)]
pub async fn any(
    eyes: Eyes,
    feed: State<Feed>,
    job_id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    status(eyes, feed, job_id, headers, None).await
}

async fn status(
    eyes: Eyes,
    State(feed): State<Feed>,
    Path(job_id): Path<String>,
    headers: HeaderMap,
    kind: Option<Kind>,
) -> Result<Response, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    let wait = preferred_wait(&headers);
    let status = status_within(&eyes, &feed, &job_id, kind, wait).await?;
    let record = &status.record;
    let of_kind;
    let body = match kind.filter(|kind| *kind != kind_of(record)) {
        None => status.body(&eyes.access),
        Some(kind) => {
            of_kind = StatusBody::new(record, kind, status.place, &eyes.access);
            &of_kind
        }
    };
    let etag = &body.etag;
    let mut response = if is_known(&headers, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], body.text.clone()).into_response()
    };
    let mut set = |name: HeaderName, value: &str| {
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
    };
    set(ETAG, etag);
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
pub async fn told(
    store: &dyn JobStore,
    record: &Record,
    kind: Kind,
    access: &Access,
) -> Result<Value, StoreError> {
    let place = match record.state {
        JobState::Queued => store.queue_position(&record.job_id).await?,
        _ => None,
    };
    Ok(json!(body(record, kind, place, access)))
}

/// The same, with the place in the queue that is known already.
pub fn body(record: &Record, kind: Kind, place: Option<u64>, access: &Access) -> AnyStatus {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let status = Status {
        job_id: record.job_id.to_string(),
        kind,
        title: record.title.clone(),
        status: status_name(record.state),
        phase: matches!(record.state, JobState::Queued | JobState::Running).then(|| record.state.name()),
        queue_position: place,
        waiting_for: if record.state == JobState::Queued { condition().waiting_for() } else { None },
        attempt: record.attempt,
        filename: record.filename.clone(),
        download_url: record.download_url.clone().map(|path| address(access, path, record)),
        file_size_bytes: record.file_size_bytes,
        sha256: record.sha256.clone(),
        error_message: record.error.clone(),
        created_at: text(record.created_at),
        completed_at: text(record.completed_at),
        expires_at: text(record.expires_at),
    };
    match kind {
        Kind::Pdf => AnyStatus::Report(status),
        Kind::Zip => AnyStatus::Archive(ArchiveStatus {
            status,
            total_detections: record.total_detections,
            processed_count: record.processed_count,
            missing_count: record.missing_count,
            missing_reasons: missing_reasons(record),
            remote_pictures: record.remote_pictures,
            progress_percent: progress_percent(record),
            estimated_completion: text(expected(record)),
        }),
    }
}

/// Why detections are missing. A record that has their number alone does not tell.
fn missing_reasons(record: &Record) -> Option<Vec<MissingReason>> {
    let is_told = !record.missing_reasons.is_empty() || record.missing_count == Some(0);
    is_told.then(|| record.missing_reasons.iter().cloned().map(MissingReason::from).collect())
}

/// What a job makes. Records of other programs do not tell; what they count does.
pub fn kind_of(record: &Record) -> Kind {
    let counted = if record.total_detections.is_some() { Kind::Zip } else { Kind::Pdf };
    record.kind.unwrap_or(counted)
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
            missing_reasons: Vec::new(),
            remote_pictures: None,
            sha256: None,
            owner: None,
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
        let body = json!(body(&record(JobState::Queued, 0), Kind::Zip, Some(1), &Access::open()));
        for field in ["filename", "download_url", "file_size_bytes", "error_message", "completed_at"] {
            assert_eq!(body.get(field), Some(&Value::Null), "{field}");
        }
        assert_eq!(body["phase"], "queued");
    }

    #[test]
    fn reasons_are_told_when_they_are_known() {
        let reason = jobs::MissingReason {
            reason: "remote".into(),
            count: 3,
            message: "3 pictures are on the web only".into(),
            hint: None,
        };
        let told = |missing_count, missing_reasons| {
            let record = Record { missing_count, missing_reasons, ..record(JobState::Completed, 3000) };
            let body = json!(body(&record, Kind::Zip, None, &Access::open()));
            body["missing_reasons"].clone()
        };
        assert_eq!(told(Some(3), vec![reason.clone()]), json!([reason]));
        assert_eq!(told(Some(0), Vec::new()), json!([]));
        // A record of an earlier program, or one of an archive that is not made yet.
        assert_eq!(told(Some(3), Vec::new()), Value::Null);
        assert_eq!(told(None, Vec::new()), Value::Null);
    }
}
