//! Promises about expiry.

use std::sync::Arc;
use std::time::Duration;

use super::{Harness, claim_job, failure, long_options, new_job, read_state, submit_job, wait_until};
use crate::{Artifact, JobId, JobState, JobStore, LeaseError, StoreOptions, WorkerId};

fn short_lease() -> StoreOptions {
    StoreOptions { lease: Duration::from_millis(40), ..long_options() }
}

/// Reaps until a job is in a state.
async fn reap_until(store: &Arc<dyn JobStore>, job_id: &JobId, expected: Option<JobState>) {
    wait_until("the job to be reaped", || async {
        store.reap().await.unwrap();
        read_state(store, job_id).await == expected
    })
    .await;
}

/// The job of a dead worker can be claimed again, and late calls of the dead worker are refused.
pub async fn a_lost_worker_s_job_waits_again(harness: &impl Harness) {
    let store = harness.open(short_lease()).await;
    let job_id = submit_job(&store).await;
    let lost = claim_job(&store).await.held;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
    reap_until(&store, &job_id, Some(JobState::Queued)).await;
    assert!(matches!(store.heartbeat(&lost, None).await, Err(LeaseError::Lost)));
    let artifact = Artifact { filename: "late.pdf".into(), size: 1, ..Artifact::default() };
    assert!(matches!(store.complete(&lost, &artifact).await, Err(LeaseError::Lost)));
    assert_eq!(claim_job(&store).await.held.attempt, 2);
}

/// After three lost workers the job fails with a message.
pub async fn a_lost_worker_s_job_is_given_up_in_the_end(harness: &impl Harness) {
    let store = harness.open(short_lease()).await;
    let job_id = submit_job(&store).await;
    for _ in 0..2 {
        claim_job(&store).await;
        reap_until(&store, &job_id, Some(JobState::Queued)).await;
    }
    let last = claim_job(&store).await.held;
    reap_until(&store, &job_id, Some(JobState::Failed)).await;
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!(record.error, Some(store.options().give_up_message()));
    assert!(record.completed_at.is_some());
    assert!(matches!(store.heartbeat(&last, None).await, Err(LeaseError::Lost)));
}

/// A worker that sends heartbeats keeps its job beyond its first lease.
pub async fn a_heartbeat_keeps_the_lease(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let held = claim_job(&store).await.held;
    let before = store.get(&job_id).await.unwrap().unwrap().expires_at;
    wait_until("a heartbeat to be written", || async {
        store.heartbeat(&held, None).await.unwrap();
        store.get(&job_id).await.unwrap().unwrap().expires_at > before
    })
    .await;
    assert!(store.reap().await.unwrap().requeued.is_empty());
    assert_eq!(read_state(&store, &job_id).await, Some(JobState::Running));
}

/// An expired job is unknown, and its id can be used again.
pub async fn a_record_expires_with_its_file(harness: &impl Harness) {
    let store = harness.open(StoreOptions { ttl: Duration::from_millis(300), ..long_options() }).await;
    let job_id = submit_job(&store).await;
    // On a busy machine it may expire before it is claimed.
    if let Some(claim) = store.claim(&WorkerId::random()).await.unwrap() {
        let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
        let done = store.complete(&claim.held, &artifact).await;
        assert!(matches!(done, Ok(()) | Err(LeaseError::Lost)), "{done:?}");
    }
    let before = store.changes(None).await.unwrap().now;
    wait_until("the record to expire", || async { read_state(&store, &job_id).await.is_none() }).await;
    assert!(store.list(None, 10).await.unwrap().records.is_empty());
    assert_eq!(store.delete(&job_id).await.unwrap(), None);
    store.reap().await.unwrap();
    assert_eq!(read_state(&store, &job_id).await, None);
    assert_eq!(store.changes(Some(before)).await.unwrap().jobs, Some(vec![job_id.clone()]));
    // The id is free again.
    store.submit(&crate::NewJob { job_id, ..new_job(None) }).await.unwrap();
}

/// Submission, claim, heartbeat, retry and completion each renew the time to live.
pub async fn each_write_renews_the_life_of_a_record(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let mut last = store.get(&job_id).await.unwrap().unwrap().expires_at;
    let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
    let mut held = None;
    for step in ["claim", "heartbeat", "fail", "claim", "release", "claim", "complete"] {
        // Makes the next renewal later by a measurable time.
        tokio::time::sleep(Duration::from_millis(15)).await;
        match step {
            "claim" => held = Some(claim_job(&store).await.held),
            "heartbeat" => store.heartbeat(held.as_ref().unwrap(), None).await.unwrap(),
            "fail" => assert!(store.fail(held.as_ref().unwrap(), &failure(true)).await.is_ok()),
            "release" => store.release(held.as_ref().unwrap()).await.unwrap(),
            _ => store.complete(held.as_ref().unwrap(), &artifact).await.unwrap(),
        }
        let expires = store.get(&job_id).await.unwrap().unwrap().expires_at;
        assert!(expires > last, "{step} did not renew the life of the record");
        last = expires;
    }
}

/// A queued job does not expire while any process reaps, so no job is lost in a long queue.
pub async fn a_waiting_job_does_not_expire(harness: &impl Harness) {
    let store = harness.open(StoreOptions { ttl: Duration::from_secs(10), ..long_options() }).await;
    let job_id = submit_job(&store).await;
    let first = store.get(&job_id).await.unwrap().unwrap().expires_at;
    wait_until("its life to be renewed", || async {
        store.reap().await.unwrap();
        let record = store.get(&job_id).await.unwrap().expect("a waiting job to live on");
        record.expires_at > first
    })
    .await;
    assert_eq!(claim_job(&store).await.held.job_id, job_id);
}
