//! Promises about reading several jobs at once.

use std::time::Duration;

use super::{Harness, claim_job, failure, long_options, submit_job, without_expiry};
use crate::{JobId, StoreOptions};

/// Each record equals the one that is read alone, and is in its place; a missing job is `None`.
pub async fn several_jobs_are_read_at_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let (first, second) = (submit_job(&store).await, submit_job(&store).await);
    let held = claim_job(&store).await.held;
    store.fail(&held, &failure(false)).await.unwrap();
    let ids = [second.clone(), JobId::random(), first.clone(), second.clone()];
    let mut alone = Vec::new();
    for job_id in &ids {
        alone.push(store.get(job_id).await.unwrap());
    }
    assert!(alone[0].is_some() && alone[1].is_none());
    let alone: Vec<_> = alone.into_iter().map(without_expiry).collect();
    let whole: Vec<_> = store.get_many(&ids).await.unwrap().into_iter().map(Result::unwrap).collect();
    assert!(whole.iter().flatten().all(|record| record.expires_at.is_some()), "{whole:?}");
    assert_eq!(whole.into_iter().map(without_expiry).collect::<Vec<_>>(), alone);
    let peeked = store.peek_many(&ids).await.unwrap().into_iter();
    assert_eq!(peeked.map(|record| without_expiry(record.unwrap())).collect::<Vec<_>>(), alone);
    assert!(store.get_many(&[]).await.unwrap().is_empty());
    assert!(store.peek_many(&[]).await.unwrap().is_empty());
}

/// Positions that are read together equal those that are read one by one: for few jobs, for many, and for
/// jobs that wait for another attempt.
pub async fn places_that_are_read_at_once_are_the_same(harness: &impl Harness) {
    let options = StoreOptions { retry_delay: Duration::from_mins(10), ..long_options() };
    let store = harness.open(options).await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(submit_job(&store).await);
    }
    // Of the first three jobs one is running, one waits for another attempt, and one has failed.
    for may_pass in [true, false] {
        let held = claim_job(&store).await.held;
        store.fail(&held, &failure(may_pass)).await.unwrap();
    }
    claim_job(&store).await;
    ids.push(JobId::random());
    ids.reverse();
    let mut alone = Vec::new();
    for job_id in &ids {
        alone.push(store.queue_position(job_id).await.unwrap());
    }
    assert_eq!(alone.iter().flatten().count(), 28, "{alone:?}");
    assert_eq!(store.queue_positions(&ids).await.unwrap(), alone);
    let last = ids.len() - 4;
    assert_eq!(store.queue_positions(&ids[last..]).await.unwrap(), alone[last..]);
    assert!(store.queue_positions(&[]).await.unwrap().is_empty());
    let placed = store.get_placed(&ids).await.unwrap();
    let positions: Vec<_> =
        placed.into_iter().map(|job| job.unwrap().and_then(|(_, position)| position)).collect();
    assert_eq!(positions, alone);
}
