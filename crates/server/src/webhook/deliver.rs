//! Sending messages, with retries.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jobs::{Callback, CallbackQueue, JobRecord, StoreError};
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::message::{Message, build_message};
use super::{Inner, Webhooks};
use crate::access::Access;
use crate::representation::read_status;
use exports::fetch::guard;
use jobs::crash_point;

/// Interval between checks for messages that are due.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// The longest that a receiver may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a message is reserved for the process that sends it: well beyond the timeout.
const RESERVATION: Duration = Duration::from_mins(1);
/// How many messages are sent at once.
const MAX_PARALLEL: usize = 8;
/// Waits after the first attempt, the second and so on; the last one repeats.
const RETRY_DELAYS: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
];

/// Sends messages until `stopping` is cancelled.
pub async fn deliver_messages(
    store: Arc<dyn CallbackQueue>,
    webhooks: Webhooks,
    access: Access,
    stopping: CancellationToken,
) {
    let Some(inner) = webhooks.0 else { return };
    let slots = Arc::new(Semaphore::new(MAX_PARALLEL));
    let mut checks = interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = checks.tick() => {}
            () = stopping.cancelled() => return,
        }
        while let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            // If the store does not answer, `worker::clock` logs it.
            let Ok(Some(callback)) = store.claim_callback(RESERVATION).await else { break };
            let (store, inner, access) = (Arc::clone(&store), Arc::clone(&inner), access.clone());
            let stopping = stopping.clone();
            tokio::spawn(async move {
                let sent = send_callback(&*store, &inner, &access, &callback, &stopping).await;
                if let Err(error) = sent {
                    tracing::warn!(job_id = %callback.job_id, %error, "webhook will be sent again because the job store did not answer");
                }
                drop(slot);
            });
        }
    }
}

/// The outcome of one attempt.
enum Outcome {
    /// The receiver accepted the message.
    Accepted,
    /// The receiver is gone (410) and wants no further attempts.
    Gone,
    /// The attempt failed for this reason; the receiver may have asked for a delay before the next.
    Failed(String, Option<Duration>),
}

async fn send_callback(
    store: &dyn CallbackQueue,
    inner: &Inner,
    access: &Access,
    callback: &Callback,
    stopping: &CancellationToken,
) -> Result<(), StoreError> {
    let Callback { job_id, attempt, .. } = callback;
    let Some(record) = store.get(job_id).await? else { return Ok(()) };
    let status = read_status(store, &record, access).await?;
    let message = build_message(&inner.secrets, &record, &status, Timestamp::now());
    // A message whose sending is cancelled is sent again when its reservation ends.
    let sending = stopping.run_until_cancelled(inner.send(&callback.url, message));
    let Some(outcome) = sending.await else { return Ok(()) };
    match outcome {
        Outcome::Accepted => {
            crash_point!("told");
            tracing::info!(%job_id, attempt, "webhook sent");
            store.settle_callback(job_id, None).await
        }
        Outcome::Gone => {
            tracing::warn!(%job_id, attempt, "the receiver of a webhook is gone (410); it is not sent again");
            store.settle_callback(job_id, None).await
        }
        Outcome::Failed(reason, requested) => {
            let delay = retry_delay(*attempt).max(requested.unwrap_or_default());
            let retry = is_kept_for(&record, delay).then_some(delay);
            let retry_in = retry.map(|delay| delay.as_secs());
            tracing::warn!(%job_id, attempt, reason, retry_in, "webhook could not be sent");
            store.settle_callback(job_id, retry).await
        }
    }
}

/// The wait after this attempt, counted from 1.
fn retry_delay(attempt: u32) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    RETRY_DELAYS[index.min(RETRY_DELAYS.len() - 1)]
}

/// Whether the record will still exist after `delay`. There is no message about a job that has expired.
fn is_kept_for(record: &JobRecord, delay: Duration) -> bool {
    record.expires_at.is_none_or(|end| Timestamp::now().saturating_add(delay).is_ok_and(|then| then < end))
}

impl Inner {
    async fn send(&self, address: &str, Message { headers, body }: Message) -> Outcome {
        // The settings may have changed since the address was accepted.
        let url = match self.parse_address(address) {
            Ok(url) => url,
            Err(error) => return Outcome::Failed(error.to_string(), None),
        };
        let request = self.client.post(url).headers(headers).body(body).timeout(ANSWER_TIMEOUT);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Outcome::Accepted,
            Ok(answer) if answer.status() == StatusCode::GONE => Outcome::Gone,
            Ok(answer) => Outcome::Failed(format!("answered {}", answer.status()), read_retry_after(&answer)),
            Err(error) => Outcome::Failed(guard::last_cause(&error).to_string(), None),
        }
    }
}

/// The delay that a receiver asks for, of at most an hour.
fn read_retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(Duration::from_hours(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delay_is_longer_until_the_last() {
        let delays: Vec<_> = (1..=8).map(|attempt| retry_delay(attempt).as_secs()).collect();
        assert_eq!(delays, [5, 30, 120, 600, 1800, 3600, 3600, 3600]);
    }
}
