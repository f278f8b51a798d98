//! The parts of a process: workers with the HTTP interface (`serve`) or without it (`worker`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use files::timed_call::call_with_timeout;
use jobs::{JobStore, OpenError, StoreAddress, StoreError, StoreOptions};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use artifacts::{ArtifactError, Artifacts, ArtifactsAddress, Owner, OwnerError, ServiceName};
use exports::condition::condition;
use exports::datasets::Datasets;
use exports::worker::{WorkerContext, WorkerPool, WorkerSettings};
use metrics::TimedStore;
use server::access::guarded_jobs::{GuardedJobs, GuardedStore};
use server::webhook;
use server::{App, Feed, HostName, router, serve, serve_metrics};

use crate::memory::return_free_memory;

/// The settings of a process.
#[derive(Clone, Debug)]
pub struct Settings {
    pub store: StoreAddress,
    pub artifacts: ArtifactsAddress,
    /// The name of the service that owns the files; without it the job store identifies the service.
    pub service: Option<ServiceName>,
    pub workers: usize,
    pub options: StoreOptions,
    pub worker: WorkerSettings,
    /// An additional address that serves the metrics.
    pub metrics: Option<SocketAddr>,
    /// Hosts that this address accepts besides those of this machine.
    pub metrics_hosts: Vec<HostName>,
    /// Bytes that must stay free on the disk where files are made.
    pub keep_free: u64,
    /// How long queued jobs may wait without any worker asking for one, until that counts as a problem.
    pub worker_silence: Duration,
}

