//! `trapline serve` and `trapline worker`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use jobs::{QueueLimits, StoreAddress, StoreOptions};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::arguments::{DataArguments, FetchArguments, JobArguments, ServeArguments, WorkerArguments};
use super::command_error::CommandError;
use crate::service::{Service, Settings, Workers};
use crate::telemetry::{self, Spans};
use exports::datasets::Datasets;
use exports::runtime::AbandoningRuntime;
use exports::templates::Templates;
use exports::worker::WorkerSettings;
use server::ConnectionLimits;
use server::webhook::Webhooks;

pub fn serve(arguments: &ServeArguments) -> Result<(), CommandError> {
    let ServeArguments { data, fetch, store, jobs, workers, webhooks, .. } = arguments;
    let access = arguments.access.access();
    if access.is_open() && !arguments.listen.ip().is_loopback() {
        return Err(CommandError::input(open_access_message(arguments.listen)));
    }
    // Created before the runtime and dropped after it, because sending spans blocks.
    let _spans = start_telemetry(jobs)?;
    let runtime = AbandoningRuntime::new(build_runtime()?);
    let _inside = runtime.enter();
    let (settings, datasets) = set_up(jobs, data, fetch, store, *workers)?;
    let queue_limits = QueueLimits { total: arguments.max_queued, per_owner: arguments.max_queued_each };
    let settings = Settings { options: StoreOptions { queue_limits, ..settings.options }, ..settings };
    let webhooks = Webhooks::new(&webhooks.webhook_secret, webhooks.webhook_private)
        .map_err(|error| CommandError::job(format!("webhooks cannot be sent (--webhook-secret): {error}")))?;
    let connections = ConnectionLimits {
        max_connections: arguments.max_connections.map_or_else(default_connections, NonZeroUsize::get),
        head_timeout: arguments.head_timeout,
        write_timeout: arguments.write_timeout,
    };
    let config = server::Config {
        access,
        origins: arguments.cors_origin.clone(),
        hosts: jobs.host.clone(),
        webhooks,
        connections,
        body_timeout: arguments.body_timeout,
        is_strict: arguments.strict,
        redirects_downloads: arguments.artifacts_redirect,
    };
    runtime.block_on(async {
        let service = Service::start(&settings, arguments.listen, datasets, config)
            .await
            .map_err(CommandError::input)?;
        let signals = StopSignals::catch()?;
        // Users and scripts that chose port 0 read the address here.
        println!("listening on http://{}", service.address());
        signals.wait(settings.worker.grace).await;
        service.stop().await.map_err(CommandError::job)
    })
}

/// The error message for a server without tokens that other machines could reach.
pub fn open_access_message(listen: SocketAddr) -> String {
    format!(
        "other machines can reach --listen {listen}, and without tokens everybody there may export and delete \
         everything. Make a token for --access with `trapline token new NAME`; or listen on 127.0.0.1, behind a \
         proxy that signs people in"
    )
}

pub fn worker(arguments: &WorkerArguments) -> Result<(), CommandError> {
    if matches!(arguments.store, StoreAddress::Sqlite(_)) {
        let store = &arguments.store;
        return Err(CommandError::input(format!(
            "{store} is for one process, the server; separate workers need --store redis://…"
        )));
    }
    let workers = arguments.workers.map(NonZeroUsize::get);
    let _spans = start_telemetry(&arguments.jobs)?;
    let runtime = AbandoningRuntime::new(build_runtime()?);
    let _inside = runtime.enter();
    let (settings, datasets) =
        set_up(&arguments.jobs, &arguments.data, &arguments.fetch, &arguments.store, workers)?;
    runtime.block_on(async {
        let workers = Workers::start(&settings, datasets).await.map_err(CommandError::input)?;
        let signals = StopSignals::catch()?;
        println!("working for {}", settings.store);
        signals.wait(settings.worker.grace).await;
        workers.stop().await;
        Ok(())
    })
}

