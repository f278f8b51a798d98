//! `/healthz` and `/readyz`, for load balancers and monitoring.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::access::guarded_jobs::GuardedJobs;
use crate::representation::answers::{Health, Readiness};
use crate::representation::problem::Problem;
use crate::representation::responses::Unavailable;
use exports::condition::{Hindrance, condition};

/// Check that the process is alive
#[utoipa::path(
    get, path = "/healthz", operation_id = "alive", tag = "Service",
    responses((status = 200, description = "The process is alive.", body = Health))
)]
pub async fn check_alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Check that exports can be accepted and files can be written
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "Service",
    responses((status = 200, description = "The server is ready; `degraded` if an operator should look at a problem nevertheless.", body = Readiness), Unavailable)
)]
pub async fn check_ready(State(jobs): State<Arc<GuardedJobs>>) -> Result<Json<Readiness>, Problem> {
    jobs.store().ping().await?;
    if let Err(error) = jobs.check_files().await {
        tracing::error!(%error, "files cannot be written");
        return Err(Problem::new(503, "The server cannot write files; see its log"));
    }
    let hindrances = condition().hindrances();
    if let Some(hindrance) = hindrances.iter().find(|hindrance| hindrance.stops_submissions()) {
        return Err(Problem::new(503, hindrance.message()));
    }
    let status = if hindrances.is_empty() { "ready" } else { "degraded" };
    Ok(Json(Readiness { status, problems: hindrances.into_iter().map(Hindrance::message).collect() }))
}
