//! What a process counts and times, for Prometheus.
//!
//! Counters are of this process since it started; how many jobs wait and run is asked of the job
//! store, so every process tells the same of that.

mod http;
mod show;
mod store;

use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use self::http::{count, method_label};
pub use self::show::{MEDIA_TYPE, listen, text};
pub use self::store::Timed;

/// Seconds in which a store or a database answers.
const ANSWERS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];
/// Seconds in which a job is done.
const JOBS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 1800.0];

/// A kind of job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfKind {
    kind: &'static str,
}

/// A kind of job, and how an attempt at one ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Attempt {
    kind: &'static str,
    result: &'static str,
}

/// Something that is asked of a job store or of a database, and whether it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    operation: &'static str,
    result: &'static str,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Route {
    method: &'static str,
    route: String,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    method: &'static str,
    route: String,
    code: u16,
}

type Timings<L> = Family<L, Histogram, fn() -> Histogram>;

/// All that is counted.
pub struct Metrics {
    registry: Registry,
    submitted: Family<OfKind, Counter>,
    attempts: Family<Attempt, Counter>,
    took: Timings<OfKind>,
    bytes: Family<OfKind, Counter>,
    swept: Counter,
    store: Timings<Asked>,
    database: Timings<Asked>,
    answers: Family<Answered, Counter>,
    requests: Timings<Route>,
    downloaded: Counter,
    refused: Counter,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Those of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

fn answers() -> Histogram {
    Histogram::new(ANSWERS)
}

fn jobs() -> Histogram {
    Histogram::new(JOBS)
}

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("trapline"),
            submitted: Family::default(),
            attempts: Family::default(),
            took: Timings::new_with_constructor(jobs),
            bytes: Family::default(),
            swept: Counter::default(),
            store: Timings::new_with_constructor(answers),
            database: Timings::new_with_constructor(answers),
            answers: Family::default(),
            requests: Timings::new_with_constructor(answers),
            downloaded: Counter::default(),
            refused: Counter::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("jobs_submitted", "Jobs that this process took", self.submitted.clone());
        registry.register("attempts", "Attempts at jobs that ended in this process", self.attempts.clone());
        let took = "From the claim of a job to its completion";
        registry.register_with_unit("job_duration", took, Unit::Seconds, self.took.clone());
        registry.register_with_unit("files_written", "Finished files", Unit::Bytes, self.bytes.clone());
        registry.register("files_swept", "Files without a record that were removed", self.swept.clone());
        let store = "What the job store was asked";
        registry.register_with_unit("store_duration", store, Unit::Seconds, self.store.clone());
        let database = "What databases of detections were asked";
        registry.register_with_unit("database_duration", database, Unit::Seconds, self.database.clone());
        registry.register("http_requests", "Requests by their answers", self.answers.clone());
        let requests = "From the head of a request to the head of its answer";
        registry.register_with_unit("http_duration", requests, Unit::Seconds, self.requests.clone());
        let downloaded = "Bytes of files that clients asked for";
        registry.register_with_unit("files_sent", downloaded, Unit::Bytes, self.downloaded.clone());
        let refused = "Connections that were refused, because as many were open as there may be";
        registry.register("connections_refused", refused, self.refused.clone());
    }

    /// A job was taken.
    pub fn submitted(&self, kind: jobs::Kind) {
        self.submitted.get_or_create(&OfKind { kind: kind.name() }).inc();
    }

    /// An attempt at a job ended.
    pub fn attempt(&self, kind: jobs::Kind, result: &'static str) {
        self.attempts.get_or_create(&Attempt { kind: kind.name(), result }).inc();
    }

    /// A job was completed with a file.
    pub fn completed(&self, kind: jobs::Kind, took: Duration, bytes: u64) {
        let of_kind = OfKind { kind: kind.name() };
        self.attempt(kind, "completed");
        self.took.get_or_create(&of_kind).observe(took.as_secs_f64());
        self.bytes.get_or_create(&of_kind).inc_by(bytes);
    }

    /// Files without a record were removed.
    pub fn swept(&self, files: usize) {
        self.swept.inc_by(files as u64);
    }

    /// A database was asked.
    pub fn database(&self, operation: &'static str, answered: bool, took: Duration) {
        let asked = Asked { operation, result: result(answered) };
        self.database.get_or_create(&asked).observe(took.as_secs_f64());
    }

    /// A connection was refused, because as many were open as there may be.
    pub fn connection_refused(&self) {
        self.refused.inc();
    }

    /// Somebody downloads so many bytes.
    pub fn downloaded(&self, bytes: u64) {
        self.downloaded.inc_by(bytes);
    }
}

fn result(answered: bool) -> &'static str {
    if answered { "ok" } else { "error" }
}
