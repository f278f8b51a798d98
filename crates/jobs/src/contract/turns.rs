//! Promises to those who wait for others.

use std::sync::Arc;

use super::{Harness, claimed, fault, job, patient, until};
use crate::{
    Artifact, Idempotency, JobId, JobStore, MostWaiting, NewJob, StoreError, StoreOptions, WorkerId,
};

async fn submitted_by(store: &Arc<dyn JobStore>, owner: &str) -> JobId {
    let job = NewJob { owner: Some(owner.into()), ..job(None) };
    store.submit(&job).await.unwrap().into_record().job_id
}

/// A hundred jobs of one hold up one of another by one job, and each one's come in their order.
pub async fn owners_take_turns(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let mut annas = Vec::new();
    for _ in 0..100 {
        annas.push(submitted_by(&store, "anna").await);
    }
    for expected in &annas[..50] {
        assert_eq!(claimed(&store).await.held.job_id, *expected);
    }
    let bens = [submitted_by(&store, "ben").await, submitted_by(&store, "ben").await];
    assert!(store.queue_position(&bens[0]).await.unwrap() <= Some(2));
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(claimed(&store).await.held.job_id);
    }
    let theirs = |owned: &[JobId]| order.iter().filter(|id| owned.contains(id)).cloned().collect::<Vec<_>>();
    assert_eq!((theirs(&bens), theirs(&annas)), (bens.to_vec(), annas[50..52].to_vec()));
    // Who comes late does not make up for the time before.
    let late = submitted_by(&store, "cleo").await;
    let mut before = 0;
    while claimed(&store).await.held.job_id != late {
        before += 1;
    }
    assert!(before <= 1, "{before} jobs came before it");
}

/// Another attempt does not go to the end of the queue.
pub async fn a_job_that_is_tried_again_keeps_its_turn(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let first = submitted_by(&store, "anna").await;
    let second = submitted_by(&store, "anna").await;
    let held = claimed(&store).await.held;
    assert_eq!(held.job_id, first);
    store.fail(&held, &fault(true)).await.unwrap();
    assert_eq!(claimed(&store).await.held.job_id, first);
    assert_eq!(claimed(&store).await.held.job_id, second);
}

/// What runs, has ended or is deleted does not wait.
pub async fn so_many_jobs_may_wait_and_no_more(harness: &impl Harness) {
    let most_waiting = MostWaiting { all: 5, each: 2 };
    let store = harness.open(StoreOptions { most_waiting, ..patient() }).await;
    let by = |owner: Option<&str>| NewJob { owner: owner.map(Into::into), ..job(None) };
    let key = Idempotency { key: "again".into(), fingerprint: "x".into() };
    let again = NewJob { idempotency: Some(key), ..by(Some("anna")) };
    let first = store.submit(&again).await.unwrap().into_record().job_id;
    store.submit(&by(Some("anna"))).await.unwrap();
    assert!(matches!(store.submit(&by(Some("anna"))).await, Err(StoreError::OwnerFull)));
    // Sent again it is the same job, and no other.
    let sent_again = NewJob { job_id: JobId::random(), ..again };
    assert_eq!(store.submit(&sent_again).await.unwrap().into_record().job_id, first);

    let held = claimed(&store).await.held;
    let third = store.submit(&by(Some("anna"))).await.unwrap().into_record().job_id;
    assert!(matches!(store.submit(&by(Some("anna"))).await, Err(StoreError::OwnerFull)));
    // Handed back it waits as well, as it did before.
    store.release(&held).await.unwrap();
    store.delete(&third).await.unwrap();
    assert!(matches!(store.submit(&by(Some("anna"))).await, Err(StoreError::OwnerFull)));
    let held = claimed(&store).await.held;
    let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
    store.complete(&held, &artifact).await.unwrap();
    store.submit(&by(Some("anna"))).await.unwrap();

    for _ in 0..3 {
        store.submit(&by(None)).await.unwrap();
    }
    assert!(matches!(store.submit(&by(Some("ben"))).await, Err(StoreError::Full)));
    assert!(matches!(store.submit(&by(None)).await, Err(StoreError::Full)));
    while store.claim(&WorkerId::random()).await.unwrap().is_some() {}
    until("room", async || store.submit(&by(Some("ben"))).await.is_ok()).await;
}
