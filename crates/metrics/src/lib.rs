//! The metrics of a process, for Prometheus.
//!
//! Counters start at zero with each process. The numbers of jobs come from the job store, so they are the
//! same in all processes.

mod encode;
mod http;
mod store;

use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use self::encode::{MEDIA_TYPE, encode_metrics};
pub use self::http::observe_request;
pub use self::store::TimedStore;

/// Buckets for the answers of stores, databases and the server, in seconds.
const ANSWER_BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];
/// Buckets for jobs, in seconds.
const JOB_BUCKETS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 1800.0];

/// Names of labels with their values.
type Labels<const N: usize, V = &'static str> = [(&'static str, V); N];
type Timings<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics.
pub struct Metrics {
    registry: Registry,
    submitted: Family<Labels<1>, Counter>,
    attempts: Family<Labels<2>, Counter>,
    took: Timings<Labels<1>>,
    bytes: Family<Labels<1>, Counter>,
    /// Files without a record that were removed.
    pub swept: Counter,
    store: Timings<Labels<2>>,
    database: Timings<Labels<2>>,
    /// Answers to HTTP requests, by method, route and status.
    answers: Family<Labels<3, String>, Counter>,
    /// Seconds until the answer to an HTTP request, by method and route.
    requests: Timings<Labels<2, String>>,
    /// Bytes of downloads.
    pub downloaded: Counter,
    /// Connections that were refused because of `--max-connections`.
    pub refused: Counter,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The metrics of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

fn new_answer_histogram() -> Histogram {
    Histogram::new(ANSWER_BUCKETS)
}

fn new_job_histogram() -> Histogram {
    Histogram::new(JOB_BUCKETS)
}

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("trapline"),
            submitted: Family::default(),
            attempts: Family::default(),
            took: Timings::new_with_constructor(new_job_histogram),
            bytes: Family::default(),
            swept: Counter::default(),
            store: Timings::new_with_constructor(new_answer_histogram),
            database: Timings::new_with_constructor(new_answer_histogram),
            answers: Family::default(),
            requests: Timings::new_with_constructor(new_answer_histogram),
            downloaded: Counter::default(),
            refused: Counter::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("jobs_submitted", "Jobs that this process accepted", self.submitted.clone());
        registry.register("attempts", "Attempts at jobs that ended in this process", self.attempts.clone());
        let took = "From the claim of a job to its completion";
        registry.register_with_unit("job_duration", took, Unit::Seconds, self.took.clone());
        registry.register_with_unit("files_written", "Finished files", Unit::Bytes, self.bytes.clone());
        registry.register("files_swept", "Files without a record that were removed", self.swept.clone());
        let store = "Operations of the job store";
        registry.register_with_unit("store_duration", store, Unit::Seconds, self.store.clone());
        let database = "Queries of databases with detections";
        registry.register_with_unit("database_duration", database, Unit::Seconds, self.database.clone());
        registry.register("http_requests", "Requests by route and status", self.answers.clone());
        let requests = "From the head of a request to the head of its answer";
        registry.register_with_unit("http_duration", requests, Unit::Seconds, self.requests.clone());
        let downloaded = "Bytes of files that were sent to clients";
        registry.register_with_unit("files_sent", downloaded, Unit::Bytes, self.downloaded.clone());
        let refused = "Connections that were refused because of --max-connections";
        registry.register("connections_refused", refused, self.refused.clone());
    }

    /// Counts a submitted job.
    pub fn count_submission(&self, kind: jobs::Kind) {
        self.submitted.get_or_create(&[("kind", kind.name())]).inc();
    }

    /// Counts an attempt that ended.
    pub fn count_attempt(&self, kind: jobs::Kind, result: &'static str) {
        self.attempts.get_or_create(&[("kind", kind.name()), ("result", result)]).inc();
    }

    /// Counts a completed job and its file.
    pub fn count_completion(&self, kind: jobs::Kind, took: Duration, bytes: u64) {
        let labels = [("kind", kind.name())];
        self.count_attempt(kind, "completed");
        self.took.get_or_create(&labels).observe(took.as_secs_f64());
        self.bytes.get_or_create(&labels).inc_by(bytes);
    }

    /// Times a query of a database.
    pub fn time_database(&self, operation: &'static str, answered: bool, took: Duration) {
        self.database.get_or_create(&operation_labels(operation, answered)).observe(took.as_secs_f64());
    }
}

fn operation_labels(operation: &'static str, answered: bool) -> Labels<2> {
    [("operation", operation), ("result", if answered { "ok" } else { "error" })]
}
