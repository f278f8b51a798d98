//! The connection to the server: one for all commands of a process, replaced when it breaks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult,
    ServerErrorKind, Value,
};
use tokio::time::{Instant, timeout};

use super::address::RedisAddress;
use super::arguments::Arguments;
use super::locator::ServerLocator;
use super::scripts::{SCRIPTS, Script};
use crate::error::{OpenError, StoreError};

/// The longest wait for an answer, including a new connection. A request with two calls is still answered
/// within two seconds, since there is no second call after a failure.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1500);
/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that all commands of a process share.
pub(super) struct ServerConnection {
    locator: ServerLocator,
    /// For messages, without a password.
    address: String,
    /// The number of the database.
    database: String,
    current: Mutex<Current>,
    /// Held while one task connects, so that others wait for its connection.
    connecting: tokio::sync::Mutex<()>,
}

/// The current connection and its number, counted from 1.
#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    number: u64,
}

impl Current {
    fn get(&self) -> Option<(u64, MultiplexedConnection)> {
        self.connection.clone().map(|connection| (self.number, connection))
    }
}

impl std::fmt::Debug for ServerConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address)
    }
}

impl ServerConnection {
    pub fn new(address: &RedisAddress) -> Result<Self, OpenError> {
        // TLS needs a cryptography provider. Fails if another part of the program has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let locator =
            address.build_locator().map_err(|error| OpenError::Refused(format!("{address}: {error}")))?;
        Ok(Self {
            locator,
            address: address.to_string(),
            database: address.database().to_string(),
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        })
    }

    /// Connects at the start, so that a wrong password is noticed before a job waits.
    pub async fn connect_first(&self) -> Result<(), OpenError> {
        match timeout(ANSWER_TIMEOUT, self.get_connection()).await {
            Err(_) => Err(self.timeout_error().into()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_refusal(&error) => {
                Err(OpenError::Refused(format!("{}: {error}", self.address)))
            }
            Ok(Err(error)) => Err(self.to_store_error(&error).into()),
        }
    }

    /// Runs a script.
    pub async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        job_id: &str,
        arguments: &Arguments<'_>,
    ) -> Result<T, StoreError> {
        let call = script.prepare(arguments, &self.database);
        let run = async |mut connection: MultiplexedConnection| call.invoke_async(&mut connection).await;
        self.run(script.name, job_id, run).await
    }

    /// Runs several commands at once. The log calls them `name`.
    pub async fn pipe<T: FromRedisValue>(
        &self,
        name: &'static str,
        job_id: &str,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        let run = async |mut connection: MultiplexedConnection| commands.query_async(&mut connection).await;
        self.run(name, job_id, run).await
    }

    /// Runs several commands in one round trip, of which the first `needed` must succeed; each of the others may fail
    /// by itself.
    pub async fn pipe_each(
        &self,
        name: &'static str,
        commands: &mut Pipeline,
        needed: usize,
    ) -> Result<Vec<RedisResult<Value>>, StoreError> {
        commands.ignore_errors();
        let run = async |mut connection: MultiplexedConnection| {
            let mut answers: Vec<RedisResult<Value>> = commands.query_async(&mut connection).await?;
            match answers.iter().take(needed).position(Result::is_err) {
                Some(failed) => answers.swap_remove(failed).map(|_| Vec::new()),
                None => Ok(answers),
            }
        };
        self.run(name, "", run).await
    }

    async fn run<T>(
        &self,
        command: &'static str,
        job_id: &str,
        run: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let mut used = None;
        let answer = timeout(ANSWER_TIMEOUT, async {
            let (number, connection) = self.get_connection().await?;
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
                Err(self.to_store_error(&error))
            }
            Err(_) => {
                tracing::debug!(command, job_id, took_us, error = "no answer", "redis");
                self.drop_connection(used);
                Err(self.timeout_error())
            }
        }
    }

    /// The current connection with its number, or a new one.
    async fn get_connection(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        if let Some(connection) = self.current().get() {
            return Ok(connection);
        }
        let _guard = self.connecting.lock().await;
        if let Some(connection) = self.current().get() {
            return Ok(connection);
        }
        let connection = self.connect().await?;
        let mut current = self.current();
        current.number += 1;
        current.connection = Some(connection.clone());
        tracing::info!(server = self.address, connection = current.number, "connected to Redis");
        Ok((current.number, connection))
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // No code panics while it holds the lock.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(None);
        let mut connection =
            self.find_server().await?.get_multiplexed_async_connection_with_config(&config).await?;
        // Loads the scripts, so that each transition is one command from the start. A server without memory
        // may refuse this; the scripts are then loaded at their first use.
        let mut load = redis::pipe();
        for script in SCRIPTS.list_all() {
            load.cmd("SCRIPT").arg("LOAD").arg(script.text).ignore();
        }
        let loaded = load.query_async::<()>(&mut connection).await;
        tracing::debug!(command = "SCRIPT LOAD", loaded = loaded.is_ok(), "redis");
        match loaded {
            Err(error) if breaks_connection(&error) => Err(error),
            _ => Ok(connection),
        }
    }

    /// Finds the server.
    pub async fn find_server(&self) -> Result<Client, RedisError> {
        self.locator.find().await
    }

    /// The channel of messages about changes, as `lua/common.lua` names it.
    pub fn change_channel(&self) -> String {
        format!("trapline:changes:{}", self.database)
    }

    /// Drops a broken connection, unless another one has replaced it already.
    fn drop_connection(&self, number: Option<u64>) {
        let mut current = self.current();
        if number == Some(current.number) {
            current.connection = None;
        }
    }

    fn timeout_error(&self) -> StoreError {
        let timeout = ANSWER_TIMEOUT.as_millis();
        StoreError::Unavailable(format!("{}: no answer within {timeout} ms", self.address))
    }

    fn to_store_error(&self, error: &RedisError) -> StoreError {
        let text = format!("{}: {error}", self.address);
        // For several commands at once, the error of one of them is only in the text.
        if text.contains("WRONGTYPE") { StoreError::from_damage(text) } else { StoreError::Unavailable(text) }
    }
}

/// Whether the server refuses access until an operator changes a setting.
fn is_refusal(error: &RedisError) -> bool {
    let code = error.code().unwrap_or_default();
    matches!(error.kind(), ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig)
        || ["WRONGPASS", "NOAUTH", "NOPERM"].contains(&code)
}

/// Whether the connection has to be replaced after an error: if it broke, or if the server is no longer the
/// master. Other errors of commands do not affect it.
fn breaks_connection(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => {
            let is_wrong_server = matches!(
                kind,
                ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
            );
            // Redis 6.2 hides the code of an error inside a script; it is only in the text.
            is_wrong_server || is_refusal(error) || error.to_string().contains("READONLY")
        }
        _ => true,
    }
}
