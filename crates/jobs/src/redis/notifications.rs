//! Messages that the server publishes: that there is work, and what changed.
//!
//! The scripts publish a message for each job that is queued and for each change. A connection of each
//! process subscribes to both. Messages can be lost. Workers and listeners also poll, so a lost message
//! delays them by a second at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use redis::{Msg, RedisError};
use tokio::sync::{Notify, broadcast};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::connection::ServerConnection;
use crate::store::ChangeMessage;

/// The channel of work, as `lua/common.lua` names it.
const CHANNEL: &str = "trapline:work";
/// The longest wait for a subscription or for the answer to a ping.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Interval between pings.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// Wait before the next attempt to subscribe.
const RETRY_DELAY: Duration = Duration::from_millis(250);
/// Messages that a receiver may be behind before it loses some.
const MAX_BEHIND: usize = 1024;

/// Wakes waiting workers and passes on messages about changes.
#[derive(Debug)]
pub(super) struct Notifications {
    work: Notify,
    changes: broadcast::Sender<ChangeMessage>,
    is_subscribed: AtomicBool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            work: Notify::new(),
            changes: broadcast::Sender::new(MAX_BEHIND),
            is_subscribed: AtomicBool::new(false),
        }
    }
}

impl Notifications {
    /// Wakes one waiting worker, or else the next that waits.
    pub fn wake_worker(&self) {
        self.work.notify_one();
    }

    /// Waits until there may be work.
    pub async fn wait_for_work(&self) {
        self.work.notified().await;
    }

    /// Messages about changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.changes.subscribe()
    }

    /// Whether messages arrive.
    pub fn is_subscribed(&self) -> bool {
        self.is_subscribed.load(Ordering::Acquire)
    }

    /// Notes that the subscription begins or ends. Messages before that may have been lost.
    fn set_subscribed(&self, is_subscribed: bool) {
        self.send(ChangeMessage::Missed);
        self.is_subscribed.store(is_subscribed, Ordering::Release);
    }

    /// Passes on a message of the server.
    fn deliver(&self, message: &Msg) {
        if message.get_channel_name() == CHANNEL {
            self.wake_worker();
        } else {
            self.send(parse_change(message.get_payload_bytes()).unwrap_or(ChangeMessage::Missed));
        }
    }

    fn send(&self, message: ChangeMessage) {
        // Fails if there are no listeners.
        let _ = self.changes.send(message);
    }
}

/// Parses a message about a change, as `lua/common.lua` writes it.
fn parse_change(payload: &[u8]) -> Option<ChangeMessage> {
    let mut words = std::str::from_utf8(payload).ok()?.split(' ');
    let number = words.next()?.parse().ok()?;
    let job_id = words.next()?.parse().ok()?;
    Some(ChangeMessage::Changed { number, job_id, is_heartbeat: words.next() == Some("heartbeat") })
}

/// Listens until the task is aborted.
pub(super) async fn listen(connection: Arc<ServerConnection>, notifications: Arc<Notifications>) {
    let mut is_broken = false;
    loop {
        let ended = listen_once(&connection, &notifications, &mut is_broken).await;
        // Once for each outage; the commands report the rest.
        if !is_broken {
            notifications.set_subscribed(false);
            let error =
                ended.err().map_or_else(|| "the connection ended".to_owned(), |error| error.to_string());
            tracing::warn!(error, "no messages from Redis; workers poll every second");
        }
        is_broken = true;
        sleep(RETRY_DELAY).await;
    }
}

/// Subscribes and listens until the connection breaks.
async fn listen_once(
    connection: &ServerConnection,
    notifications: &Notifications,
    is_broken: &mut bool,
) -> Result<(), RedisError> {
    let channels = [CHANNEL.to_owned(), connection.change_channel()];
    let subscribe = async {
        let mut subscription = connection.find_server().await?.get_async_pubsub().await?;
        subscription.subscribe(&channels).await?;
        Ok::<_, RedisError>(subscription)
    };
    let (mut sink, mut messages) = timeout(ANSWER_TIMEOUT, subscribe).await.map_err(timeout_error)??.split();
    tracing::debug!(command = "SUBSCRIBE", "redis");
    *is_broken = false;
    // A message may have been published before the subscription.
    notifications.wake_worker();
    notifications.set_subscribed(true);
    let mut pings = interval(PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => notifications.deliver(&message),
                None => return Ok(()),
            },
            _ = pings.tick() => {
                timeout(ANSWER_TIMEOUT, sink.ping::<redis::Value>()).await.map_err(timeout_error)??;
                tracing::debug!(command = "PING", "redis");
            }
        }
    }
}

fn timeout_error(_: tokio::time::error::Elapsed) -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_number_and_a_job() {
        let changed = |is_heartbeat| {
            let job_id = "a-b.c".parse().unwrap();
            Some(ChangeMessage::Changed { number: 1_763_006_400_123, job_id, is_heartbeat })
        };
        assert_eq!(parse_change(b"1763006400123 a-b.c"), changed(false));
        assert_eq!(parse_change(b"1763006400123 a-b.c heartbeat"), changed(true));
        for text in ["", "x a", "1", "1 ", "1 \u{e4}", "-1 a"] {
            assert_eq!(parse_change(text.as_bytes()), None, "{text}");
        }
    }
}
