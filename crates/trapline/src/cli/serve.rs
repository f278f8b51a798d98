//! `trapline serve` and `trapline worker`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use jobs::{MostWaiting, StoreAddress, StoreOptions};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::arguments::{DataArguments, FetchArguments, JobArguments, ServeArguments, WorkerArguments};
use super::failure::Failure;
use crate::datasets::Datasets;
use crate::http::{ConnectionLimits, Front};
use crate::service::{Service, Settings, Workers};
use crate::telemetry::{self, Spans};
use crate::templates::Templates;
use crate::webhook::Webhooks;

pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let ServeArguments { data, fetch, store, jobs, workers, webhooks, .. } = arguments;
    let access = arguments.access.access();
    if access.is_open() && !arguments.listen.ip().is_loopback() {
        return Err(Failure::input(open_to_all(arguments.listen)));
    }
    // Before the runtime, and dropped after it: what sends spans waits for answers.
    let _spans = log(jobs)?;
    let runtime = AbandoningRuntime(Some(runtime()?));
    let _inside = runtime.enter();
    let (settings, datasets) = set_up(jobs, data, fetch, store, *workers)?;
    let most_waiting = MostWaiting { all: arguments.max_queued, each: arguments.max_queued_each };
    let settings = Settings { options: StoreOptions { most_waiting, ..settings.options }, ..settings };
    let webhooks = Webhooks::new(&webhooks.settings()).map_err(|error| {
        Failure::job(format!("nobody can be told of the ends of exports (--webhook-secret): {error}"))
    })?;
    let connections = ConnectionLimits {
        max_connections: arguments.max_connections.map_or_else(default_connections, NonZeroUsize::get),
        head_timeout: arguments.head_timeout,
        write_timeout: arguments.write_timeout,
    };
    let front = Front {
        access,
        origins: arguments.cors_origin.clone(),
        hosts: jobs.host.clone(),
        webhooks,
        connections,
        body: arguments.body_timeout,
        redirect: arguments.artifacts_redirect,
    };
    runtime.block_on(async {
        let service =
            Service::start(&settings, arguments.listen, datasets, front).await.map_err(Failure::input)?;
        let signals = StopSignals::catch()?;
        // For people and for scripts that asked for port 0.
        println!("listening on http://{}", service.address());
        signals.wait(settings.grace).await;
        service.stop().await.map_err(Failure::job)
    })
}

/// Why a server without tokens listens on this machine only.
pub fn open_to_all(listen: SocketAddr) -> String {
    format!(
        "--listen {listen} can be reached from other machines, and without tokens anybody there may export and \
         delete everything. `trapline token new NAME` makes a token for --access; or listen on 127.0.0.1, and put \
         what lets people in before that"
    )
}

pub fn worker(arguments: &WorkerArguments) -> Result<(), Failure> {
    if matches!(arguments.store, StoreAddress::Sqlite(_)) {
        let store = &arguments.store;
        return Err(Failure::input(format!(
            "{store} is for one process, which `trapline serve` is; give workers of their own a --store redis://…"
        )));
    }
    let workers = arguments.workers.map(NonZeroUsize::get);
    let _spans = log(&arguments.jobs)?;
    let runtime = AbandoningRuntime(Some(runtime()?));
    let _inside = runtime.enter();
    let (settings, datasets) =
        set_up(&arguments.jobs, &arguments.data, &arguments.fetch, &arguments.store, workers)?;
    runtime.block_on(async {
        let workers = Workers::start(&settings, datasets).await.map_err(Failure::input)?;
        let signals = StopSignals::catch()?;
        println!("working for {}", settings.store);
        signals.wait(settings.grace).await;
        workers.stop().await;
        Ok(())
    })
}

/// Begins to log, and to send spans where they are wanted.
fn log(jobs: &JobArguments) -> Result<Option<Spans>, Failure> {
    // Spans of jobs say again what each line about a job says.
    const LOGGED: &str = "info,sqlx=warn,spans=off";
    let Some(collector) = &jobs.otlp_endpoint else {
        telemetry::start(LOGGED, jobs.log_format);
        return Ok(None);
    };
    let started = telemetry::start_with_spans(LOGGED, jobs.log_format, collector);
    started.map(Some).map_err(|error| Failure::input(format!("--otlp-endpoint {collector}: {error}")))
}

fn set_up(
    jobs: &JobArguments,
    data: &DataArguments,
    fetch: &FetchArguments,
    store: &StoreAddress,
    workers: Option<usize>,
) -> Result<(Settings, Datasets), Failure> {
    if jobs.heartbeat >= jobs.lease {
        let (heartbeat, lease) = (jobs.heartbeat.as_secs_f64(), jobs.lease.as_secs_f64());
        return Err(Failure::input(format!(
            "--heartbeat {heartbeat} is not shorter than --lease {lease}: every job would be taken for lost; \
             a third of the lease is good"
        )));
    }
    for (flag, folder) in [("--templates", &jobs.templates), ("--fonts", &jobs.fonts)] {
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::input(format!("{flag} {}: there is no such folder", folder.display())));
        }
    }
    allow_many_connections();
    let datasets = Datasets::read(&data.data, &data.how(fetch.fetch()?)?).map_err(Failure::input)?;
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
        heartbeat: jobs.heartbeat,
        grace: jobs.grace,
        templates: Templates { folder: jobs.templates.clone(), fonts: jobs.fonts.clone() },
        metrics: jobs.metrics_listen,
        metrics_hosts: jobs.host.clone(),
        keep_free: u64::from(jobs.keep_free) << 20,
        limits: data.limits(),
        worker_silence: jobs.worker_silence,
    };
    Ok((settings, datasets))
}

/// Lets this process have as many connections open as the system allows it. What is allowed without
/// asking, often 1024, is for programs that know no better than to look at all of them in turn.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    // Without it the server works as well, for fewer at once.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The most connections, when nothing else is said: half of the descriptors that this process may have,
/// since a download has its file open as well, after those that the store and the workers need.
fn default_connections() -> usize {
    const RESERVED: u64 = 256;
    const LEAST: u64 = 16;
    const MOST: u64 = 4096;
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let connections = (descriptors.saturating_sub(RESERVED) / 2).clamp(LEAST, MOST);
    usize::try_from(connections).unwrap_or(usize::MAX)
}

/// The runtime of a server. Its blocking threads make the files.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::job)
}

/// A runtime whose end does not wait for threads that are stuck.
struct AbandoningRuntime(Option<tokio::runtime::Runtime>);

impl std::ops::Deref for AbandoningRuntime {
    type Target = tokio::runtime::Runtime;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().expect("a runtime until it is dropped")
    }
}

impl Drop for AbandoningRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a process may take to end beyond the time of grace.
const END: Duration = Duration::from_millis(4500);

/// The signals that end a process.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Catches them from now on. Before anybody is told that the process is there, who may end it at
    /// once.
    fn catch() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Failure::job)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::job)?,
        })
    }

    /// Waits for one of them; the process ends then within `grace` and [`END`], whatever hangs.
    async fn wait(mut self, grace: Duration) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping: running jobs may finish, the rest waits for the next start");
        // On a thread of the system's own, which no task can hold up.
        std::thread::spawn(move || {
            std::thread::sleep(grace + END);
            tracing::error!("something does not stop; the process ends without it");
            std::process::exit(1);
        });
    }
}
