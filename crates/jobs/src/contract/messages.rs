//! Promises to those who wait for a change.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::{Harness, claimed, patient, submitted, until};
use crate::{ChangeMessage, JobId, JobStore};

/// The next change that messages tell of; those that were missed before the subscription are not
/// told.
async fn next_change(messages: &mut Receiver<ChangeMessage>) -> (u64, JobId, bool) {
    let mut found = None;
    until("a message", async || {
        match messages.try_recv() {
            Ok(ChangeMessage::Changed { number, job_id, is_heartbeat }) => {
                found = Some((number, job_id, is_heartbeat));
            }
            Ok(ChangeMessage::Missed) | Err(TryRecvError::Empty) => {}
            Err(error) => panic!("{error}"),
        }
        found.is_some()
    })
    .await;
    found.expect("a change")
}

/// Each change comes by itself to whoever has subscribed, with its number, and says when it is a
/// heartbeat and nothing more.
pub async fn each_change_comes_as_a_message(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    until("the subscription", async || store.is_subscribed()).await;
    let mut messages = store.subscribe();
    let job_id = submitted(&store).await;
    assert_eq!(next_change(&mut messages).await, (now(&*store).await, job_id.clone(), false), "submitted");
    let held = claimed(&store).await.held;
    assert_eq!(next_change(&mut messages).await, (now(&*store).await, job_id.clone(), false), "claimed");
    store.heartbeat(&held, Some(1)).await.unwrap();
    assert_eq!(next_change(&mut messages).await, (now(&*store).await, job_id.clone(), true), "a heartbeat");
    store.delete(&job_id).await.unwrap();
    assert_eq!(next_change(&mut messages).await, (now(&*store).await, job_id.clone(), false), "deleted");
    // Numbers follow each other, so whoever hears all of them knows that nothing is missing.
    let first = submitted(&store).await;
    let second = submitted(&store).await;
    let last = now(&*store).await;
    assert_eq!(next_change(&mut messages).await, (last - 1, first, false));
    assert_eq!(next_change(&mut messages).await, (last, second, false));
}

/// Whoever asks for the number before anything has happened is told what happens first.
pub async fn the_first_change_of_all_is_told(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let begin = now(&*store).await;
    let job_id = submitted(&store).await;
    assert_eq!(store.changes(Some(begin)).await.unwrap().jobs, Some(vec![job_id]));
}

/// The number of the last change.
async fn now(store: &dyn JobStore) -> u64 {
    store.changes(None).await.unwrap().now
}
