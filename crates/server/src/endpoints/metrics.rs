//! `GET /metrics`: the metrics of this process in the text format of Prometheus.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::access::guarded_jobs::GuardedStore;
use crate::representation::responses::NoToken;
use crate::transport::connections::{ConnectionLimits, serve};
use crate::transport::host::{AllowedHosts, HostName};
use crate::transport::request_checks::RequestChecks;

/// Get the metrics
///
/// Counters and timings of this process, and the numbers of queued and running jobs, in the text format of
/// Prometheus. On servers with tokens it needs one, of any role.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Service",
    responses(
        (status = 200, description = "The metrics.", content(
            (String = "application/openmetrics-text", example = "# TYPE trapline_jobs_queued gauge\ntrapline_jobs_queued 3.0\n")
        )),
        NoToken
    )
)]
pub async fn get_metrics(State(store): State<GuardedStore>) -> Response {
    ([(CONTENT_TYPE, metrics::MEDIA_TYPE)], store.encode_metrics().await).into_response()
}

/// Serves the metrics at an address of their own, until `stopping` is cancelled. At a loopback address
/// requests must name this machine or one of `hosts`. At any other address Prometheus may call the server by
/// any name.
pub async fn serve_metrics(
    address: SocketAddr,
    store: GuardedStore,
    hosts: Vec<HostName>,
    stopping: CancellationToken,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics");
    let hosts = if address.ip().is_loopback() { AllowedHosts::Local(hosts) } else { AllowedHosts::Any };
    let checks = Arc::new(RequestChecks { hosts, origins: Vec::new() });
    let check = move |request: Request, next: Next| {
        let checked = checks.check(&request);
        async move {
            match checked {
                Ok(()) => next.run(request).await,
                Err(problem) => problem.into_response(),
            }
        }
    };
    let router = Router::new().route("/metrics", get(get_metrics)).layer(from_fn(check)).with_state(store);
    tokio::spawn(serve(listener, router, ConnectionLimits::FEW, stopping));
    Ok(())
}
