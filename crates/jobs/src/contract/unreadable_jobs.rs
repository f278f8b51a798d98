//! Promises about jobs whose request cannot be read.

use serde_json::{Value, json};

use super::{Harness, claim_job, long_options, new_job, submit_job};
use crate::{JobState, NewJob, WorkerId};

/// A value nested so deep that it cannot be read again after it was written.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

/// Otherwise every worker would claim the same job again and again.
pub async fn a_job_that_cannot_be_read_fails_and_holds_up_no_other(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let unreadable = NewJob { request: nested(200), ..new_job(None) };
    store.submit(&unreadable).await.unwrap();
    let next = submit_job(&store).await;
    assert_eq!(claim_job(&store).await.held.job_id, next);
    let record = store.get(&unreadable.job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt), (JobState::Failed, 1));
    assert!(record.error.unwrap().contains("submit it again"));
    assert!(store.claim(&WorkerId::random()).await.unwrap().is_none());
}
