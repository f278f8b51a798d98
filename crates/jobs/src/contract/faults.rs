//! What a store does with jobs that it cannot hand out.

use serde_json::{Value, json};

use super::{Harness, claimed, job, patient, submitted};
use crate::{NewJob, State, WorkerId};

/// A value nested so deep that what is written cannot be read again.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

/// A claim that fails for ever would be given to every worker again, and nobody's job be done.
pub async fn a_job_that_cannot_be_read_fails_and_holds_up_no_other(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let unreadable = NewJob { request: nested(200), ..job(None) };
    store.submit(&unreadable).await.unwrap();
    let next = submitted(&store).await;
    assert_eq!(claimed(&store).await.held.job_id, next);
    let record = store.get(&unreadable.job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt), (State::Failed, 1));
    assert!(record.error.unwrap().contains("submit it again"));
    assert!(store.claim(&WorkerId::random()).await.unwrap().is_none());
}
