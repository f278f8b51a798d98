//! `GET /api/static/exports/{filename}`: the file of a completed job, streamed.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jobs::{Artifact, JobId};
use serde::Deserialize;

use super::Front;
use super::eyes::Eyes;
use super::path::Path;
use super::problem::Problem;
use super::ranges::{Part, part};
use super::responses::{NoJob, NoToken, NotAllowed, NotSatisfiable, Unavailable, Unreadable};
use crate::artifacts::{Artifacts, Name};
use crate::digest::from_hex;
use crate::metrics::metrics;

/// How long a link to an object store is good; a download that has begun goes on.
const LINK: Duration = Duration::from_mins(5);

/// How a file is wanted.
#[derive(Deserialize)]
pub struct Wanted {
    /// To be shown, not saved.
    inline: Option<String>,
}

/// Download a file
///
/// It is there exactly as long as its job's record is. Parts of it can be had, and `HEAD` tells its
/// size.
#[utoipa::path(
    get, path = "/api/static/exports/{filename}", operation_id = "download", tag = "Files",
    params(
        ("filename" = String, Path, description = "The `filename` of a completed job."),
        ("inline" = Option<String>, Query, description = "To be shown, not saved."),
        ("Range" = Option<String>, Header, description = "A part of it.", example = "bytes=1000-"),
        ("If-Range" = Option<String>, Header, description = "The `ETag` of the file that the client has a part of."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the file that the client has.")
    ),
    responses(
        (status = 200, description = "The file.", content(
            (Vec<u8> = "application/pdf", example = "the bytes of the report"),
            (Vec<u8> = "application/zip", example = "the bytes of the archive")
        ), headers(
            ("ETag" = String, description = "The tag of the file."),
            ("Repr-Digest" = Option<String>, description = "The SHA-256 of the whole file (RFC 9530)."),
            ("Content-Disposition" = String, description = "Its name."),
            ("Accept-Ranges" = String, description = "`bytes`")
        )),
        (status = 206, description = "The part asked for.", content(
            (Vec<u8> = "application/pdf", example = "some bytes of the report"),
            (Vec<u8> = "application/zip", example = "some bytes of the archive")
        ), headers(("Content-Range" = String, description = "Which part it is."))),
        (status = 304, description = "The client has it."),
        (status = 307, description = "Where the object store has it, when the server sends clients there.",
            headers(("Location" = String, description = "Good for five minutes."))),
        NoToken, NotAllowed, NoJob, NotSatisfiable, Unreadable, Unavailable
    )
)]
pub async fn file(
    eyes: Eyes,
    State(artifacts): State<Artifacts>,
    State(Front { redirect, .. }): State<Front>,
    method: Method,
    Path(filename): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = Name::parse(&filename).ok_or_else(Problem::no_job)?;
    let record = eyes.get(&name.held.job_id).await?.ok_or_else(Problem::no_job)?;
    let artifact = record.artifact().filter(|artifact| artifact.filename == filename);
    let artifact = artifact.ok_or_else(Problem::no_job)?;
    let missing = |error: std::io::Error| {
        tracing::error!(job_id = %name.held.job_id, %error, "the file of a completed job cannot be read");
        Problem::unreadable(&error)
    };
    if redirect
        && method == Method::GET
        && wanted.inline.is_none()
        && let Some(link) = artifacts.link(&filename, LINK).await.map_err(missing)?
    {
        let headers = [(LOCATION, link.to_string()), (CACHE_CONTROL, "no-store".into())];
        return Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response());
    }
    let size = check_size(&artifacts, &artifact, &name.held.job_id).await?;
    // A file never changes under its name, and its size tells one that was cut off.
    let etag = format!("\"{}-{}-{size}\"", name.held.job_id, name.held.attempt);
    let (status, first, length) = match part(&headers, &etag, size) {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Bytes(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::NotModified => return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response()),
        Part::Unsatisfiable => {
            let range = [(CONTENT_RANGE, format!("bytes */{size}"))];
            let problem = Problem::new(416, format!("The file has {size} bytes"));
            return Ok((range, problem).into_response());
        }
    };
    let content = artifacts.read(&filename, first..first + length).await.map_err(missing)?;
    if method == Method::GET {
        metrics().downloaded(length);
    }
    let mut response = (status, Body::from_stream(content)).into_response();
    let mut set = |name: HeaderName, value: &str| {
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
    };
    set(ETAG, &etag);
    if let Some(sha256) = artifact.sha256.as_deref().and_then(repr_digest) {
        set(HeaderName::from_static("repr-digest"), &sha256);
    }
    set(ACCEPT_RANGES, "bytes");
    set(CACHE_CONTROL, "private, no-cache");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CONTENT_LENGTH, &length.to_string());
    set(CONTENT_TYPE, name.media_type());
    let how = if wanted.inline.is_some() { "inline" } else { "attachment" };
    set(CONTENT_DISPOSITION, &format!("{how}; filename=\"{filename}\""));
    if status == StatusCode::PARTIAL_CONTENT {
        set(CONTENT_RANGE, &format!("bytes {first}-{}/{size}", first + length - 1));
    }
    Ok(response)
}

/// The size of a file, which counts and not the one in a record that other programs may write. A file that
/// has less than its record says was cut off, and is not handed out as if it were whole.
pub async fn check_size(artifacts: &Artifacts, artifact: &Artifact, job_id: &JobId) -> Result<u64, Problem> {
    let size = artifacts.find_size(&artifact.filename).await.map_err(|error| {
        tracing::error!(%job_id, %error, "the file of a completed job cannot be read");
        Problem::unreadable(&error)
    })?;
    if size < artifact.size {
        tracing::error!(%job_id, size, recorded = artifact.size, "the file of a completed job is not whole");
        let detail = format!(
            "The file on the server has {size} bytes and should have {}; submit the export again",
            artifact.size
        );
        return Err(Problem::new(500, detail));
    }
    Ok(size)
}

/// The digest of a whole file, from its hexadecimal digits (RFC 9530).
fn repr_digest(sha256: &str) -> Option<String> {
    from_hex(sha256).map(|bytes| format!("sha-256=:{}:", BASE64_STANDARD.encode(bytes)))
}
