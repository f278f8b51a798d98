//! `DELETE /api/exports/{job_id}`: stops a job and removes its record and its file.

use axum::extract::State;
use axum::http::StatusCode;
use jobs::JobId;

use super::path::Path;
use super::problem::Problem;
use super::responses::{NoJob, NoToken, NotAllowed, Unavailable};
use super::viewer::Viewer;
use crate::artifacts::Artifacts;
use crate::fail_points::crash_point;

/// Delete an export
///
/// A running export is stopped within 200 ms, or within about a second if a message is lost; its record and its file are removed.
#[utoipa::path(
    delete, path = "/api/exports/{job_id}", operation_id = "delete_export", tag = "Exports",
    params(("job_id" = String, Path, description = "Id of the export.", example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e")),
    responses((status = 204, description = "The export was deleted."), NoToken, NotAllowed, NoJob, Unavailable)
)]
pub async fn delete_export(
    viewer: Viewer,
    artifacts: State<Artifacts>,
    Path(job_id): Path<String>,
) -> Result<StatusCode, Problem> {
    delete_by_id(&job_id, viewer, artifacts).await
}

/// Deletes the job with this id.
pub async fn delete_by_id(
    job_id: &str,
    viewer: Viewer,
    State(artifacts): State<Artifacts>,
) -> Result<StatusCode, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    let record = viewer.delete(&job_id).await?;
    tracing::info!(%job_id, state = record.state.name(), attempt = record.attempt, "job deleted");
    crash_point!("deleted");
    if let Some(filename) = record.filename
        && let Err(error) = artifacts.remove(&job_id, &filename).await
    {
        // Without a record nothing leads to the file any more. The sweep will remove it.
        tracing::error!(%job_id, %error, "the file of a deleted job could not be removed");
    }
    Ok(StatusCode::NO_CONTENT)
}
