//! Waking workers when a job comes.
//!
//! The scripts publish a message for each job that begins to wait. Messages can be lost; workers
//! poll as well, so a lost one costs a second and no more.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use redis::RedisError;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::link::Link;

/// The channel, as `lua/common.lua` names it.
const CHANNEL: &str = "trapline:work";
/// Longest wait for a subscription or a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a silent connection is asked whether it lives.
const PING: Duration = Duration::from_secs(10);
/// Wait before another subscription is tried.
const AGAIN: Duration = Duration::from_millis(250);

/// What workers wait on.
#[derive(Debug, Default)]
pub(super) struct Wake(Notify);

impl Wake {
    /// Wakes one worker, or the next that would wait.
    pub fn one(&self) {
        self.0.notify_one();
    }

    pub async fn wait(&self) {
        self.0.notified().await;
    }
}

/// Listens for as long as the store is there.
pub(super) async fn listen(link: Arc<Link>, wake: Arc<Wake>) {
    let mut broken = false;
    loop {
        let ended = subscribed(&link, &wake, &mut broken).await;
        // Once for each time that it breaks; the commands tell the rest.
        if !broken {
            let error =
                ended.err().map_or_else(|| "the connection ended".to_owned(), |error| error.to_string());
            tracing::warn!(error, "workers are not woken by messages, and look every second");
        }
        broken = true;
        sleep(AGAIN).await;
    }
}

/// Listens until the connection breaks.
async fn subscribed(link: &Link, wake: &Wake, broken: &mut bool) -> Result<(), RedisError> {
    let subscribe = async {
        let mut connection = link.client().await?.get_async_pubsub().await?;
        connection.subscribe(CHANNEL).await?;
        Ok::<_, RedisError>(connection)
    };
    let (mut sink, mut messages) = timeout(PATIENCE, subscribe).await.map_err(silent)??.split();
    tracing::debug!(command = "SUBSCRIBE", "redis");
    *broken = false;
    // A message may have come before.
    wake.one();
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(_) => wake.one(),
                None => return Ok(()),
            },
            _ = pings.tick() => {
                timeout(PATIENCE, sink.ping::<redis::Value>()).await.map_err(silent)??;
                tracing::debug!(command = "PING", "redis");
            }
        }
    }
}

fn silent(_: tokio::time::error::Elapsed) -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}
