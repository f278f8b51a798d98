//! `POST /api/exports/pdf` and `/zip`: from a request to a job, or to what is wrong with it.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use jobs::{JobId, NewJob, Submitted};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::answers::SubmittedAnswer;
use super::asked::{ArchiveBody, ReportBody};
use super::blocking::run_blocking;
use super::body::Fields;
use super::eyes::Eyes;
use super::idempotency::IdempotencyKey;
use super::problem::Problem;
use super::responses::{BrokenRule, NoToken, NotAllowed, TooLong, TooMany, Unavailable, WrongShape};
use super::status::status_name;
use super::{App, MAX_BODY};
use super::{archive_request, report_request};
use crate::condition::condition;
use crate::datasets::Datasets;
use crate::export::Export;
use crate::faults::may_die;
use crate::metrics::metrics;
use crate::source::Source;
use crate::templates::Templates;
use crate::webhook::Webhooks;

/// Seconds in which a report is usually there.
const REPORT_SECONDS: i64 = 2;
/// How long a client that sends too much may go on before it is told.
const LINGER: Duration = Duration::from_secs(2);
/// Detections that are exported in a second, carefully guessed.
const DETECTIONS_A_SECOND: i64 = 200;

/// A body of any media type: clients of the system that this one replaces send what they like.
pub struct Body {
    bytes: Bytes,
    /// Held by a large body until it has been read into a job.
    _room: Option<SemaphorePermit<'static>>,
}

/// A body of up to so many bytes is small: all connections together may send one each.
const SMALL_BODY: usize = 64 << 10;
/// Larger bodies that are received and read at once. Each takes a multiple of its size in memory.
static LARGE_BODIES: Semaphore = Semaphore::const_new(16);
/// How long a large body waits for others to be read.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(5);

impl FromRequest<App> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &App) -> Result<Self, Problem> {
        let length =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > MAX_BODY) {
            // A client that is still sending would not hear why nobody listens.
            let _ = tokio::time::timeout(LINGER, let_go_by(request)).await;
            return Err(too_long());
        }
        let room = if length.is_some_and(|length| length <= SMALL_BODY) {
            None
        } else {
            let room = tokio::time::timeout(WAIT_FOR_ROOM, LARGE_BODIES.acquire()).await;
            Some(room.ok().and_then(Result::ok).ok_or_else(Problem::busy)?)
        };
        match tokio::time::timeout(state.front.body, Bytes::from_request(request, state)).await {
            Ok(Ok(bytes)) => Ok(Self { bytes, _room: room }),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_long()),
            Ok(Err(rejection)) => Err(Problem::new(rejection.status().as_u16(), rejection.body_text())),
            Err(_) => Err(Problem::new(408, "The body took too long to come; send it again at once")),
        }
    }
}

/// Reads some of a body that nobody wants.
async fn let_go_by(request: Request) {
    let mut pieces = request.into_body().into_data_stream();
    let mut read = 0;
    while let Some(Ok(piece)) = pieces.next().await {
        read += piece.len();
        if read > 4 * MAX_BODY {
            return;
        }
    }
}

fn too_long() -> Problem {
    Problem::new(
        413,
        "The body has more than 4 MiB; ask for fewer detections at once, or for what a filter selects",
    )
}

/// Submit a report
#[utoipa::path(
    post, path = "/api/exports/pdf", operation_id = "submit_report", tag = "Exports",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "The same key with the same body gives the same job, for as long as that lives.")),
    request_body = ReportBody,
    responses(
        (status = 202, description = "It was taken.", body = SubmittedAnswer, headers(
            ("Location" = String, description = "The address of its status."),
            ("Retry-After" = u32, description = "Seconds after which to look.")
        ), links(
            ("status" = (operation_id = "report_status", parameters(("job_id" = "$response.body#/job_id")))),
            ("any" = (operation_id = "export_status", parameters(("job_id" = "$response.body#/job_id")))),
            ("delete" = (operation_id = "delete_export", parameters(("job_id" = "$response.body#/job_id"))))
        )),
        BrokenRule, NoToken, NotAllowed, TooLong, TooMany, WrongShape, Unavailable
    )
)]
pub async fn pdf(
    eyes: Eyes,
    State(datasets): State<Datasets>,
    State(templates): State<Templates>,
    State(webhooks): State<Webhooks>,
    key: IdempotencyKey,
    Body { bytes: body, _room }: Body,
) -> Result<Response, Problem> {
    eyes.may_export()?;
    let today = ZonedDateTime::now().date();
    let (export, callback_url) = checked(move || {
        let mut fields = Fields::read(&body, &report_request::FIELDS)?;
        // Half of the memory that a request takes.
        drop(body);
        let callback_url = callback_url(&mut fields, &webhooks);
        Ok((report_request::export(fields, &datasets, &templates, today)?, callback_url))
    })
    .await?;
    submit(&eyes, &export, None, callback_url, key).await
}

