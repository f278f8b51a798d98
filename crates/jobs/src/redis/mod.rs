//! Jobs on a Redis server, for any number of processes on any number of machines.
//!
//! The record of a job is JSON at `export_job:{job_id}`, where other programs read it and may write it. Data
//! for workers (the request, the attempt, leases, the queue) are at `trapline:…`; `lua/common.lua` lists the
//! keys. Each transition is one script, so it is atomic. It uses the time of the server, so the clocks of
//! workers do not matter.
//!
//! A command without an answer may have been executed, or may still be. So each transition can be repeated: a
//! claim by a worker that has a job returns that job, a repeated completion succeeds, and the attempt fences
//! everything else.
//!
//! It works with one server, or a master with replicas; not with Redis Cluster, since scripts compute some of
//! their keys.

mod address;
mod arguments;
mod batches;
mod callbacks;
mod connection;
mod locator;
mod notifications;
mod queue;
mod reader;
mod record;
mod scripts;
mod submit;

pub use address::{RedisAddress, RedisAddressError};
#[cfg(feature = "fuzzing")]
pub(crate) use record::parse_record;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use redis::FromRedisValue;
use tokio::task::JoinHandle;

use crate::error::{OpenError, StoreError};
use crate::id::JobId;
use crate::job::Lease;
use crate::options::StoreOptions;

use arguments::Arguments;
use connection::ServerConnection;
use notifications::Notifications;
use scripts::Script;

/// The shortest time to live that Redis accepts.
const MIN_TTL: Duration = Duration::from_millis(1);

/// A store of jobs on a Redis server.
#[derive(Debug)]
pub struct RedisStore {
    connection: Arc<ServerConnection>,
    options: StoreOptions,
    notifications: Arc<Notifications>,
    /// The server's time at the last call of `reap`, in milliseconds.
    last_reap: AtomicU64,
    listener: JoinHandle<()>,
}

impl RedisStore {
    /// Uses the server at `address`. A server that does not answer yet is not an error: requests fail until
    /// it does.
    ///
    /// [`OpenError::Refused`] if the server answers and refuses the connection.
    pub async fn open(address: &RedisAddress, options: StoreOptions) -> Result<Self, OpenError> {
        let connection = Arc::new(ServerConnection::new(address)?);
        match connection.connect_first().await {
            Err(refused @ OpenError::Refused(_)) => return Err(refused),
            Err(error) => {
                tracing::warn!(%error, "the job store does not answer yet; it is used as soon as it does");
            }
            Ok(()) => {}
        }
        let notifications = Arc::new(Notifications::default());
        let listener =
            tokio::spawn(notifications::listen(Arc::clone(&connection), Arc::clone(&notifications)));
        Ok(Self { connection, options, notifications, last_reap: AtomicU64::new(0), listener })
    }

    async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        job_id: &str,
        arguments: &Arguments<'_>,
    ) -> Result<T, StoreError> {
        self.connection.call(script, job_id, arguments).await
    }

    /// Calls the script of a transition that only the current attempt may make.
    async fn call_held<T: FromRedisValue>(
        &self,
        script: &Script,
        held: &Lease,
        more: &Arguments<'_>,
    ) -> Result<T, StoreError> {
        let lease: &Arguments<'_> = &[("job_id", &held.job_id), ("attempt", &held.attempt)];
        self.call(script, held.job_id.as_str(), &[lease, more].concat()).await
    }

    fn ttl(&self) -> Duration {
        self.options.ttl.max(MIN_TTL)
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn parse_job_id(text: &str) -> Result<JobId, StoreError> {
    text.parse().map_err(StoreError::from_damage)
}
