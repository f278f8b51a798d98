//! `DELETE /api/exports/{job_id}`: the job stops if it runs, its record and its file go.

use axum::extract::State;
use axum::http::StatusCode;
use jobs::JobId;

use super::eyes::Eyes;
use super::path::Path;
use super::problem::Problem;
use super::responses::{NoJob, NoToken, NotAllowed, Unavailable};
use crate::artifacts::Artifacts;
use crate::faults::may_die;

/// Delete an export
///
/// A job that runs stops within 200 ms; its record and its file are removed.
#[utoipa::path(
    delete, path = "/api/exports/{job_id}", operation_id = "delete_export", tag = "Exports",
    params(("job_id" = String, Path, description = "The job.", example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e")),
    responses((status = 204, description = "It is gone."), NoToken, NotAllowed, NoJob, Unavailable)
)]
pub async fn job(
    eyes: Eyes,
    State(artifacts): State<Artifacts>,
    Path(job_id): Path<String>,
) -> Result<StatusCode, Problem> {
    delete(&eyes, &artifacts, &job_id).await
}

/// The job with an id that is also a path of ours, such as `pdf`, which another program may have
/// called a job.
pub async fn job_named(
    job_id: &str,
    eyes: Eyes,
    State(artifacts): State<Artifacts>,
) -> Result<StatusCode, Problem> {
    delete(&eyes, &artifacts, job_id).await
}

async fn delete(eyes: &Eyes, artifacts: &Artifacts, job_id: &str) -> Result<StatusCode, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    eyes.may_export()?;
    if !eyes.who.sees_all() {
        // Somebody else’s is not there.
        eyes.get(&job_id).await?.ok_or_else(Problem::no_job)?;
    }
    let record = eyes.store.delete(&job_id).await?.ok_or_else(Problem::no_job)?;
    tracing::info!(%job_id, state = record.state.name(), attempt = record.attempt, "job deleted");
    may_die!("deleted");
    if let Some(filename) = record.filename
        && let Err(error) = artifacts.remove(&job_id, &filename).await
    {
        // The record is gone, and with it the way to the file; the sweep comes back for it.
        tracing::error!(%job_id, %error, "the file of a deleted job could not be removed");
    }
    Ok(StatusCode::NO_CONTENT)
}
