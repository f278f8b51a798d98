//! The jobs of a server with their changes and files, which handlers reach through the viewer of a request alone.

use std::sync::Arc;

use artifacts::{ArtifactError, Artifacts};
use exports::condition::condition;
use jobs::{JobSubmitter, StoreError};

use crate::feed::Feed;

/// The job store of a server. What is not about single jobs, everybody may use.
#[derive(Clone)]
pub struct GuardedStore(pub(super) Arc<dyn JobSubmitter>);

impl GuardedStore {
    /// Guards a store.
    pub fn new(store: Arc<dyn JobSubmitter>) -> Self {
        Self(store)
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }

    /// The metrics of this process with the numbers of jobs in the store.
    pub async fn encode_metrics(&self) -> String {
        metrics::encode_metrics(&*self.0, condition().stuck_threads()).await
    }
}

/// The jobs of a server, which only the viewer of a request can open.
pub struct GuardedJobs {
    pub(super) store: Arc<dyn JobSubmitter>,
    pub(super) feed: Feed,
    pub(super) artifacts: Artifacts,
}

impl GuardedJobs {
    /// Guards jobs, the feed of their changes, and their files.
    pub fn new(store: Arc<dyn JobSubmitter>, feed: Feed, artifacts: Artifacts) -> Self {
        Self { store, feed, artifacts }
    }

    /// The store alone, for what is not about single jobs.
    pub fn store(&self) -> GuardedStore {
        GuardedStore::new(Arc::clone(&self.store))
    }

    /// Checks that files can be written.
    pub async fn check_files(&self) -> Result<(), ArtifactError> {
        self.artifacts.check().await
    }
}
