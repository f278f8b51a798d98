//! `GET /api/exports/zip/{job_id}/pictures`: a preview of the pictures in an archive.

use std::collections::HashMap;
use std::io::{self, Read};

use axum::Json;
use axum::extract::Query;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jobs::{JobId, JobRecord, Kind};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::access::job_file::JobFile;
use crate::access::viewer::Viewer;
use crate::endpoints::download::check_size;
use crate::representation::answers::{Picture, Pictures};
use crate::representation::problem::Problem;
use crate::representation::responses::{
    NoJob, NoPicture, NoToken, NotAllowed, Unavailable, Unreadable, WrongParameter,
};
use crate::representation::sign_address;
use crate::requests::blocking::run_blocking;
use crate::requests::parameters::{JobPath, PicturePath};
use crate::requests::path::Path;
use artifacts::{ArtifactError, Seekable};

/// Pictures in one answer, unless the client sets a limit.
const DEFAULT_LIMIT: usize = 24;
/// The largest limit that a client may set.
const MAX_LIMIT: usize = 200;
/// Pictures larger than this are not shown; crops are far smaller.
const MAX_PICTURE_SIZE: u64 = 32 << 20;

/// List the first pictures of an archive
///
/// Their names and addresses, in the order of the archive.
#[utoipa::path(
    get, path = "/api/exports/zip/{job_id}/pictures", operation_id = "archive_pictures", tag = "Files",
    params(
        JobPath,
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Maximum number of pictures; 24 by default.")
    ),
    responses(
        (status = 200, description = "The pictures.", body = Pictures, example = json!({"pictures": [{
            "name": "crops/Ardea cinerea/0a1b2c3d.jpg",
            "url": "/api/exports/zip/4f3f1c9e-5d0c-4f52-8a5a-0c8f0c7b7a11/pictures/0"
        }]})),
        NoToken, NotAllowed, NoJob, WrongParameter, Unreadable, Unavailable
    )
)]
pub async fn list_pictures(
    viewer: Viewer,
    Path(JobPath { job_id }): Path<JobPath>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Pictures>, Problem> {
    let limit = query.get("limit").map_or(Some(DEFAULT_LIMIT), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
        Problem::field(422, "limit", format!("limit must be a number from 1 to {MAX_LIMIT}"))
    })?;
    let address = format!("/api/exports/zip/{job_id}/pictures");
    let (record, file) = find_archive(&viewer, &job_id).await?;
    read_archive(file, record, move |archive, record| {
        let mut pictures = Vec::new();
        for number in 0..archive.len() {
            let name = archive.by_index_raw(number)?.name()?.into_owned();
            // Pictures come before all other files.
            if media_type(&name).is_none() || pictures.len() == limit {
                break;
            }
            let url = sign_address(&viewer.access, format!("{address}/{number}").into(), record).into_owned();
            pictures.push(Picture { name, url });
        }
        Ok(Json(Pictures { pictures }))
    })
    .await
}

/// Get a picture of an archive
#[utoipa::path(
    get, path = "/api/exports/zip/{job_id}/pictures/{number}", operation_id = "archive_picture", tag = "Files",
    params(PicturePath),
    responses(
        (status = 200, description = "The picture.", content(
            (Vec<u8> = "image/jpeg", example = "the bytes of the picture"),
            (Vec<u8> = "image/png", example = "the bytes of the picture")
        )),
        NoToken, NotAllowed, NoPicture, Unreadable, Unavailable
    )
)]
pub async fn get_picture(
    viewer: Viewer,
    Path(PicturePath { job_id, number }): Path<PicturePath>,
) -> Result<Response, Problem> {
    let (record, file) = find_archive(&viewer, &job_id).await?;
    read_archive(file, record, move |archive, _| {
        let entry = archive.by_index(number)?;
        let name = entry.name()?.into_owned();
        let Some(media_type) = media_type(&name).filter(|_| entry.size() <= MAX_PICTURE_SIZE) else {
            return Err(ZipError::FileNotFound);
        };
        let mut bytes = Vec::new();
        entry.take(MAX_PICTURE_SIZE).read_to_end(&mut bytes)?;
        let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "private, max-age=3600, immutable")];
        Ok((headers, bytes).into_response())
    })
    .await
}

/// Finds the job of an archive, and its file.
async fn find_archive(viewer: &Viewer, job_id: &str) -> Result<(JobRecord, JobFile), Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    let record = viewer.get(&job_id).await?.filter(|record| record.kind == Some(Kind::Zip));
    let record = record.ok_or_else(Problem::no_job)?;
    let file = viewer.file_of(&record).ok_or_else(Problem::no_job)?;
    Ok((record, file))
}

/// Opens the archive of a completed job and calls `read` with it.
async fn read_archive<T: Send + 'static>(
    file: JobFile,
    record: JobRecord,
    read: impl FnOnce(&mut ZipArchive<Box<dyn Seekable>>, &JobRecord) -> Result<T, ZipError> + Send + 'static,
) -> Result<T, Problem> {
    let job_id = record.job_id.clone();
    let size = check_size(&file).await?;
    let open = move || {
        let opened = file.open_seekable(size);
        opened.map_err(|error| ZipError::Io(error.into())).and_then(ZipArchive::new)
    };
    run_blocking("The archive could not be read", move || {
        open().and_then(|mut archive| read(&mut archive, &record)).map_err(|error| to_problem(error, &job_id))
    })
    .await
}

fn to_problem(error: ZipError, job_id: &JobId) -> Problem {
    match error {
        ZipError::FileNotFound => Problem::not_found("There is no such picture in the archive"),
        error => {
            tracing::error!(%job_id, %error, "the archive of a completed job cannot be read");
            Problem::unreadable(&ArtifactError::from(io::Error::from(error)))
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
