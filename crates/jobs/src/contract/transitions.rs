//! Promises about heartbeats, the ends of attempts, and deletion.

use serde_json::json;

use super::{
    Harness, artifact, claim_job, failure, long_options, new_job, read_state, submit_job, without_expiry,
};
use crate::{AfterFailure, Artifact, JobId, JobState, Lease, LeaseError, MissingReason, WorkerId};

/// The record has the count of the last heartbeat.
pub async fn progress_is_shown(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = store.submit(&new_job(Some(10))).await.unwrap().into_record().job_id;
    let held = claim_job(&store).await.held;
    store.heartbeat(&held, Some(4)).await.unwrap();
    store.heartbeat(&held, None).await.unwrap();
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.processed_count), (JobState::Running, Some(4)));
    assert!(record.started_at.is_some());
}

/// The record of a completed job has the time, the file, the counts and the reasons.
pub async fn a_completed_job_has_its_file(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = store.submit(&new_job(Some(10))).await.unwrap().into_record().job_id;
    let held = claim_job(&store).await.held;
    store.heartbeat(&held, Some(4)).await.unwrap();
    store.complete(&held, &artifact(&job_id)).await.unwrap();
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.artifact()), (JobState::Completed, Some(artifact(&job_id))));
    assert_eq!((record.processed_count, record.missing_count), (Some(10), Some(3)));
    assert_eq!(
        (record.missing_reasons, record.remote_pictures),
        (artifact(&job_id).missing_reasons, Some(2))
    );
    assert!(record.completed_at >= record.created_at && record.completed_at.is_some());
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
}

/// All ways of reading a record return the reasons, as many as fit.
pub async fn reasons_for_what_is_missing_are_kept(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = store.submit(&new_job(Some(10))).await.unwrap().into_record().job_id;
    let held = claim_job(&store).await.held;
    let reason = |count| MissingReason {
        reason: "not_fetched".into(),
        count,
        message: "ü\"{[".repeat(100),
        hint: None,
    };
    let reasons: Vec<MissingReason> = (1..=20).rev().map(reason).collect();
    let artifact = Artifact { missing_reasons: reasons.clone(), ..artifact(&job_id) };
    store.complete(&held, &artifact).await.unwrap();
    let kept = store.get(&job_id).await.unwrap().unwrap().missing_reasons;
    assert!(!kept.is_empty() && reasons.starts_with(&kept), "the first of them: {kept:?}");
    assert!(json!(kept).to_string().len() <= 4 << 10);
    let job_ids = [job_id];
    let many = store.get_many(&job_ids).await.unwrap().into_iter();
    let peeked = store.peek_many(&job_ids).await.unwrap().into_iter();
    let listed = store.list(None, 10).await.unwrap().records.into_iter().map(|(_, record)| record);
    let read = many.chain(peeked).map(|record| record.unwrap().unwrap()).chain(listed);
    let reasons: Vec<_> = read.map(|record| record.missing_reasons).collect();
    assert_eq!(reasons, vec![kept; 3]);
}

/// The answer to the first call may have been lost.
pub async fn completing_twice_is_no_error(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let held = claim_job(&store).await.held;
    store.complete(&held, &artifact(&job_id)).await.unwrap();
    let record = store.get(&job_id).await.unwrap();
    store.complete(&held, &artifact(&job_id)).await.unwrap();
    assert_eq!(without_expiry(store.get(&job_id).await.unwrap()), without_expiry(record.clone()));
}

/// Only deletion and expiry change a completed or failed job.
pub async fn what_is_final_stays(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    for completes in [true, false] {
        let job_id = submit_job(&store).await;
        let held = claim_job(&store).await.held;
        if completes {
            store.complete(&held, &artifact(&job_id)).await.unwrap();
        } else {
            store.fail(&held, &failure(false)).await.unwrap();
        }
        let record = store.get(&job_id).await.unwrap().unwrap();
        assert!(record.state.is_final());
        assert!(matches!(store.heartbeat(&held, Some(1)).await, Err(LeaseError::Lost)));
        assert!(matches!(store.fail(&held, &failure(true)).await, Err(LeaseError::Lost)));
        assert!(matches!(store.release(&held).await, Err(LeaseError::Lost)));
        let other = Artifact { filename: "other.pdf".into(), size: 1, ..Artifact::default() };
        assert!(matches!(store.complete(&held, &other).await, Err(LeaseError::Lost)));
        assert!(!store.is_held(&held).await.unwrap());
        assert_eq!(without_expiry(store.get(&job_id).await.unwrap()), without_expiry(Some(record)));
    }
}

/// Another attempt would fail in the same way.
pub async fn a_wrong_input_fails_at_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let held = claim_job(&store).await.held;
    assert_eq!(store.fail(&held, &failure(false)).await.unwrap(), AfterFailure::Failed);
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.error), (JobState::Failed, Some(failure(false).message)));
    assert!(record.completed_at.is_some());
    assert_eq!(record.filename, None);
}

