//! `GET /metrics`: what this process counts and times, as Prometheus reads it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jobs::JobStore;

use super::responses::NoToken;
use crate::metrics;

/// Metrics
///
/// Counters and timings of this process, and how many jobs wait and run, in the text format of
/// Prometheus. Where there are tokens it takes one, of any role.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Service",
    responses(
        (status = 200, description = "The metrics.", content(
            (String = "application/openmetrics-text", example = "# TYPE trapline_jobs_queued gauge\ntrapline_jobs_queued 3.0\n")
        )),
        NoToken
    )
)]
pub async fn show(State(store): State<Arc<dyn JobStore>>) -> Response {
    ([(CONTENT_TYPE, metrics::MEDIA_TYPE)], metrics::text(&*store).await).into_response()
}
