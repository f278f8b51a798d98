//! Promises about claims.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Harness, artifact, claim_job, long_options, submit_job, wait_until};
use crate::WorkerId;

/// Jobs are claimed in the order in which they were submitted.
pub async fn first_in_is_first_out(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let mut expected = Vec::new();
    for _ in 0..20 {
        expected.push(submit_job(&store).await);
    }
    for job_id in expected {
        assert_eq!(claim_job(&store).await.held.job_id, job_id);
    }
}

/// A hundred workers that claim at the same time get each job once.
pub async fn each_job_is_claimed_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let mut waiting = HashSet::new();
    for _ in 0..40 {
        waiting.insert(submit_job(&store).await);
    }
    let claimers: Vec<_> = (0..100)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.claim(&WorkerId::random()).await.unwrap() })
        })
        .collect();
    let mut given = 0;
    for claimer in claimers {
        if let Some(claim) = claimer.await.unwrap() {
            assert!(waiting.remove(&claim.held.job_id), "{} was given twice", claim.held.job_id);
            assert_eq!(claim.held.attempt, 1);
            given += 1;
        }
    }
    assert_eq!((given, waiting.len()), (40, 0));
}

/// A worker that claims while it has a job gets the same job, since the first answer was lost.
pub async fn a_claim_whose_answer_was_lost_is_given_again(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    submit_job(&store).await;
    submit_job(&store).await;
    let worker = WorkerId::random();
    let first = store.claim(&worker).await.unwrap().unwrap();
    let record = store.get(&first.held.job_id).await.unwrap().unwrap();
    assert_eq!(store.claim(&worker).await.unwrap().as_ref(), Some(&first));
    let again = store.get(&first.held.job_id).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.started_at), (1, record.started_at));
    store.complete(&first.held, &artifact(&first.held.job_id)).await.unwrap();
    let second = store.claim(&worker).await.unwrap().unwrap();
    assert_ne!(second.held.job_id, first.held.job_id);
    // After a deletion the worker does not hold the job any more.
    store.delete(&second.held.job_id).await.unwrap();
    assert_eq!(store.claim(&worker).await.unwrap(), None);
}

/// A new job wakes a waiting worker, even one that began to wait after the submission.
pub async fn waiting_ends_when_a_job_comes(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    submit_job(&store).await;
    store.wait_for_work().await;
    claim_job(&store).await;
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                if let Some(claim) = store.claim(&WorkerId::random()).await.unwrap() {
                    return claim;
                }
                store.wait_for_work().await;
            }
        })
    };
    let job_id = submit_job(&store).await;
    wait_until("the worker that waits to have the job", || async { waiting.is_finished() }).await;
    assert_eq!(waiting.await.unwrap().held.job_id, job_id);
}
