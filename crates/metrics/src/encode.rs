//! The metrics as text, in the format that Prometheus reads.

use std::time::Duration;

use jobs::{JobReader, Stats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::metrics;

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// A store that takes longer counts as unavailable.
const STATS_TIMEOUT: Duration = Duration::from_secs(2);

/// Collects the numbers of jobs (`None` if the store did not answer) and of stuck threads.
#[derive(Debug)]
struct QueueCollector {
    stats: Option<Stats>,
    stuck_threads: u64,
}

impl Collector for QueueCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: f64| {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, unit, gauge.metric_type())?;
            gauge.encode(metric)
        };
        gauge("store_up", "Whether the job store answers", None, f64::from(u8::from(self.stats.is_some())))?;
        let stuck = self.stuck_threads as f64;
        gauge("threads_stuck", "Threads of abandoned attempts that have not ended", None, stuck)?;
        let Some(stats) = self.stats else { return Ok(()) };
        gauge("jobs_queued", "Jobs that wait for a worker", None, stats.queued as f64)?;
        gauge("jobs_running", "Jobs that a worker is processing", None, stats.running as f64)?;
        gauge("jobs_ended", "Jobs that have ended and not expired", None, stats.ended as f64)?;
        let waited = stats.waited.unwrap_or_default().as_secs_f64();
        gauge("queue_age", "How long the next job in the queue has waited", Some(&Unit::Seconds), waited)
    }
}

/// Encodes all metrics of this process, with the number of its abandoned threads that have not ended, and the
/// numbers of jobs in the store.
pub async fn encode_metrics(store: &dyn JobReader, stuck_threads: u64) -> String {
    let stats = tokio::time::timeout(STATS_TIMEOUT, store.stats()).await;
    let mut of_store = Registry::with_prefix("trapline");
    let stats = stats.ok().and_then(Result::ok);
    of_store.register_collector(Box::new(QueueCollector { stats, stuck_threads }));
    let (mut text, mut own) = (String::new(), String::new());
    // Writing to a string does not fail.
    let _ = encode(&mut text, &of_store);
    let _ = encode(&mut own, &metrics().registry);
    // Both texts end with `# EOF`, which may stand only at the very end.
    text.truncate(text.trim_end().trim_end_matches("# EOF").len());
    text + &own
}
