//! `POST /api/exports/pdf` and `/zip`: submitting an export, or listing what is wrong with the request.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use jiff::{Timestamp, ZonedDateTime};
use jobs::{JobId, NewJob, Submission};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::viewer::Viewer;
use crate::app::SharedApp;
use crate::representation::answers::SubmittedAnswer;
use crate::representation::estimate_completion;
use crate::representation::problem::Problem;
use crate::representation::responses::{
    BrokenRule, NoToken, NotAllowed, TooLong, TooMany, Unavailable, WrongShape,
};
use crate::requests::MAX_BODY;
use crate::requests::blocking::{run_blocking, wait_for_permit};
use crate::requests::idempotency::IdempotencyKey;
use crate::requests::read_request::{AcceptedRequest, RequestReader, is_strict};
use exports::condition::condition;
use exports::export::build_details;
use exports::requests::{ArchiveBody, ReportBody};
use jobs::crash_point;
use metrics::metrics;

/// How long the rest of a body that is too long is read before it is refused.
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// Bodies up to this size are not counted: every connection may send one at the same time.
const SMALL_BODY: usize = 64 << 10;
/// Limits how many larger bodies are received and parsed at once, since each takes a multiple of its size in
/// memory.
static LARGE_BODIES: Semaphore = Semaphore::const_new(16);

/// A body of any media type: clients of the system that this one replaces label theirs in many ways.
pub struct Body {
    bytes: Bytes,
    /// Held by a large body until it has been parsed.
    _permit: Option<SemaphorePermit<'static>>,
}

impl FromRequest<SharedApp> for Body {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &SharedApp) -> Result<Self, Problem> {
        let length =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > MAX_BODY) {
            // A client that is still sending would not read the answer.
            let _ = tokio::time::timeout(DRAIN_TIME, drain_body(request)).await;
            return Err(body_too_long());
        }
        let permit = if length.is_some_and(|length| length <= SMALL_BODY) {
            None
        } else {
            Some(wait_for_permit(&LARGE_BODIES).await?)
        };
        DefaultBodyLimit::max(MAX_BODY).apply(&mut request);
        match tokio::time::timeout(state.config.body_timeout, Bytes::from_request(request, state)).await {
            Ok(Ok(bytes)) => Ok(Self { bytes, _permit: permit }),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(body_too_long()),
            Ok(Err(rejection)) => Err(Problem::new(rejection.status().as_u16(), rejection.body_text())),
            Err(_) => Err(Problem::new(408, "The body took too long to arrive; send the request again")),
        }
    }
}

/// Reads a body that is refused, up to a limit, and drops it.
async fn drain_body(request: Request) {
    let mut pieces = request.into_body().into_data_stream();
    let mut read = 0;
    while let Some(Ok(piece)) = pieces.next().await {
        read += piece.len();
        if read > 4 * MAX_BODY {
            return;
        }
    }
}

fn body_too_long() -> Problem {
    Problem::new(413, "The body has more than 4 MiB; request fewer detections, or use a filter")
}

/// Declares the handler that accepts requests for exports of a kind.
macro_rules! submit_handler {
    ($(#[$($doc:tt)*])* $name:ident($path:tt, $id:tt, $body:tt, $status_id:tt, $read:ident)) => {
        $(#[$($doc)*])*
        #[utoipa::path(
            post, path = $path, operation_id = $id, tag = "Exports",
            params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
                description = "A request that is repeated with the same key and the same body returns the same export, until that expires.")),
            request_body = $body,
            responses(
                (status = 202, description = "The export was accepted.", body = SubmittedAnswer, headers(
                    ("Location" = String, description = "Address of the status."),
                    ("Retry-After" = u32, description = "Seconds to wait before asking for the status.")
                ), links(
                    ("status" = (operation_id = $status_id, parameters(("job_id" = "$response.body#/job_id")))),
                    ("any" = (operation_id = "export_status", parameters(("job_id" = "$response.body#/job_id")))),
                    ("delete" = (operation_id = "delete_export", parameters(("job_id" = "$response.body#/job_id"))))
                )),
                BrokenRule, NoToken, NotAllowed, TooLong, TooMany, WrongShape, Unavailable
            )
        )]
        pub async fn $name(
            viewer: Viewer,
            State(app): State<SharedApp>,
            headers: HeaderMap,
            key: IdempotencyKey,
            body: Body,
        ) -> Result<Response, Problem> {
            let accepted = check(&viewer, app, &headers, body, RequestReader::$read).await?;
            submit(&viewer, accepted, key).await
        }
    };
}

submit_handler! {
    /// Submit a report
    submit_report("/api/exports/pdf", "submit_report", ReportBody, "report_status", read_report)
}

submit_handler! {
    /// Submit an archive
    submit_archive("/api/exports/zip", "submit_archive", ArchiveBody, "archive_status", read_archive)
}

/// Checks a request on a blocking thread: names are looked up in a database, and a filter goes through all
/// observations, of which there may be millions.
async fn check(
    viewer: &Viewer,
    app: SharedApp,
    headers: &HeaderMap,
    body: Body,
    read: fn(&RequestReader, &[u8]) -> Result<AcceptedRequest, Problem>,
) -> Result<AcceptedRequest, Problem> {
    viewer.check_may_export()?;
    let reader = RequestReader {
        datasets: app.datasets.clone(),
        templates: app.templates.clone(),
        webhooks: app.config.webhooks.clone(),
        today: ZonedDateTime::now().date(),
        is_strict: app.config.is_strict || is_strict(headers),
    };
    let Body { bytes, _permit } = body;
    run_blocking("The request could not be checked", move || read(&reader, &bytes)).await
}

async fn submit(
    viewer: &Viewer,
    accepted: AcceptedRequest,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let AcceptedRequest { export, total, warnings, callback_url } = accepted;
    if !condition().has_room() {
        return Err(Problem::disk_full());
    }
    let kind = export.kind();
    let request = serde_json::to_value(&export).map_err(|error| Problem::new(500, error))?;
    let idempotency = key.into_idempotency(&request, callback_url.as_deref(), viewer.identity.name());
    let job = NewJob {
        job_id: JobId::random(),
        kind,
        title: export.title(total),
        details: Some(build_details(&export, &warnings)),
        request,
        total_detections: total,
        callback_url,
        owner: None,
        idempotency,
    };
    crash_point!("submitting");
    let submitted = viewer.submit(job).await?;
    crash_point!("submitted");
    let record = match submitted {
        Submission::New(record) => {
            metrics().count_submission(kind);
            tracing::info!(job_id = %record.job_id, kind = kind.name(), dataset = export.dataset, "job submitted");
            record
        }
        Submission::Repeated(record) => {
            tracing::info!(job_id = %record.job_id, "job submitted again with the same Idempotency-Key");
            record
        }
    };
    let created_at = record.created_at.unwrap_or_else(Timestamp::now);
    let answer = SubmittedAnswer {
        job_id: record.job_id.to_string(),
        status: record.state.into(),
        message: match kind {
            jobs::Kind::Pdf => "PDF report export has been queued",
            jobs::Kind::Zip => "ZIP archive export has been queued",
        },
        estimated_completion: estimate_completion(created_at, total).to_string(),
        total_detections: total,
        warnings,
    };
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    let location = format!("/api/exports/{}/{}", kind.name(), record.job_id);
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(&location).expect("an id is plain text"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    Ok(response)
}
