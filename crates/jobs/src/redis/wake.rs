//! What the server says by itself: that there is work, and what changed.
//!
//! The scripts publish a message for each job that begins to wait, and one for each change. One
//! connection of a process hears both. Messages can be lost; workers poll as well, so a lost one
//! costs a second and no more, and so does whoever waits for a change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use redis::{Msg, RedisError};
use tokio::sync::{Notify, broadcast};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::link::Link;
use crate::store::ChangeMessage;

/// The channel of work, as `lua/common.lua` names it.
const CHANNEL: &str = "trapline:work";
/// Longest wait for a subscription or a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a silent connection is asked whether it lives.
const PING: Duration = Duration::from_secs(10);
/// Wait before another subscription is tried.
const AGAIN: Duration = Duration::from_millis(250);
/// Messages that a listener may be behind before it has to ask.
const MAX_BEHIND: usize = 1024;

/// What workers wait on, and where messages about changes go.
#[derive(Debug)]
pub(super) struct Wake {
    work: Notify,
    changes: broadcast::Sender<ChangeMessage>,
    subscribed: AtomicBool,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            work: Notify::new(),
            changes: broadcast::Sender::new(MAX_BEHIND),
            subscribed: AtomicBool::new(false),
        }
    }
}

impl Wake {
    /// Wakes one worker, or the next that would wait.
    pub fn one(&self) {
        self.work.notify_one();
    }

    pub async fn wait(&self) {
        self.work.notified().await;
    }

    /// Messages about changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.changes.subscribe()
    }

    /// Whether messages are coming.
    pub fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::Acquire)
    }

    /// The subscription begins or ends. Messages may have been lost before either.
    fn set_subscribed(&self, subscribed: bool) {
        self.send(ChangeMessage::Missed);
        self.subscribed.store(subscribed, Ordering::Release);
    }

    /// Hands a message of the server to those that it is for.
    fn deliver(&self, message: &Msg) {
        if message.get_channel_name() == CHANNEL {
            self.one();
        } else {
            self.send(parse_change(message.get_payload_bytes()).unwrap_or(ChangeMessage::Missed));
        }
    }

    fn send(&self, message: ChangeMessage) {
        // An error would say that nobody listens.
        let _ = self.changes.send(message);
    }
}

/// A message about a change, as `lua/common.lua` writes it.
fn parse_change(payload: &[u8]) -> Option<ChangeMessage> {
    let mut words = std::str::from_utf8(payload).ok()?.split(' ');
    let number = words.next()?.parse().ok()?;
    let job_id = words.next()?.parse().ok()?;
    Some(ChangeMessage::Changed { number, job_id, is_heartbeat: words.next() == Some("heartbeat") })
}

/// Listens for as long as the store is there.
pub(super) async fn listen(link: Arc<Link>, wake: Arc<Wake>) {
    let mut broken = false;
    loop {
        let ended = subscribed(&link, &wake, &mut broken).await;
        // Once for each time that it breaks; the commands tell the rest.
        if !broken {
            wake.set_subscribed(false);
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
    let channels = [CHANNEL.to_owned(), link.change_channel()];
    let subscribe = async {
        let mut connection = link.client().await?.get_async_pubsub().await?;
        connection.subscribe(&channels).await?;
        Ok::<_, RedisError>(connection)
    };
    let (mut sink, mut messages) = timeout(PATIENCE, subscribe).await.map_err(silent)??.split();
    tracing::debug!(command = "SUBSCRIBE", "redis");
    *broken = false;
    // A message may have come before.
    wake.one();
    wake.set_subscribed(true);
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => wake.deliver(&message),
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
