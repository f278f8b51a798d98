//! `/healthz` and `/readyz`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jobs::JobStore;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::artifacts::Artifacts;

/// The process answers.
pub async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Jobs can be taken and files can be written.
pub async fn ready(
    State(store): State<Arc<dyn JobStore>>,
    State(artifacts): State<Artifacts>,
) -> Result<Json<Value>, Problem> {
    store.check().await?;
    if let Err(error) = artifacts.check() {
        tracing::error!(%error, "the folder of artifacts cannot be written to");
        return Err(Problem::new(503, "The server cannot write files; see its log"));
    }
    Ok(Json(json!({"status": "ready"})))
}
