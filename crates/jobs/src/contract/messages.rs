//! Promises about messages.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::{Harness, claim_job, long_options, submit_job, wait_until};
use crate::{ChangeMessage, JobId, JobStore};

/// Waits for the next message about a change.
async fn next_change(messages: &mut Receiver<ChangeMessage>) -> (u64, JobId, bool) {
    let mut change = None;
    wait_until("a message", async || {
        match messages.try_recv() {
            Ok(ChangeMessage::Changed { number, job_id, is_heartbeat }) => {
                change = Some((number, job_id, is_heartbeat));
            }
            Ok(ChangeMessage::Missed) | Err(TryRecvError::Empty) => {}
            Err(error) => panic!("{error}"),
        }
        change.is_some()
    })
    .await;
    change.expect("a change")
}

/// Subscribers get a message about each change, with its number, and whether it is only a heartbeat.
pub async fn each_change_comes_as_a_message(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    wait_until("the subscription", async || store.is_subscribed()).await;
    let mut messages = store.subscribe();
    let job_id = submit_job(&store).await;
    assert_eq!(
        next_change(&mut messages).await,
        (latest_change(&*store).await, job_id.clone(), false),
        "submitted"
    );
    let held = claim_job(&store).await.held;
    assert_eq!(
        next_change(&mut messages).await,
        (latest_change(&*store).await, job_id.clone(), false),
        "claimed"
    );
    store.heartbeat(&held, Some(1)).await.unwrap();
    assert_eq!(
        next_change(&mut messages).await,
        (latest_change(&*store).await, job_id.clone(), true),
        "a heartbeat"
    );
    store.delete(&job_id).await.unwrap();
    assert_eq!(
        next_change(&mut messages).await,
        (latest_change(&*store).await, job_id.clone(), false),
        "deleted"
    );
    // Numbers are consecutive, so subscribers notice a missing message.
    let first = submit_job(&store).await;
    let second = submit_job(&store).await;
    let last = latest_change(&*store).await;
    assert_eq!(next_change(&mut messages).await, (last - 1, first, false));
    assert_eq!(next_change(&mut messages).await, (last, second, false));
}

/// The first change is listed after the number of an empty store.
pub async fn the_first_change_is_listed(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let begin = latest_change(&*store).await;
    let job_id = submit_job(&store).await;
    assert_eq!(store.changes(Some(begin)).await.unwrap().jobs, Some(vec![job_id]));
}

/// The number of the latest change.
async fn latest_change(store: &dyn JobStore) -> u64 {
    store.changes(None).await.unwrap().now
}
