//! A server: a job store, a folder of files, data sets, workers and the HTTP interface.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jobs::{SqliteStore, StoreError, StoreOptions};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::artifacts::Artifacts;
use crate::datasets::Datasets;
use crate::http::{App, router};
use crate::worker::{Pool, Tools};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub store: PathBuf,
    pub artifacts: PathBuf,
    pub workers: usize,
    pub options: StoreOptions,
    pub grace: Duration,
}

/// Why a server could not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("{0} is in use already: stop the program that listens there, or choose another with --listen")]
    InUse(SocketAddr),
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Listen(SocketAddr, io::Error),
    #[error("files cannot be written to {}: {}; choose another folder with --artifacts", .0.display(), .1)]
    Artifacts(PathBuf, io::Error),
    #[error("{0}; choose another folder with --store sqlite:DIR")]
    Store(#[from] StoreError),
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

/// A server at work.
pub struct Service {
    address: SocketAddr,
    pool: Pool,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

impl Service {
    /// Opens the store and the folder of files, and listens.
    pub async fn start(settings: &Settings, datasets: Datasets) -> Result<Self, ServiceError> {
        let listener = TcpListener::bind(settings.listen).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServiceError::InUse(settings.listen),
            _ => ServiceError::Listen(settings.listen, error),
        })?;
        let address = listener.local_addr().map_err(|error| ServiceError::Listen(settings.listen, error))?;
        let artifacts = Artifacts::open(&settings.artifacts)
            .map_err(|error| ServiceError::Artifacts(settings.artifacts.clone(), error))?;
        let store = Arc::new(SqliteStore::open(&settings.store, settings.options).await?);
        let tools = Tools {
            store: store.clone(),
            artifacts: artifacts.clone(),
            datasets: datasets.clone(),
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            grace: settings.grace,
        };
        let pool = Pool::start(&tools, settings.workers);
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router(App { store, artifacts, datasets }));
        let serving = tokio::spawn(async move {
            // Either a word to stop, or nobody left who could say it.
            serve.with_graceful_shutdown(async { drop(stopped.await) }).await
        });
        tracing::info!(%address, workers = settings.workers, "listening");
        Ok(Self { address, pool, stop, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, lets running jobs finish for the time of grace, and hands back the
    /// rest.
    pub async fn stop(self) -> Result<(), ServiceError> {
        drop(self.stop);
        self.pool.stop().await;
        // Requests that are being answered get a moment; a slow download does not hold us up.
        match tokio::time::timeout(Duration::from_secs(2), self.serving).await {
            Ok(Ok(served)) => served.map_err(ServiceError::Serve),
            Ok(Err(panic)) => Err(ServiceError::Serve(io::Error::other(panic))),
            Err(_) => Ok(()),
        }
    }
}
