//! `GET /api/exports/pdf/{job_id}`, `/zip/{job_id}` and `/{job_id}`: the status of an export.

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jobs::{JobId, Kind};

use crate::access::viewer::Viewer;
use crate::representation::etag::has_current;
use crate::representation::problem::Problem;
use crate::representation::responses::{NoJob, NoToken, NotAllowed, Unavailable};
use crate::representation::{AnyStatus, ArchiveStatus, Status, StatusBody, infer_kind};
use crate::requests::parameters::JobPath;
use crate::requests::path::Path;
use crate::requests::polling::{read_preferred_wait, wait_for_status};

/// Declares the handler of a status. The rest of its response is described by `$more`.
macro_rules! status_handler {
    ($(#[$($doc:tt)*])* $name:ident($path:tt, $id:tt, $kind:expr) -> $body:tt, $($more:tt)*) => {
        $(#[$($doc)*])*
        #[utoipa::path(
            get, path = $path, operation_id = $id, tag = "Exports",
            params(
                JobPath,
                ("Prefer" = Option<String>, Header, description = "`wait=60` delays the answer until the export has ended or 60 seconds have passed; 60 is the maximum.", example = "wait=60"),
                ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the last status that the client received.")
            ),
            responses(
                (status = 200, description = "The status.", body = $body, headers(
                    ("ETag" = String, description = "Changes whenever the export does."),
                    ("Retry-After" = Option<u32>, description = "Seconds to wait before the next request, while the export is processing.")
                ), $($more)*),
                (status = 304, description = "The status has not changed."),
                NoToken, NotAllowed, NoJob, Unavailable
            )
        )]
        pub async fn $name(
            viewer: Viewer,
            job_id: Path<JobPath>,
            request: Request,
        ) -> Result<Response, Problem> {
            answer_status(&viewer, job_id, request.headers(), $kind).await
        }
    };
}

status_handler! {
    /// The status of a report
    get_report_status("/api/exports/pdf/{job_id}", "report_status", Some(Kind::Pdf)) -> Status,
    links(("file" = (operation_id = "download", parameters(("filename" = "$response.body#/filename")))))
}

status_handler! {
    /// The status of an archive
    get_archive_status("/api/exports/zip/{job_id}", "archive_status", Some(Kind::Zip)) -> ArchiveStatus,
    links(
        ("pictures" = (operation_id = "archive_pictures", parameters(("job_id" = "$response.body#/job_id")))),
        ("picture" = (operation_id = "archive_picture", parameters(("job_id" = "$response.body#/job_id")))),
        ("file" = (operation_id = "download", parameters(("filename" = "$response.body#/filename"))))
    )
}

status_handler! {
    /// The status of any export
    ///
    /// For clients that do not know whether the export is a report or an archive.
    get_status("/api/exports/{job_id}", "export_status", None) -> AnyStatus,
    example = json!({
        "job_id": "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e", "kind": "pdf",
        "title": "Seasonal activity, 1 September 2018 to 31 January 2019", "status": "failed", "phase": null,
        "queue_position": null, "waiting_for": null, "attempt": 3, "filename": null, "download_url": null, "file_size_bytes": null,
        "sha256": null, "error_message": "there is no space left for the file on the server's disk; ask its operator to make room, then submit the export again",
        "created_at": "2025-11-13T04:00:00Z", "completed_at": "2025-11-13T04:00:09Z", "expires_at": "2025-11-13T05:00:09Z"
    })
}

async fn answer_status(
    viewer: &Viewer,
    Path(JobPath { job_id }): Path<JobPath>,
    headers: &HeaderMap,
    kind: Option<Kind>,
) -> Result<Response, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    let wait = read_preferred_wait(headers);
    let status = wait_for_status(viewer, &job_id, kind, wait).await?;
    let record = &status.record;
    let other_body;
    let body = match kind.filter(|kind| *kind != infer_kind(record)) {
        None => status.body(&viewer.access),
        // The record has no kind, and the client asks for another than the inferred one.
        Some(kind) => {
            other_body = StatusBody::new(record, kind, status.queue_position, &viewer.access);
            &other_body
        }
    };
    let etag = &body.etag;
    let mut response = if has_current(headers, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], body.json.clone()).into_response()
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
