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
use jobs::JobId;

use crate::access::job_file::JobFile;
use crate::access::viewer::Viewer;
use crate::config::Config;
use crate::representation::problem::Problem;
use crate::representation::responses::{NoJob, NoToken, NotAllowed, NotSatisfiable, Unavailable, Unreadable};
use crate::requests::parameters::DownloadQuery;
use crate::requests::path::Path;
use crate::requests::ranges::{RequestedPart, find_requested_part};
use artifacts::{ArtifactError, ArtifactName};
use files::digest::from_hex;
use metrics::metrics;

/// How long a link to an object store works. A download that has begun by then continues.
const LINK_LIFETIME: Duration = Duration::from_mins(5);

/// Download a file
///
/// The file exists exactly as long as the export does. Ranges are supported, and `HEAD` returns the size.
#[utoipa::path(
    get, path = "/api/static/exports/{filename}", operation_id = "download", tag = "Files",
    params(
        ("filename" = String, Path, description = "The `filename` of a completed export."),
        DownloadQuery,
        ("Range" = Option<String>, Header, description = "A range of bytes.", example = "bytes=1000-"),
        ("If-Range" = Option<String>, Header, description = "The `ETag` of the file of which the client has a part."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the file that the client has.")
    ),
    responses(
        (status = 200, description = "The file.", content(
            (Vec<u8> = "application/pdf", example = "the bytes of the report"),
            (Vec<u8> = "application/zip", example = "the bytes of the archive")
        ), headers(
            ("ETag" = String, description = "The entity tag of the file."),
            ("Repr-Digest" = Option<String>, description = "The SHA-256 of the whole file (RFC 9530)."),
            ("Content-Disposition" = String, description = "The name of the file."),
            ("Accept-Ranges" = String, description = "`bytes`")
        )),
        (status = 206, description = "The requested range.", content(
            (Vec<u8> = "application/pdf", example = "some bytes of the report"),
            (Vec<u8> = "application/zip", example = "some bytes of the archive")
        ), headers(("Content-Range" = String, description = "The range that is sent."))),
        (status = 304, description = "The client already has the file."),
        (status = 307, description = "A link to the object store, if the server is set up to redirect downloads.",
            headers(("Location" = String, description = "A link that works for five minutes."))),
        NoToken, NotAllowed, NoJob, NotSatisfiable, Unreadable, Unavailable
    )
)]
pub async fn download(
    viewer: Viewer,
    State(Config { redirects_downloads, .. }): State<Config>,
    method: Method,
    Path(filename): Path<String>,
    Query(query): Query<DownloadQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = ArtifactName::parse(&filename).ok_or_else(Problem::no_job)?;
    let record = viewer.get(&name.held.job_id).await?.ok_or_else(Problem::no_job)?;
    let file = viewer.file_of(&record).filter(|file| file.artifact().filename == filename);
    let file = file.ok_or_else(Problem::no_job)?;
    let missing = |error: ArtifactError| report_unreadable(&name.held.job_id, &error);
    if redirects_downloads
        && method == Method::GET
        && query.inline.is_none()
        && let Some(link) = file.create_link(LINK_LIFETIME).await.map_err(missing)?
    {
        let headers = [(LOCATION, link.to_string()), (CACHE_CONTROL, "no-store".into())];
        return Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response());
    }
    let size = check_size(&file).await?;
    // A file never changes under its name. The size distinguishes a truncated one.
    let etag = format!("\"{}-{}-{size}\"", name.held.job_id, name.held.attempt);
    let (status, first, length) = match find_requested_part(&headers, &etag, size) {
        RequestedPart::Whole => (StatusCode::OK, 0, size),
        RequestedPart::Bytes(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        RequestedPart::NotModified => {
            return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
        }
        RequestedPart::Unsatisfiable => {
            let range = [(CONTENT_RANGE, format!("bytes */{size}"))];
            let problem = Problem::new(416, format!("The file has {size} bytes"));
            return Ok((range, problem).into_response());
        }
    };
    let content = file.read(first..first + length).await.map_err(missing)?;
    if method == Method::GET {
        metrics().downloaded.inc_by(length);
    }
    let mut response = (status, Body::from_stream(content)).into_response();
    let mut set = |name: HeaderName, value: &str| {
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
    };
    set(ETAG, &etag);
    if let Some(sha256) = file.artifact().sha256.as_deref().and_then(format_repr_digest) {
        set(HeaderName::from_static("repr-digest"), &sha256);
    }
    set(ACCEPT_RANGES, "bytes");
    set(CACHE_CONTROL, "private, no-cache");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CONTENT_LENGTH, &length.to_string());
    set(CONTENT_TYPE, name.media_type());
    let disposition = if query.inline.is_some() { "inline" } else { "attachment" };
    set(CONTENT_DISPOSITION, &format!("{disposition}; filename=\"{filename}\""));
    if status == StatusCode::PARTIAL_CONTENT {
        set(CONTENT_RANGE, &format!("bytes {first}-{}/{size}", first + length - 1));
    }
    Ok(response)
}

fn report_unreadable(job_id: &JobId, error: &ArtifactError) -> Problem {
    tracing::error!(%job_id, %error, "the file of a completed job cannot be read");
    Problem::unreadable(error)
}

/// Finds the size of a file: that of the file itself, since other programs may write records. A file that is
/// smaller than its record says is truncated, and is refused instead of sent as if it were complete.
pub async fn check_size(file: &JobFile) -> Result<u64, Problem> {
    let (job_id, artifact) = (file.job_id(), file.artifact());
    let size = file.find_size().await.map_err(|error| report_unreadable(job_id, &error))?;
    if size < artifact.size {
        tracing::error!(%job_id, size, recorded = artifact.size, "the file of a completed job is truncated");
        let detail = format!(
            "The file on the server has {size} bytes and should have {}; submit the export again",
            artifact.size
        );
        return Err(Problem::new(500, detail));
    }
    Ok(size)
}

/// The value of `Repr-Digest` (RFC 9530) for the hexadecimal digits of a digest.
fn format_repr_digest(sha256: &str) -> Option<String> {
    from_hex(sha256).map(|bytes| format!("sha-256=:{}:", BASE64_STANDARD.encode(bytes)))
}
