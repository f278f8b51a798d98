//! Sending messages, and sending them again.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jobs::{Callback, JobStore, Record, StoreError};
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::message::{Message, message};
use super::{Inner, Webhooks};
use crate::access::Access;
use crate::faults::may_die;
use crate::fetch::guard;
use crate::http::told;

/// How often it is asked whether a job has ended of which somebody is to be told.
const LOOK: Duration = Duration::from_millis(500);
/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a message is left to the process that sends it: well beyond its patience.
const HOLD: Duration = Duration::from_mins(1);
/// Messages on their way at once.
const AT_ONCE: usize = 8;
/// Waits after the first attempt, the second and so on; the last stands for all after it.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
];

/// Sends what is to be sent, until `stopping`.
pub async fn deliver(
    store: Arc<dyn JobStore>,
    webhooks: Webhooks,
    access: Access,
    stopping: CancellationToken,
) {
    let Some(inner) = webhooks.0 else { return };
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = stopping.cancelled() => return,
        }
        while let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            // The clock of the job store tells when it does not answer.
            let Ok(Some(callback)) = store.callback(HOLD).await else { break };
            let (store, inner, access) = (Arc::clone(&store), Arc::clone(&inner), access.clone());
            tokio::spawn(async move {
                if let Err(error) = tell(&*store, &inner, &access, &callback).await {
                    tracing::warn!(job_id = %callback.job_id, %error, "a message is sent again, since the job store did not answer");
                }
                drop(slot);
            });
        }
    }
}

/// What became of one attempt.
enum Outcome {
    /// It was heard.
    Heard,
    /// Nobody is to try again.
    Unwanted,
    /// It was not heard, for this reason; the receiver may have said when it will hear.
    Failed(String, Option<Duration>),
}

async fn tell(
    store: &dyn JobStore,
    inner: &Inner,
    access: &Access,
    callback: &Callback,
) -> Result<(), StoreError> {
    let Callback { job_id, attempt, .. } = callback;
    let Some(record) = store.get(job_id).await? else { return Ok(()) };
    let message = message(&inner.signers, &told(store, &record, access).await?, Timestamp::now());
    match inner.send(&callback.url, message).await {
        Outcome::Heard => {
            may_die!("told");
            tracing::info!(%job_id, attempt, "the end of a job was told");
            store.callback_done(job_id, None).await
        }
        Outcome::Unwanted => {
            tracing::warn!(%job_id, attempt, "the receiver of a message is gone (410); it is not sent again");
            store.callback_done(job_id, None).await
        }
        Outcome::Failed(reason, wanted) => {
            let pause = pause(*attempt).max(wanted.unwrap_or_default());
            let again = lives_for(&record, pause).then_some(pause);
            let again_in = again.map(|pause| pause.as_secs());
            tracing::warn!(%job_id, attempt, reason, again_in, "the end of a job could not be told");
            store.callback_done(job_id, again).await
        }
    }
}

/// The wait after an attempt, which counts from 1.
fn pause(attempt: u32) -> Duration {
    let at = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    PAUSES[at.min(PAUSES.len() - 1)]
}

/// Whether a job is still known after `pause`: of one that is not there is nothing to tell.
fn lives_for(record: &Record, pause: Duration) -> bool {
    record.expires_at.is_none_or(|end| Timestamp::now().saturating_add(pause).is_ok_and(|then| then < end))
}

impl Inner {
    async fn send(&self, address: &str, Message { headers, body }: Message) -> Outcome {
        // It was right when it was given; the server may have been set up anew since.
        let url = match self.address(address) {
            Ok(url) => url,
            Err(error) => return Outcome::Failed(error.to_string(), None),
        };
        let request = self.client.post(url).headers(headers).body(body).timeout(PATIENCE);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Outcome::Heard,
            Ok(answer) if answer.status() == StatusCode::GONE => Outcome::Unwanted,
            Ok(answer) => Outcome::Failed(format!("answered {}", answer.status()), retry_after(&answer)),
            Err(error) => {
                let private = guard::not_public(&error).map(ToString::to_string);
                Outcome::Failed(private.unwrap_or_else(|| guard::last_cause(&error).to_string()), None)
            }
        }
    }
}

/// The wait that a receiver asks for, of at most an hour.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(Duration::from_hours(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_longer_until_the_last() {
        let pauses: Vec<_> = (1..=8).map(|attempt| pause(attempt).as_secs()).collect();
        assert_eq!(pauses, [5, 30, 120, 600, 1800, 3600, 3600, 3600]);
    }
}
