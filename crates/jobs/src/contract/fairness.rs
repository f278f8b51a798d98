//! Promises about fairness and limits of the queue.

use std::sync::Arc;

use super::{Harness, claim_job, failure, long_options, new_job, wait_until};
use crate::{
    Artifact, Idempotency, JobId, JobStore, NewJob, QueueLimits, StoreOptions, SubmitError, WorkerId,
};

async fn submit_job_of(store: &Arc<dyn JobStore>, owner: &str) -> JobId {
    let job = NewJob { owner: Some(owner.into()), ..new_job(None) };
    store.submit(&job).await.unwrap().into_record().job_id
}

/// A hundred jobs of one owner delay a job of another owner by one job, and the jobs of each owner keep their
/// order.
pub async fn owners_take_turns(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let mut annas = Vec::new();
    for _ in 0..100 {
        annas.push(submit_job_of(&store, "anna").await);
    }
    for expected in &annas[..50] {
        assert_eq!(claim_job(&store).await.held.job_id, *expected);
    }
    let bens = [submit_job_of(&store, "ben").await, submit_job_of(&store, "ben").await];
    assert!(store.queue_position(&bens[0]).await.unwrap() <= Some(2));
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(claim_job(&store).await.held.job_id);
    }
    let theirs = |owned: &[JobId]| order.iter().filter(|id| owned.contains(id)).cloned().collect::<Vec<_>>();
    assert_eq!((theirs(&bens), theirs(&annas)), (bens.to_vec(), annas[50..52].to_vec()));
    // A late owner gets no credit for the time before.
    let late = submit_job_of(&store, "cleo").await;
    let mut before = 0;
    while claim_job(&store).await.held.job_id != late {
        before += 1;
    }
    assert!(before <= 1, "{before} jobs came before it");
}

/// A job that waits for another attempt does not go to the end of the queue.
pub async fn a_job_that_is_tried_again_keeps_its_turn(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let first = submit_job_of(&store, "anna").await;
    let second = submit_job_of(&store, "anna").await;
    let held = claim_job(&store).await.held;
    assert_eq!(held.job_id, first);
    store.fail(&held, &failure(true)).await.unwrap();
    assert_eq!(claim_job(&store).await.held.job_id, first);
    assert_eq!(claim_job(&store).await.held.job_id, second);
}

/// Running, ended and deleted jobs do not count against the limits.
pub async fn the_queue_is_limited_in_total_and_per_owner(harness: &impl Harness) {
    let queue_limits = QueueLimits { total: 5, per_owner: 2 };
    let store = harness.open(StoreOptions { queue_limits, ..long_options() }).await;
    let by = |owner: Option<&str>| NewJob { owner: owner.map(Into::into), ..new_job(None) };
    let key = Idempotency { key: "again".into(), fingerprint: "x".into() };
    let again = NewJob { idempotency: Some(key), ..by(Some("anna")) };
    let first = store.submit(&again).await.unwrap().into_record().job_id;
    store.submit(&by(Some("anna"))).await.unwrap();
    assert!(matches!(store.submit(&by(Some("anna"))).await, Err(SubmitError::OwnerFull)));
    // A repeated submission is the same job.
    let sent_again = NewJob { job_id: JobId::random(), ..again };
    assert_eq!(store.submit(&sent_again).await.unwrap().into_record().job_id, first);

    let held = claim_job(&store).await.held;
    let third = store.submit(&by(Some("anna"))).await.unwrap().into_record().job_id;
    assert!(matches!(store.submit(&by(Some("anna"))).await, Err(SubmitError::OwnerFull)));
    // A job that is handed back is queued again.
    store.release(&held).await.unwrap();
    store.delete(&third).await.unwrap();
    assert!(matches!(store.submit(&by(Some("anna"))).await, Err(SubmitError::OwnerFull)));
    let held = claim_job(&store).await.held;
    let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
    store.complete(&held, &artifact).await.unwrap();
    store.submit(&by(Some("anna"))).await.unwrap();

    for _ in 0..3 {
        store.submit(&by(None)).await.unwrap();
    }
    assert!(matches!(store.submit(&by(Some("ben"))).await, Err(SubmitError::Full)));
    assert!(matches!(store.submit(&by(None)).await, Err(SubmitError::Full)));
    while store.claim(&WorkerId::random()).await.unwrap().is_some() {}
    wait_until("room", async || store.submit(&by(Some("ben"))).await.is_ok()).await;
}
