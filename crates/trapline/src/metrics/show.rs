//! The text that Prometheus reads.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use jobs::{JobStore, Stats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::metrics;
use crate::condition::condition;
use crate::http::{AllowedHosts, ConnectionLimits, HostName, RequestChecks, check_request, serve};

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// A store that takes longer is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Nobody but Prometheus connects.
const LIMITS: ConnectionLimits = ConnectionLimits {
    max_connections: 64,
    head_timeout: Duration::from_mins(1),
    write_timeout: Duration::from_secs(30),
};

/// What there is to do, as metrics; nothing when the store did not say.
#[derive(Debug)]
struct ToDo(Option<Stats>);

impl Collector for ToDo {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: f64| {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, unit, gauge.metric_type())?;
            gauge.encode(metric)
        };
        gauge("store_up", "Whether the job store answers", None, f64::from(u8::from(self.0.is_some())))?;
        let stuck = condition().stuck_threads() as f64;
        gauge("threads_stuck", "Threads of jobs that were let go and have not come back", None, stuck)?;
        let Some(stats) = self.0 else { return Ok(()) };
        gauge("jobs_queued", "Jobs that wait", None, stats.queued as f64)?;
        gauge("jobs_running", "Jobs that a worker has", None, stats.running as f64)?;
        gauge("jobs_ended", "Jobs that have ended and not expired", None, stats.ended as f64)?;
        let waited = stats.waited.unwrap_or_default().as_secs_f64();
        gauge("queue_age", "How long the job whose turn it is has waited", Some(&Unit::Seconds), waited)
    }
}

/// All metrics of this process, and what the store tells.
pub async fn text(store: &dyn JobStore) -> String {
    let stats = tokio::time::timeout(PATIENCE, store.stats()).await;
    let mut of_store = Registry::with_prefix("trapline");
    of_store.register_collector(Box::new(ToDo(stats.ok().and_then(Result::ok))));
    let (mut text, mut own) = (String::new(), String::new());
    // Writing to a string does not fail.
    let _ = encode(&mut text, &of_store);
    let _ = encode(&mut own, &metrics().registry);
    // Each ends with a line that says so, and there is one end.
    text.truncate(text.trim_end().trim_end_matches("# EOF").len());
    text + &own
}

/// Shows the metrics at an address of their own, until the process stops. At an address of this machine
/// alone it is called by the names of this machine and by `hosts`; elsewhere, where Prometheus may know
/// it by any name, by any.
pub async fn listen(
    address: SocketAddr,
    store: Arc<dyn JobStore>,
    hosts: Vec<HostName>,
    stopping: CancellationToken,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics");
    let hosts = if address.ip().is_loopback() { AllowedHosts::Local(hosts) } else { AllowedHosts::Any };
    let checks = Arc::new(RequestChecks { hosts, origins: Vec::new() });
    let shown = move || async move { ([(CONTENT_TYPE, MEDIA_TYPE)], text(&*store).await).into_response() };
    let router = Router::new().route("/metrics", get(shown)).layer(from_fn_with_state(checks, check_request));
    tokio::spawn(serve(listener, router, LIMITS, stopping));
    Ok(())
}
