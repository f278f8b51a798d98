//! `GET /api/exports/zip/{job_id}/pictures`: a look at the first pictures of an archive, before it
//! is downloaded.

use std::collections::HashMap;
use std::io::Read;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jobs::{JobId, Kind, Record};
use zip::ZipArchive;
use zip::result::ZipError;

use super::answers::{Picture, Pictures};
use super::blocking::run_blocking;
use super::download::check_size;
use super::eyes::Eyes;
use super::path::Path;
use super::problem::{FieldError, Problem};
use super::responses::{NoJob, NoPicture, NoToken, NotAllowed, Unavailable, Unreadable, WrongParameter};
use crate::artifacts::{Artifacts, Seekable};

/// Pictures in one answer, when the client does not say, and at most.
const USUAL: usize = 24;
const MOST: usize = 200;
/// Pictures larger than this are not shown; crops are far smaller.
const LARGEST: u64 = 32 << 20;

/// The first pictures of an archive
///
/// In its order: names, and where each can be had, before the archive is downloaded.
#[utoipa::path(
    get, path = "/api/exports/zip/{job_id}/pictures", operation_id = "archive_pictures", tag = "Files",
    params(
        ("job_id" = String, Path, description = "A completed job.", example = "4f3f1c9e-5d0c-4f52-8a5a-0c8f0c7b7a11"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "At most so many; 24 without it.")
    ),
    responses(
        (status = 200, description = "Pictures.", body = Pictures, example = json!({"pictures": [{
            "name": "crops/Ardea cinerea/0a1b2c3d.jpg",
            "url": "/api/exports/zip/4f3f1c9e-5d0c-4f52-8a5a-0c8f0c7b7a11/pictures/0"
        }]})),
        NoToken, NotAllowed, NoJob, WrongParameter, Unreadable, Unavailable
    )
)]
pub async fn list(
    eyes: Eyes,
    State(artifacts): State<Artifacts>,
    Path(job_id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Pictures>, Problem> {
    let limit = query.get("limit").map_or(Some(USUAL), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
        let detail = format!("limit must be a number from 1 to {MOST}");
        Problem::fields(422, vec![FieldError::new("limit", detail)])
    })?;
    let address = format!("/api/exports/zip/{job_id}/pictures");
    let record = record(&eyes, &job_id).await?;
    with_archive(artifacts, record, move |archive, record| {
        let mut pictures = Vec::new();
        for number in 0..archive.len() {
            let name = archive.by_index_raw(number)?.name()?.into_owned();
            // Pictures come first.
            if media_type(&name).is_none() || pictures.len() == limit {
                break;
            }
            let url = eyes.address(format!("{address}/{number}"), record);
            pictures.push(Picture { name, url });
        }
        Ok(Json(Pictures { pictures }))
    })
    .await
}

/// A picture of an archive
#[utoipa::path(
    get, path = "/api/exports/zip/{job_id}/pictures/{number}", operation_id = "archive_picture", tag = "Files",
    params(
        ("job_id" = String, Path, description = "A completed job.", example = "4f3f1c9e-5d0c-4f52-8a5a-0c8f0c7b7a11"),
        ("number" = u32, Path, description = "Its place, from 0.")
    ),
    responses(
        (status = 200, description = "The picture.", content(
            (Vec<u8> = "image/jpeg", example = "the bytes of the picture"),
            (Vec<u8> = "image/png", example = "the bytes of the picture")
        )),
        NoToken, NotAllowed, NoPicture, Unreadable, Unavailable
    )
)]
pub async fn one(
    eyes: Eyes,
    State(artifacts): State<Artifacts>,
    Path((job_id, number)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let record = record(&eyes, &job_id).await?;
    with_archive(artifacts, record, move |archive, _| {
        let entry = archive.by_index(number)?;
        let name = entry.name()?.into_owned();
        let Some(media_type) = media_type(&name).filter(|_| entry.size() <= LARGEST) else {
            return Err(ZipError::FileNotFound);
        };
        let mut bytes = Vec::new();
        entry.take(LARGEST).read_to_end(&mut bytes)?;
        let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "private, max-age=3600, immutable")];
        Ok((headers, bytes).into_response())
    })
    .await
}

/// A job whose archive can be looked into.
async fn record(eyes: &Eyes, job_id: &str) -> Result<Record, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    let record = eyes.get(&job_id).await?.filter(|record| record.kind == Some(Kind::Zip));
    record.ok_or_else(Problem::no_job)
}

/// Opens the archive of a completed job.
async fn with_archive<T: Send + 'static>(
    artifacts: Artifacts,
    record: Record,
    look: impl FnOnce(&mut ZipArchive<Box<dyn Seekable>>, &Record) -> Result<T, ZipError> + Send + 'static,
) -> Result<T, Problem> {
    let job_id = record.job_id.clone();
    let artifact = record.artifact().ok_or_else(Problem::no_job)?;
    let size = check_size(&artifacts, &artifact, &job_id).await?;
    let open =
        move || artifacts.look(&artifact.filename, size).map_err(ZipError::Io).and_then(ZipArchive::new);
    run_blocking("The archive could not be looked into", move || {
        open().and_then(|mut archive| look(&mut archive, &record)).map_err(|error| describe(&error, &job_id))
    })
    .await
}

/// Why nothing was found in an archive.
fn describe(error: &ZipError, job_id: &JobId) -> Problem {
    match error {
        ZipError::FileNotFound => Problem::not_found("There is no such picture in the archive"),
        error => {
            tracing::error!(%job_id, %error, "the archive of a completed job cannot be read");
            match error {
                ZipError::Io(error) => Problem::unreadable(error),
                _ => Problem::unreadable(&std::io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

fn media_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "jpg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        _ => None,
    }
}
