//! Promises about submissions.

use serde_json::{Value, json};

use super::{Harness, artifact, claim_job, long_options, new_job, without_expiry};
use crate::{Idempotency, JobRecord, JobState, NewJob, Submission, SubmitError, WorkerId};

/// A submitted job has a record at once, with what was submitted.
pub async fn a_submitted_job_waits(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let details = Some(json!({"dataset": "algar", "request": {"title": "\"a\" – Ü", "without": ["a", {}]}}));
    let new = NewJob { owner: Some("anna \"a\" – Ü".into()), details, ..new_job(Some(7)) };
    let details = |record: &JobRecord| {
        record.details.as_ref().map(|details| serde_json::from_str::<Value>(details.as_str()).unwrap())
    };
    let Submission::New(answered) = store.submit(&new).await.unwrap() else { panic!("a new job") };
    let found = store.get(&new.job_id).await.unwrap().unwrap();
    assert_eq!(without_expiry(Some(answered)), without_expiry(Some(found.clone())));
    assert_eq!((found.kind, found.state, found.attempt), (Some(new.kind), JobState::Queued, 0));
    assert_eq!((found.total_detections, found.processed_count), (Some(7), Some(0)));
    assert_eq!((&found.title, &found.owner), (&Some(new.title), &new.owner));
    assert_eq!(details(&found), new.details);
    assert!(found.created_at.is_some() && found.completed_at.is_none());
    assert_eq!((found.artifact(), found.error), (None, None));
    let claim = claim_job(&store).await;
    assert_eq!((&claim.held.job_id, claim.kind, claim.request), (&new.job_id, new.kind, new.request));
    store.complete(&claim.held, &artifact(&new.job_id)).await.unwrap();
    assert_eq!(details(&store.get(&new.job_id).await.unwrap().unwrap()), new.details);
}

/// A second job with the same id is refused and does not change the first.
pub async fn an_id_is_taken_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let first = new_job(None);
    let record = store.submit(&first).await.unwrap().into_record();
    let again = NewJob { total_detections: Some(1), ..first.clone() };
    assert!(matches!(store.submit(&again).await, Err(SubmitError::Exists(id)) if id == first.job_id));
    assert_eq!(without_expiry(store.get(&first.job_id).await.unwrap()), without_expiry(Some(record)));
    claim_job(&store).await;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
}

fn with_key(key: &str, fingerprint: &str) -> NewJob {
    let idempotency = Idempotency { key: key.into(), fingerprint: fingerprint.into() };
    NewJob { idempotency: Some(idempotency), ..new_job(None) }
}

/// A client whose answer was lost repeats its request, and gets the same job.
pub async fn a_repeated_submission_is_the_same_job(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let first = with_key("key", "a");
    assert!(matches!(store.submit(&first).await.unwrap(), Submission::New(_)));
    let again = store.submit(&with_key("key", "a")).await.unwrap();
    assert!(matches!(&again, Submission::Repeated(record) if record.job_id == first.job_id), "{again:?}");
    let held = claim_job(&store).await.held;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None, "one job for both");
    store.complete(&held, &artifact(&first.job_id)).await.unwrap();
    let Submission::Repeated(record) = store.submit(&with_key("key", "a")).await.unwrap() else {
        panic!("the job of before")
    };
    assert_eq!(record.state, JobState::Completed);
    // Deletion releases the key.
    store.delete(&first.job_id).await.unwrap();
    assert!(matches!(store.submit(&with_key("key", "b")).await.unwrap(), Submission::New(_)));
}

/// A key that is used again for another request is refused.
pub async fn a_key_is_for_one_request(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    store.submit(&with_key("key", "a")).await.unwrap();
    assert!(matches!(store.submit(&with_key("key", "b")).await, Err(SubmitError::KeyTaken)));
    assert!(matches!(store.submit(&with_key("other", "b")).await.unwrap(), Submission::New(_)));
    assert_eq!(store.list(None, 10).await.unwrap().records.len(), 2);
}