/// Starts logging, and sending spans if there is a collector.
fn start_telemetry(jobs: &JobArguments) -> Result<Option<Spans>, CommandError> {
    // The spans of jobs would repeat what each line about a job contains.
    const LOGGED: &str = "info,sqlx=warn,spans=off";
    let Some(collector) = &jobs.otlp_endpoint else {
        telemetry::start(LOGGED, jobs.log_format);
        return Ok(None);
    };
    let started = telemetry::start_with_spans(LOGGED, jobs.log_format, collector);
    started.map(Some).map_err(|error| CommandError::input(format!("--otlp-endpoint {collector}: {error}")))
}

fn set_up(
    jobs: &JobArguments,
    data: &DataArguments,
    fetch: &FetchArguments,
    store: &StoreAddress,
    workers: Option<usize>,
) -> Result<(Settings, Datasets), CommandError> {
    if jobs.heartbeat >= jobs.lease {
        let (heartbeat, lease) = (jobs.heartbeat.as_secs_f64(), jobs.lease.as_secs_f64());
        return Err(CommandError::input(format!(
            "--heartbeat {heartbeat} must be shorter than --lease {lease}, else jobs are lost; use a third of the \
             lease"
        )));
    }
    for (flag, folder) in [("--templates", &jobs.templates), ("--fonts", &jobs.fonts)] {
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(CommandError::input(format!("{flag} {}: no such folder", folder.display())));
        }
    }
    allow_many_connections();
    let datasets = Datasets::open(&data.data, &data.reading.open_options(fetch.build_fetcher()?)?)
        .map_err(CommandError::input)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let options = StoreOptions {
        ttl: jobs.ttl,
        lease: jobs.lease,
        max_attempts: jobs.attempts,
        ..StoreOptions::default()
    };
    let settings = Settings {
        store: store.clone(),
        artifacts: jobs.artifacts.clone(),
        service: jobs.service.clone(),
        workers: workers.unwrap_or(cores),
        options,
        worker: WorkerSettings {
            templates: Templates { folder: jobs.templates.clone(), fonts: jobs.fonts.clone() },
            limits: data.reading.limits(),
            heartbeat: jobs.heartbeat,
            grace: jobs.grace,
        },
        metrics: jobs.metrics_listen,
        metrics_hosts: jobs.host.clone(),
        keep_free: u64::from(jobs.keep_free) << 20,
        worker_silence: jobs.worker_silence,
    };
    Ok((settings, datasets))
}

/// Raises the limit of open files to the highest that the system allows. The default, often 1024, exists for
/// programs that use `select`.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    // If it fails, the server still works, with fewer connections at once.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The default limit of connections: half of the descriptors that this process may open, because a download
/// also has its file open, after subtracting those that the store and the workers need.
fn default_connections() -> usize {
    const RESERVED: u64 = 256;
    const LEAST: u64 = 16;
    const MOST: u64 = 4096;
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let connections = (descriptors.saturating_sub(RESERVED) / 2).clamp(LEAST, MOST);
    usize::try_from(connections).unwrap_or(usize::MAX)
}

/// Builds the runtime of a server. Its blocking threads make the files.
pub fn build_runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandError::job)
}

/// How long a process may take to end after the grace period.
const STOP_TIMEOUT: Duration = Duration::from_millis(4500);

/// The signals that end a process.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Starts catching the signals. This must happen before the address is printed, since a script may send a
    /// signal right after that.
    fn catch() -> Result<Self, CommandError> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(CommandError::job)?,
            interrupt: signal(SignalKind::interrupt()).map_err(CommandError::job)?,
        })
    }

    /// Waits for one of the signals. After it the process ends within `grace` and [`STOP_TIMEOUT`], even if
    /// something hangs.
    async fn wait(mut self, grace: Duration) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping: running jobs may finish, the rest waits for the next start");
        // On a separate thread, which no task can block.
        std::thread::spawn(move || {
            std::thread::sleep(grace + STOP_TIMEOUT);
            tracing::error!("something does not stop; the process ends without it");
            std::process::exit(1);
        });
    }
}