/// After a temporary error the job is queued again, and the next attempt has the next number.
pub async fn a_temporary_error_is_retried(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let held = claim_job(&store).await.held;
    assert_eq!(store.fail(&held, &failure(true)).await.unwrap(), AfterFailure::Retry);
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.error, record.completed_at), (JobState::Queued, None, None));
    assert_eq!(claim_job(&store).await.held, Lease { job_id, attempt: 2 });
}

/// The record has the error of the last attempt.
pub async fn a_temporary_error_fails_after_the_last_attempt(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    for expected in [AfterFailure::Retry, AfterFailure::Retry, AfterFailure::Failed] {
        let held = claim_job(&store).await.held;
        assert_eq!(store.fail(&held, &failure(true)).await.unwrap(), expected);
    }
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt), (JobState::Failed, 3));
    assert_eq!(record.error, Some(failure(true).message));
}

/// Late calls of an attempt that has lost its job are refused.
pub async fn an_old_attempt_changes_nothing(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let old = claim_job(&store).await.held;
    store.fail(&old, &failure(true)).await.unwrap();
    let current = claim_job(&store).await.held;
    let record = store.get(&job_id).await.unwrap();
    assert!(matches!(store.heartbeat(&old, Some(9)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.complete(&old, &artifact(&job_id)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.fail(&old, &failure(false)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.release(&old).await, Err(LeaseError::Lost)));
    assert!(!store.is_held(&old).await.unwrap() && store.is_held(&current).await.unwrap());
    assert_eq!(without_expiry(store.get(&job_id).await.unwrap()), without_expiry(record.clone()));
    store.complete(&current, &artifact(&job_id)).await.unwrap();
    assert!(matches!(store.complete(&old, &artifact(&job_id)).await, Err(LeaseError::Lost)));
    assert_eq!(read_state(&store, &job_id).await, Some(JobState::Completed));
}

/// A job can be handed back any number of times.
pub async fn a_job_handed_back_uses_no_attempt(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    for number in 1..=5 {
        let held = claim_job(&store).await.held;
        assert_eq!(held.attempt, number, "the fencing token is never used twice");
        store.release(&held).await.unwrap();
        assert_eq!(read_state(&store, &job_id).await, Some(JobState::Queued));
    }
    let held = claim_job(&store).await.held;
    assert_eq!(store.fail(&held, &failure(true)).await.unwrap(), AfterFailure::Retry);
}

/// Deletion returns the record, and later calls of the worker are refused.
pub async fn a_job_is_deleted_in_every_state(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    assert_eq!(store.delete(&JobId::random()).await.unwrap(), None);
    for expected in [JobState::Queued, JobState::Running, JobState::Completed, JobState::Failed] {
        let job_id = submit_job(&store).await;
        let mut held = None;
        if expected != JobState::Queued {
            let claim = claim_job(&store).await.held;
            match expected {
                JobState::Completed => store.complete(&claim, &artifact(&job_id)).await.unwrap(),
                JobState::Failed => assert!(store.fail(&claim, &failure(false)).await.is_ok()),
                _ => held = Some(claim),
            }
        }
        let deleted = store.delete(&job_id).await.unwrap().unwrap();
        assert_eq!((deleted.state, &deleted.job_id), (expected, &job_id));
        assert_eq!(deleted.artifact(), (expected == JobState::Completed).then(|| artifact(&job_id)));
        assert_eq!(read_state(&store, &job_id).await, None);
        if let Some(held) = held {
            assert!(!store.is_held(&held).await.unwrap());
            assert!(matches!(store.heartbeat(&held, None).await, Err(LeaseError::Lost)));
        }
        assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
        assert_eq!(store.delete(&job_id).await.unwrap(), None);
    }
}

/// No call of its worker brings a deleted job back.
pub async fn a_deleted_job_stays_gone(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let job_id = submit_job(&store).await;
    let held = claim_job(&store).await.held;
    store.delete(&job_id).await.unwrap();
    assert!(matches!(store.heartbeat(&held, Some(1)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.complete(&held, &artifact(&job_id)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.fail(&held, &failure(true)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.release(&held).await, Err(LeaseError::Lost)));
    assert_eq!(read_state(&store, &job_id).await, None);
    assert!(store.list(None, 10).await.unwrap().records.is_empty());
}

/// The time of submission never changes.
pub async fn created_at_is_set_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let new = new_job(Some(3));
    let created = store.submit(&new).await.unwrap().into_record().created_at;
    let now = || async { store.get(&new.job_id).await.unwrap().unwrap().created_at };
    let first = claim_job(&store).await.held;
    assert_eq!(now().await, created);
    store.fail(&first, &failure(true)).await.unwrap();
    assert_eq!(now().await, created);
    let second = claim_job(&store).await.held;
    store.heartbeat(&second, Some(1)).await.unwrap();
    assert_eq!(now().await, created);
    store.complete(&second, &artifact(&new.job_id)).await.unwrap();
    assert_eq!(now().await, created);
}
