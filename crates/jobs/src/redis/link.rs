//! The connection to the server: one for all commands of a process, made anew when it breaks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, Pipeline, RedisError, ServerErrorKind,
};
use tokio::time::{Instant, timeout};

use super::address::{Guide, RedisAddress};
use super::record::damaged;
use super::scripts::{SCRIPTS, Script};
use crate::store::StoreError;

/// Longest wait for an answer, the making of a new connection included. A request that makes two
/// calls is still answered within two seconds: after the first that fails there is no second.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Longest wait for a connection, and for each answer while it is made.
const CONNECT: Duration = Duration::from_secs(1);

pub(super) struct Link {
    guide: Guide,
    /// Shown to people, without a password.
    address: String,
    /// The number of the database.
    database: String,
    current: Mutex<Current>,
    /// Held by the one who connects.
    connecting: tokio::sync::Mutex<()>,
}

/// The connection that everybody uses, and how many there were before it.
#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    number: u64,
}

impl Current {
    fn there(&self) -> Option<(u64, MultiplexedConnection)> {
        self.connection.clone().map(|connection| (self.number, connection))
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address)
    }
}

impl Link {
    pub fn new(address: &RedisAddress) -> Result<Self, StoreError> {
        // TLS needs to know which cryptography it uses. Another part of the program may have said.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guide = address.guide().map_err(|error| StoreError::Refused(format!("{address}: {error}")))?;
        Ok(Self {
            guide,
            address: address.to_string(),
            database: address.database().to_string(),
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        })
    }

    /// Connects, to find out about a wrong password before anybody waits for a job.
    pub async fn connect_first(&self) -> Result<(), StoreError> {
        match timeout(PATIENCE, self.connection()).await {
            Err(_) => Err(self.silent()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_refusal(&error) => {
                Err(StoreError::Refused(format!("{}: {error}", self.address)))
            }
            Ok(Err(error)) => Err(self.failed(&error)),
        }
    }

    /// Runs a script.
    pub async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        job_id: &str,
        arguments: &[&str],
    ) -> Result<T, StoreError> {
        let run = async |mut connection: MultiplexedConnection| {
            let mut invocation = script.code.arg(script.name);
            for argument in arguments {
                invocation.arg(*argument);
            }
            invocation.arg(self.database.as_str());
            invocation.invoke_async(&mut connection).await
        };
        self.run(script.name, job_id, run).await
    }

    /// Runs several commands at once, `name` in the log.
    pub async fn pipe<T: FromRedisValue>(
        &self,
        name: &'static str,
        job_id: &str,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        let run = async |mut connection: MultiplexedConnection| commands.query_async(&mut connection).await;
        self.run(name, job_id, run).await
    }

    async fn run<T>(
        &self,
        command: &'static str,
        job_id: &str,
        run: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let mut used = None;
        let answer = timeout(PATIENCE, async {
            let (number, connection) = self.connection().await?;
            used = Some(number);
            run(connection).await
        })
        .await;
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        match answer {
            Ok(Ok(answer)) => {
                tracing::debug!(command, job_id, took_us, "redis");
                Ok(answer)
            }
            Ok(Err(error)) => {
                tracing::debug!(command, job_id, took_us, %error, "redis");
                if breaks_connection(&error) {
                    self.drop_connection(used);
                }
                Err(self.failed(&error))
            }
            Err(_) => {
                tracing::debug!(command, job_id, took_us, error = "no answer", "redis");
                self.drop_connection(used);
                Err(self.silent())
            }
        }
    }

    /// The connection, made when there is none.
    async fn connection(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        if let Some(there) = self.current().there() {
            return Ok(there);
        }
        let _one = self.connecting.lock().await;
        if let Some(there) = self.current().there() {
            return Ok(there);
        }
        let connection = self.connect().await?;
        let mut current = self.current();
        current.number += 1;
        current.connection = Some(connection.clone());
        tracing::info!(server = self.address, connection = current.number, "connected to Redis");
        Ok((current.number, connection))
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // Nothing that can fail is done with it in hand.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None);
        let mut connection =
            self.client().await?.get_multiplexed_async_connection_with_config(&config).await?;
        // So that each transition is one command from the first on. A server without memory may
        // refuse; the scripts then come with their first use.
        let mut load = redis::pipe();
        for script in SCRIPTS.all() {
            load.cmd("SCRIPT").arg("LOAD").arg(script.text).ignore();
        }
        let loaded = load.query_async::<()>(&mut connection).await;
        tracing::debug!(command = "SCRIPT LOAD", loaded = loaded.is_ok(), "redis");
        match loaded {
            Err(error) if breaks_connection(&error) => Err(error),
            _ => Ok(connection),
        }
    }

    /// Where the server is now.
    pub async fn client(&self) -> Result<Client, RedisError> {
        match &self.guide {
            Guide::Server(client) => Ok(Client::clone(client)),
            Guide::Sentinel(sentinels) => sentinels.lock().await.async_get_client().await,
        }
    }

    /// The channel of messages about changes, as `lua/common.lua` names it.
    pub fn change_channel(&self) -> String {
        format!("trapline:changes:{}", self.database)
    }

    /// Lets go of a connection that broke, unless another took its place already.
    fn drop_connection(&self, number: Option<u64>) {
        let mut current = self.current();
        if number == Some(current.number) {
            current.connection = None;
        }
    }

    fn silent(&self) -> StoreError {
        StoreError::Unavailable(format!("{}: no answer within {} ms", self.address, PATIENCE.as_millis()))
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        let text = format!("{}: {error}", self.address);
        // Of several commands at once, the error of one is told in the text alone.
        if text.contains("WRONGTYPE") { damaged(text) } else { StoreError::Unavailable(text) }
    }
}

/// The server answered, and will not let us in as long as nobody changes a setting.
fn is_refusal(error: &RedisError) -> bool {
    let code = error.code().unwrap_or_default();
    matches!(error.kind(), ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig)
        || ["WRONGPASS", "NOAUTH", "NOPERM"].contains(&code)
}

/// After what a server says about a command the connection is as good as before; but not when
/// it broke, or when the server is no longer the one to talk to.
fn breaks_connection(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => {
            let gone = matches!(
                kind,
                ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
            );
            // Redis 6.2 hides the code of an error inside a script, and shows it in the text alone.
            gone || is_refusal(error) || error.to_string().contains("READONLY")
        }
        _ => true,
    }
}