/// Submit an archive
#[utoipa::path(
    post, path = "/api/exports/zip", operation_id = "submit_archive", tag = "Exports",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "The same key with the same body gives the same job, for as long as that lives.")),
    request_body = ArchiveBody,
    responses(
        (status = 202, description = "It was taken.", body = SubmittedAnswer, headers(
            ("Location" = String, description = "The address of its status."),
            ("Retry-After" = u32, description = "Seconds after which to look.")
        ), links(
            ("status" = (operation_id = "archive_status", parameters(("job_id" = "$response.body#/job_id")))),
            ("any" = (operation_id = "export_status", parameters(("job_id" = "$response.body#/job_id")))),
            ("delete" = (operation_id = "delete_export", parameters(("job_id" = "$response.body#/job_id"))))
        )),
        BrokenRule, NoToken, NotAllowed, TooLong, TooMany, WrongShape, Unavailable
    )
)]
pub async fn zip(
    eyes: Eyes,
    State(datasets): State<Datasets>,
    State(webhooks): State<Webhooks>,
    key: IdempotencyKey,
    Body { bytes: body, _room }: Body,
) -> Result<Response, Problem> {
    eyes.may_export()?;
    let (export, total, callback_url) = checked(move || {
        let mut fields = Fields::read(&body, &archive_request::FIELDS)?;
        drop(body);
        let callback_url = callback_url(&mut fields, &webhooks);
        archive_request::export(fields, &datasets).map(|(export, total)| (export, total, callback_url))
    })
    .await?;
    submit(&eyes, &export, Some(total), callback_url, key).await
}

/// Checks a request where it may take its time: names are looked up in a database, and a filter goes
/// through all observations, which may be millions.
async fn checked<T: Send + 'static>(
    check: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    run_blocking("The request could not be checked", check).await
}

async fn submit(
    eyes: &Eyes,
    export: &Export,
    total: Option<u64>,
    callback_url: Option<String>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    if !condition().has_room() {
        return Err(Problem::no_room());
    }
    let kind = export.kind();
    let request = serde_json::to_value(export).map_err(|error| Problem::new(500, error))?;
    let idempotency = key.with(&request, callback_url.as_deref(), eyes.who.name());
    let job = NewJob {
        job_id: JobId::random(),
        kind,
        title: export.title(total),
        request,
        total_detections: total,
        callback_url,
        owner: eyes.who.name().map(str::to_owned),
        idempotency,
    };
    may_die!("submitting");
    let submitted = eyes.store.submit(&job).await?;
    may_die!("submitted");
    let record = match submitted {
        Submitted::New(record) => {
            metrics().submitted(kind);
            tracing::info!(job_id = %record.job_id, kind = kind.name(), dataset = export.dataset, "job submitted");
            record
        }
        Submitted::Before(record) => {
            tracing::info!(job_id = %record.job_id, "the submission of a job was repeated");
            record
        }
    };
    let created_at = record.created_at.unwrap_or_else(Timestamp::now);
    let answer = SubmittedAnswer {
        job_id: record.job_id.to_string(),
        status: status_name(record.state),
        message: match kind {
            jobs::Kind::Pdf => "PDF report export has been queued",
            jobs::Kind::Zip => "ZIP archive export has been queued",
        },
        estimated_completion: estimated_completion(created_at, total).to_string(),
        total_detections: total,
    };
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    let location = format!("/api/exports/{}/{}", kind.name(), record.job_id);
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(&location).expect("an id is plain text"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    Ok(response)
}

/// Where the end is told to, when that is asked for.
fn callback_url(fields: &mut Fields, webhooks: &Webhooks) -> Option<String> {
    let address = fields.text("callback_url")?;
    if let Err(bad) = webhooks.check(&address) {
        fields.wrong("callback_url", bad);
    }
    // Archives tell the request that they were made for, and whoever has one need not know this.
    fields.take_out("callback_url");
    Some(address)
}

/// When an export that begins at `from` is probably done.
pub fn estimated_completion(from: Timestamp, total_detections: Option<u64>) -> Timestamp {
    let detections = i64::try_from(total_detections.unwrap_or(0)).unwrap_or(0);
    let seconds = REPORT_SECONDS + detections / DETECTIONS_A_SECOND;
    from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(from)
}

/// The data set that a request names, or the first.
pub fn dataset<'a>(fields: &mut Fields, datasets: &'a Datasets) -> Option<(&'a str, &'a Source)> {
    let name = fields.text("dataset");
    let found = datasets.get(name.as_deref()).map_err(|unknown| fields.wrong("dataset", unknown)).ok()?;
    if let Source::Unusable(reason) = found.1 {
        fields.wrong("dataset", format!("this data set cannot be used: {reason}"));
        return None;
    }
    Some(found)
}
