//! Promises about what the clock does.

use std::sync::Arc;
use std::time::Duration;

use super::{Harness, claimed, fault, job, patient, submitted, until};
use crate::{Artifact, HeldError, JobId, JobStore, State, StoreOptions, WorkerId};

fn short_lease() -> StoreOptions {
    StoreOptions { lease: Duration::from_millis(40), ..patient() }
}

async fn state(store: &Arc<dyn JobStore>, job_id: &JobId) -> Option<State> {
    store.get(job_id).await.unwrap().map(|record| record.state)
}

/// Reaps until a job is in a state.
async fn reaped_into(store: &Arc<dyn JobStore>, job_id: &JobId, wanted: Option<State>) {
    until("the clock to do its work", || async {
        store.reap().await.unwrap();
        state(store, job_id).await == wanted
    })
    .await;
}

/// A job whose worker died is claimed again, and the dead worker's word counts no more.
pub async fn a_lost_worker_s_job_waits_again(harness: &impl Harness) {
    let store = harness.open(short_lease()).await;
    let job_id = submitted(&store).await;
    let lost = claimed(&store).await.held;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
    reaped_into(&store, &job_id, Some(State::Queued)).await;
    assert!(matches!(store.heartbeat(&lost, None).await, Err(HeldError::Lost)));
    let artifact = Artifact { filename: "late.pdf".into(), size: 1, ..Artifact::default() };
    assert!(matches!(store.complete(&lost, &artifact).await, Err(HeldError::Lost)));
    assert_eq!(claimed(&store).await.held.attempt, 2);
}

/// After three lost workers the job fails, and says so.
pub async fn a_lost_worker_s_job_is_given_up_in_the_end(harness: &impl Harness) {
    let store = harness.open(short_lease()).await;
    let job_id = submitted(&store).await;
    for _ in 0..2 {
        claimed(&store).await;
        reaped_into(&store, &job_id, Some(State::Queued)).await;
    }
    let last = claimed(&store).await.held;
    reaped_into(&store, &job_id, Some(State::Failed)).await;
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!(record.error, Some(store.options().given_up()));
    assert!(record.completed_at.is_some());
    assert!(matches!(store.heartbeat(&last, None).await, Err(HeldError::Lost)));
}

/// A worker that goes on sending heartbeats keeps its job beyond its first lease.
pub async fn a_heartbeat_keeps_the_lease(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let held = claimed(&store).await.held;
    let before = store.get(&job_id).await.unwrap().unwrap().expires_at;
    until("a heartbeat to be written", || async {
        store.heartbeat(&held, None).await.unwrap();
        store.get(&job_id).await.unwrap().unwrap().expires_at > before
    })
    .await;
    assert!(store.reap().await.unwrap().requeued.is_empty());
    assert_eq!(state(&store, &job_id).await, Some(State::Running));
}

/// An expired job is unknown; the name of its file is told once, so that it can be removed.
pub async fn a_record_expires_with_its_file(harness: &impl Harness) {
    let store = harness.open(StoreOptions { ttl: Duration::from_millis(300), ..patient() }).await;
    let job_id = submitted(&store).await;
    // On a busy machine it may expire before its turn, which is no other promise.
    if let Some(claim) = store.claim(&WorkerId::random()).await.unwrap() {
        let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
        let done = store.complete(&claim.held, &artifact).await;
        assert!(matches!(done, Ok(()) | Err(HeldError::Lost)), "{done:?}");
    }
    let before = store.changes(None).await.unwrap().now;
    until("the record to expire", || async { state(&store, &job_id).await.is_none() }).await;
    assert!(store.list(None, 10).await.unwrap().records.is_empty());
    assert_eq!(store.delete(&job_id).await.unwrap(), None);
    store.reap().await.unwrap();
    assert_eq!(state(&store, &job_id).await, None);
    assert_eq!(store.changes(Some(before)).await.unwrap().jobs, Some(vec![job_id.clone()]));
    // The id is free again.
    store.submit(&crate::NewJob { job_id, ..job(None) }).await.unwrap();
}

/// Submission, claim, heartbeat, retry and the end each set the time to live anew.
pub async fn each_write_renews_the_life_of_a_record(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let mut last = store.get(&job_id).await.unwrap().unwrap().expires_at;
    let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
    let mut held = None;
    for step in ["claim", "heartbeat", "fail", "claim", "release", "claim", "complete"] {
        // So that a renewal is later than the last by something that a clock can show.
        tokio::time::sleep(Duration::from_millis(15)).await;
        match step {
            "claim" => held = Some(claimed(&store).await.held),
            "heartbeat" => store.heartbeat(held.as_ref().unwrap(), None).await.unwrap(),
            "fail" => assert!(store.fail(held.as_ref().unwrap(), &fault(true)).await.is_ok()),
            "release" => store.release(held.as_ref().unwrap()).await.unwrap(),
            _ => store.complete(held.as_ref().unwrap(), &artifact).await.unwrap(),
        }
        let expires = store.get(&job_id).await.unwrap().unwrap().expires_at;
        assert!(expires > last, "{step} did not renew the life of the record");
        last = expires;
    }
}

/// A long queue loses nobody: a job that waits lives on while somebody reaps.
pub async fn a_waiting_job_does_not_expire(harness: &impl Harness) {
    let store = harness.open(StoreOptions { ttl: Duration::from_secs(10), ..patient() }).await;
    let job_id = submitted(&store).await;
    let first = store.get(&job_id).await.unwrap().unwrap().expires_at;
    until("its life to be renewed", || async {
        store.reap().await.unwrap();
        let record = store.get(&job_id).await.unwrap().expect("a waiting job to live on");
        record.expires_at > first
    })
    .await;
    assert_eq!(claimed(&store).await.held.job_id, job_id);
}
