//! `/healthz` and `/readyz`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jobs::JobStore;

use super::answers::Health;
use super::problem::Problem;
use super::responses::Unavailable;
use crate::artifacts::Artifacts;

/// The process answers
#[utoipa::path(
    get, path = "/healthz", operation_id = "alive", tag = "Service",
    responses((status = 200, description = "It does.", body = Health))
)]
pub async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Jobs can be taken and files can be written
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "Service",
    responses((status = 200, description = "They can.", body = Health), Unavailable)
)]
pub async fn ready(
    State(store): State<Arc<dyn JobStore>>,
    State(artifacts): State<Artifacts>,
) -> Result<Json<Health>, Problem> {
    store.check().await?;
    if let Err(error) = artifacts.check().await {
        tracing::error!(%error, "files cannot be written");
        return Err(Problem::new(503, "The server cannot write files; see its log"));
    }
    Ok(Json(Health { status: "ready" }))
}