/// Why a process could not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Another program listens there: stop it, or choose another address.
    #[error(
        "{0} is in use already: stop the program that listens there, or choose another address with --listen"
    )]
    InUse(SocketAddr),
    /// The system refuses the address: choose another one.
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Listen(SocketAddr, io::Error),
    /// The place of files cannot be used: correct its permissions, or choose another one.
    #[error("files cannot be written to {0}: {1}; choose another place with --artifacts")]
    Artifacts(ArtifactsAddress, ArtifactError),
    /// The place of files is of another service, or its marker is unreadable: do what the error says.
    #[error("--artifacts cannot be used: {0}")]
    Owner(OwnerError),
    /// The metrics have no address: choose another one.
    #[error("metrics cannot be served at {0}: {1}; choose another address with --metrics-listen")]
    Metrics(SocketAddr, io::Error),
    /// The job store cannot be opened: do what the error says, or choose another one.
    #[error("{0}; choose where jobs are kept with --store")]
    Store(#[from] OpenError),
    /// The task that serves requests panicked: report it, and start the server again.
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

impl Settings {
    /// The service of this process. Its id may be in a folder, which may be on a network mount.
    async fn identify_owner(&self) -> Result<Owner, OpenError> {
        let (service, store) = (self.service.clone(), self.store.clone());
        let identified = call_with_timeout(move || Owner::new(service.as_ref(), &store)).await;
        let unavailable = |error| StoreError::Unavailable(format!("{}: {error}", self.store));
        Ok(identified.map_err(unavailable)??)
    }

    /// Opens the job store and the place of files.
    async fn open(&self, datasets: Datasets) -> Result<(Arc<dyn JobStore>, WorkerContext), ServiceError> {
        let store: Arc<dyn JobStore> = Arc::new(TimedStore(self.store.open(self.options).await?));
        let owner = self.identify_owner().await?;
        let artifacts = Artifacts::open(&self.artifacts, owner).await.map_err(|error| match error {
            OwnerError::Artifact(error) => ServiceError::Artifacts(self.artifacts.clone(), error),
            error => ServiceError::Owner(error),
        })?;
        if let Err(error) = artifacts.note_earlier_files(&*store).await {
            tracing::warn!(%error, "files of an earlier version could not be listed; the next start tries again");
        }
        let settings = self.worker.clone();
        Ok((store.clone(), WorkerContext { store, artifacts, datasets, settings }))
    }

    /// Starts to serve the metrics at their own address, if there is one; the checks of the disk and for
    /// running workers; and the workers.
    async fn start_workers(
        &self,
        store: Arc<dyn JobStore>,
        context: &WorkerContext,
        stopping: &CancellationToken,
    ) -> Result<WorkerPool, ServiceError> {
        if let Some(address) = self.metrics {
            let guarded = GuardedStore::new(store.clone());
            let served = serve_metrics(address, guarded, self.metrics_hosts.clone(), stopping.clone()).await;
            served.map_err(|error| ServiceError::Metrics(address, error))?;
        }
        // The first check of the disk comes before the first job.
        condition().check_disk(&context.artifacts, self.keep_free).await;
        tokio::spawn(return_free_memory(stopping.clone()));
        let artifacts = context.artifacts.clone();
        let (keep_free, silence, stopping) = (self.keep_free, self.worker_silence, stopping.clone());
        tokio::spawn(async move {
            condition().run_checks(&*store, &artifacts, keep_free, silence, &stopping).await;
        });
        Ok(WorkerPool::start(context, self.workers))
    }
}

/// Workers without a server, which take jobs that servers elsewhere accepted.
pub struct Workers {
    pool: WorkerPool,
    /// Dropping it stops the checks and the metrics.
    _stopping: DropGuard,
}

impl Workers {
    /// Opens the job store and the place of files, and starts the workers.
    pub async fn start(settings: &Settings, datasets: Datasets) -> Result<Self, ServiceError> {
        let (store, context) = settings.open(datasets).await?;
        tracing::info!(store = %settings.store, workers = settings.workers, "working");
        let stopping = CancellationToken::new();
        let pool = settings.start_workers(store, &context, &stopping).await?;
        Ok(Self { pool, _stopping: stopping.drop_guard() })
    }

    /// Lets running jobs finish within the grace period, and hands back the others.
    pub async fn stop(self) {
        self.pool.stop().await;
    }
}

/// A running server.
pub struct Service {
    address: SocketAddr,
    pool: WorkerPool,
    /// Cancelling stops the event streams, the webhook sender and the listener; dropping it does the same.
    stopping: DropGuard,
    serving: JoinHandle<()>,
}

impl Service {
    /// Opens the job store and the place of files, starts the workers, and listens.
    pub async fn start(
        settings: &Settings,
        listen: SocketAddr,
        datasets: Datasets,
        config: server::Config,
    ) -> Result<Self, ServiceError> {
        let listener = TcpListener::bind(listen).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServiceError::InUse(listen),
            _ => ServiceError::Listen(listen, error),
        })?;
        let address = listener.local_addr().map_err(|error| ServiceError::Listen(listen, error))?;
        let (store, context) = settings.open(datasets).await?;
        let stopping = CancellationToken::new();
        let pool = settings.start_workers(store.clone(), &context, &stopping).await?;
        let WorkerContext { artifacts, datasets, settings: WorkerSettings { templates, .. }, .. } = context;
        let feed = Feed::start(store.clone(), stopping.clone());
        let server::Config { webhooks, access, connections, .. } = config.clone();
        tokio::spawn(webhook::deliver_messages(store.clone(), webhooks, access, stopping.clone()));
        let jobs = Arc::new(GuardedJobs::new(store, feed, artifacts));
        let app = App { jobs, datasets, templates, config };
        let serving = tokio::spawn(serve(listener, router(app), connections, stopping.clone()));
        tracing::info!(%address, store = %settings.store, workers = settings.workers, "listening");
        Ok(Self { address, pool, stopping: stopping.drop_guard(), serving })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, lets running jobs finish within the grace period, and hands back the others.
    pub async fn stop(self) -> Result<(), ServiceError> {
        drop(self.stopping);
        self.pool.stop().await;
        // Requests in progress get a moment to finish. A slow download must not delay the stop.
        match tokio::time::timeout(Duration::from_secs(2), self.serving).await {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(panic)) => Err(ServiceError::Serve(io::Error::other(panic))),
        }
    }
}
