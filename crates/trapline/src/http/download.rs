//! `GET /api/static/exports/{filename}`: the file of a completed job, streamed.

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jobs::{JobStore, Kind};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::problem::Problem;
use super::ranges::{Part, part};
use crate::artifacts::{Artifacts, Name};

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// How a file is wanted.
#[derive(Deserialize)]
pub struct Wanted {
    /// To be shown, not saved.
    inline: Option<String>,
}

/// The file is there exactly as long as its record is.
pub async fn file(
    State(store): State<Arc<dyn JobStore>>,
    State(artifacts): State<Artifacts>,
    Path(filename): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = Name::parse(&filename).ok_or_else(Problem::no_job)?;
    let record = store.get(&name.held.job_id).await?.ok_or_else(Problem::no_job)?;
    let artifact = record.artifact().filter(|artifact| artifact.filename == filename);
    let artifact = artifact.ok_or_else(Problem::no_job)?;
    let missing = |error: std::io::Error| {
        tracing::error!(job_id = %name.held.job_id, %error, "the file of a completed job cannot be read");
        Problem::new(500, "The file cannot be read on the server; submit the export again")
    };
    // A file never changes under its name, and its size tells one that was cut off.
    let etag = format!("\"{}-{}-{}\"", name.held.job_id, name.held.attempt, artifact.size);
    let (status, first, length) = match part(&headers, &etag, artifact.size) {
        Part::Whole => (StatusCode::OK, 0, artifact.size),
        Part::Bytes(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::NotModified => return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response()),
        Part::Unsatisfiable => {
            let range = [(CONTENT_RANGE, format!("bytes */{}", artifact.size))];
            let problem = Problem::new(416, format!("The file has {} bytes", artifact.size));
            return Ok((range, problem).into_response());
        }
    };
    let opened = tokio::task::spawn_blocking(move || {
        let mut file = artifacts.read(&filename)?;
        file.seek(SeekFrom::Start(first)).map(|_| (file, filename))
    });
    let (file, filename) = opened.await.map_err(std::io::Error::other).flatten().map_err(missing)?;
    let content = tokio::fs::File::from_std(file).take(length);
    let mut response =
        (status, Body::from_stream(ReaderStream::with_capacity(content, CHUNK))).into_response();
    let mut set = |name: HeaderName, value: &str| {
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
    };
    set(ETAG, &etag);
    set(ACCEPT_RANGES, "bytes");
    set(CACHE_CONTROL, "private, no-cache");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CONTENT_LENGTH, &length.to_string());
    set(CONTENT_TYPE, if name.kind == Kind::Pdf { "application/pdf" } else { "application/zip" });
    let how = if wanted.inline.is_some() { "inline" } else { "attachment" };
    set(CONTENT_DISPOSITION, &format!("{how}; filename=\"{filename}\""));
    if status == StatusCode::PARTIAL_CONTENT {
        set(CONTENT_RANGE, &format!("bytes {first}-{}/{}", first + length - 1, artifact.size));
    }
    Ok(response)
}
