//! `/healthz` and `/readyz`, for load balancers and monitoring.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jobs::JobStore;

use super::answers::{Health, Readiness};
use super::problem::Problem;
use super::responses::Unavailable;
use crate::artifacts::Artifacts;
use crate::condition::{Hindrance, condition};

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
pub async fn check_ready(
    State(store): State<Arc<dyn JobStore>>,
    State(artifacts): State<Artifacts>,
) -> Result<Json<Readiness>, Problem> {
    store.ping().await?;
    if let Err(error) = artifacts.check().await {
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
