//! What a process runs: workers, with the HTTP interface (`serve`) or without it (`worker`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jobs::{JobStore, StoreAddress, StoreError, StoreOptions};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::artifacts::{Artifacts, ArtifactsAddress, Owner, OwnerError, ServiceName};
use crate::condition::condition;
use crate::datasets::Datasets;
use crate::http::{App, Feed, Front, HostName, router, serve};
use crate::limits::Limits;
use crate::metrics::{self, Timed};
use crate::templates::Templates;
use crate::webhook;
use crate::worker::{Pool, Tools};

/// How a process is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    pub store: StoreAddress,
    pub artifacts: ArtifactsAddress,
    /// To which service files belong, when its job store is not to say so.
    pub service: Option<ServiceName>,
    pub workers: usize,
    pub options: StoreOptions,
    pub heartbeat: Duration,
    pub grace: Duration,
    pub templates: Templates,
    /// Where metrics are shown beside the interface.
    pub metrics: Option<SocketAddr>,
    /// Names by which that may be called, beside those of this machine.
    pub metrics_hosts: Vec<HostName>,
    /// Bytes that stay free on the disk where files are made.
    pub keep_free: u64,
    /// What one export may use of the machine.
    pub limits: Limits,
    /// How long nobody may ask for a job, while some wait, before a worker is missed.
    pub worker_silence: Duration,
}

/// Why a process could not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("{0} is in use already: stop the program that listens there, or choose another with --listen")]
    InUse(SocketAddr),
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Listen(SocketAddr, io::Error),
    #[error("files cannot be written to {0}: {1}; choose another place with --artifacts")]
    Artifacts(ArtifactsAddress, io::Error),
    #[error("--artifacts cannot be used: {0}")]
    Owner(OwnerError),
    #[error("metrics cannot be shown at {0}: {1}; choose another address with --metrics-listen")]
    Metrics(SocketAddr, io::Error),
    #[error("{0}; --store says where jobs are kept")]
    Store(#[from] StoreError),
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

impl Settings {
    /// Opens the store and the folder of files.
    async fn tools(&self, datasets: Datasets) -> Result<Tools, ServiceError> {
        let store: Arc<dyn JobStore> = Arc::new(Timed(self.store.open(self.options).await?));
        let owner = Owner::new(self.service.as_ref(), &self.store)?;
        let artifacts = Artifacts::open(&self.artifacts, owner).await.map_err(|error| match error {
            OwnerError::Io(error) => ServiceError::Artifacts(self.artifacts.clone(), error),
            error => ServiceError::Owner(error),
        })?;
        if let Err(error) = artifacts.note_earlier_files(&*store).await {
            tracing::warn!(%error, "files of an earlier version could not be looked for; the next start tries again");
        }
        Ok(Tools {
            store,
            artifacts,
            datasets,
            templates: self.templates.clone(),
            limits: self.limits.clone(),
            heartbeat: self.heartbeat,
            grace: self.grace,
        })
    }
}

impl Settings {
    /// Keeps looking at the disk, and whether anybody works.
    async fn watch_condition(&self, tools: &Tools, stopping: &CancellationToken) {
        // Once before anything is begun.
        condition().look_at_disk(&tools.artifacts, self.keep_free).await;
        let (store, artifacts) = (Arc::clone(&tools.store), tools.artifacts.clone());
        let (keep_free, silence, stopping) = (self.keep_free, self.worker_silence, stopping.clone());
        tokio::spawn(
            async move { condition().watch(&*store, &artifacts, keep_free, silence, &stopping).await },
        );
    }

    /// Shows metrics at an address of their own, when there is one.
    async fn show_metrics(&self, tools: &Tools, stopping: &CancellationToken) -> Result<(), ServiceError> {
        let Some(address) = self.metrics else { return Ok(()) };
        let shown =
            metrics::listen(address, Arc::clone(&tools.store), self.metrics_hosts.clone(), stopping.clone())
                .await;
        shown.map_err(|error| ServiceError::Metrics(address, error))
    }
}

/// Workers alone, which take jobs that servers elsewhere were asked for.
pub struct Workers {
    pool: Pool,
    /// Ends what shows metrics.
    _stopping: DropGuard,
}

impl Workers {
    /// Opens the store and the folder of files, and begins to take jobs.
    pub async fn start(settings: &Settings, datasets: Datasets) -> Result<Self, ServiceError> {
        let tools = settings.tools(datasets).await?;
        tracing::info!(store = %settings.store, workers = settings.workers, "working");
        let stopping = CancellationToken::new();
        settings.show_metrics(&tools, &stopping).await?;
        settings.watch_condition(&tools, &stopping).await;
        Ok(Self { pool: Pool::start(&tools, settings.workers), _stopping: stopping.drop_guard() })
    }

    /// Lets running jobs finish for the time of grace, and hands back the rest.
    pub async fn stop(self) {
        self.pool.stop().await;
    }
}

/// A server at work.
pub struct Service {
    address: SocketAddr,
    pool: Pool,
    /// Ends those who listen to events, the one who tells of ends, and what takes requests; nobody
    /// left who could say so says it as well.
    stopping: DropGuard,
    serving: JoinHandle<()>,
}

impl Service {
    /// Opens the store and the folder of files, and listens.
    pub async fn start(
        settings: &Settings,
        listen: SocketAddr,
        datasets: Datasets,
        front: Front,
    ) -> Result<Self, ServiceError> {
        let listener = TcpListener::bind(listen).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServiceError::InUse(listen),
            _ => ServiceError::Listen(listen, error),
        })?;
        let address = listener.local_addr().map_err(|error| ServiceError::Listen(listen, error))?;
        let tools = settings.tools(datasets).await?;
        let stopping = CancellationToken::new();
        settings.show_metrics(&tools, &stopping).await?;
        settings.watch_condition(&tools, &stopping).await;
        let pool = Pool::start(&tools, settings.workers);
        let Tools { store, artifacts, datasets, templates, .. } = tools;
        let feed = Feed::start(store.clone(), stopping.clone());
        let Front { webhooks, access, connections, .. } = front.clone();
        tokio::spawn(webhook::deliver(store.clone(), webhooks, access, stopping.clone()));
        let app = App { store, artifacts, datasets, templates, feed, front };
        let serving = tokio::spawn(serve(listener, router(app), connections, stopping.clone()));
        tracing::info!(%address, store = %settings.store, workers = settings.workers, "listening");
        Ok(Self { address, pool, stopping: stopping.drop_guard(), serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, lets running jobs finish for the time of grace, and hands back the
    /// rest.
    pub async fn stop(self) -> Result<(), ServiceError> {
        drop(self.stopping);
        self.pool.stop().await;
        // Requests that are being answered get a moment; a slow download does not hold us up.
        match tokio::time::timeout(Duration::from_secs(2), self.serving).await {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(panic)) => Err(ServiceError::Serve(io::Error::other(panic))),
        }
    }
}
