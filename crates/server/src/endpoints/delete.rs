//! `DELETE /api/exports/{job_id}`: stops a job and removes its record and its file.

use axum::http::StatusCode;
use jobs::JobId;

use crate::access::viewer::Viewer;
use crate::representation::problem::Problem;
use crate::representation::responses::{NoJob, NoToken, NotAllowed, Unavailable};
use crate::requests::parameters::JobPath;
use crate::requests::path::Path;

/// Delete an export
///
/// A running export is stopped within 200 ms, or within about a second if a message is lost; its record and its file are removed.
#[utoipa::path(
    delete, path = "/api/exports/{job_id}", operation_id = "delete_export", tag = "Exports",
    params(JobPath),
    responses((status = 204, description = "The export was deleted."), NoToken, NotAllowed, NoJob, Unavailable)
)]
pub async fn delete_export(
    viewer: Viewer,
    Path(JobPath { job_id }): Path<JobPath>,
) -> Result<StatusCode, Problem> {
    delete_by_id(&job_id, viewer).await
}

/// Deletes the job with this id.
pub async fn delete_by_id(job_id: &str, viewer: Viewer) -> Result<StatusCode, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    viewer.delete(&job_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
