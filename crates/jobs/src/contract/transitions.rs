//! Promises about submissions, claims and transitions.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use super::{
    Harness, claim_job, failure, long_options, new_job, read_state, submit_job, wait_until, without_expiry,
};
use crate::{
    AfterFailure, Artifact, Idempotency, JobId, JobState, Lease, LeaseError, MissingReason, NewJob,
    StoreError, Submission, WorkerId,
};

fn artifact(job_id: &JobId) -> Artifact {
    Artifact {
        filename: format!("report_{job_id}_1.pdf"),
        size: 12_345,
        missing: Some(3),
        missing_reasons: vec![MissingReason {
            reason: "remote".into(),
            count: 3,
            message: "3 pictures are \"on the web\" only, {[ – Ü".into(),
            hint: Some("add --fetch-media".into()),
        }],
        remote_pictures: Some(2),
        sha256: Some("e3b0".into()),
    }
}

/// A submitted job has a record at once, with what was submitted.
pub async fn a_submitted_job_waits(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let details = Some(json!({"dataset": "algar", "request": {"title": "\"a\" – Ü", "without": ["a", {}]}}));
    let new = NewJob { owner: Some("anna \"a\" – Ü".into()), details, ..new_job(Some(7)) };
    let Submission::New(answered) = store.submit(&new).await.unwrap() else { panic!("a new job") };
    let found = store.get(&new.job_id).await.unwrap().unwrap();
    assert_eq!(without_expiry(Some(answered)), without_expiry(Some(found.clone())));
    assert_eq!((found.kind, found.state, found.attempt), (Some(new.kind), JobState::Queued, 0));
    assert_eq!((found.total_detections, found.processed_count), (Some(7), Some(0)));
    assert_eq!((&found.title, &found.owner), (&Some(new.title), &new.owner));
    assert_eq!(found.details, new.details);
    assert!(found.created_at.is_some() && found.completed_at.is_none());
    assert_eq!((found.artifact(), found.error), (None, None));
    let claim = claim_job(&store).await;
    assert_eq!((&claim.held.job_id, claim.kind, claim.request), (&new.job_id, new.kind, new.request));
    store.complete(&claim.held, &artifact(&new.job_id)).await.unwrap();
    assert_eq!(store.get(&new.job_id).await.unwrap().unwrap().details, new.details);
}

/// A second job with the same id is refused and does not change the first.
pub async fn an_id_is_taken_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let first = new_job(None);
    let record = store.submit(&first).await.unwrap().into_record();
    let again = NewJob { total_detections: Some(1), ..first.clone() };
    assert!(matches!(store.submit(&again).await, Err(StoreError::Exists(id)) if id == first.job_id));
    assert_eq!(without_expiry(store.get(&first.job_id).await.unwrap()), without_expiry(Some(record)));
    claim_job(&store).await;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
}

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
    assert!(matches!(store.submit(&with_key("key", "b")).await, Err(StoreError::KeyTaken)));
    assert!(matches!(store.submit(&with_key("other", "b")).await.unwrap(), Submission::New(_)));
    assert_eq!(store.list(None, 10).await.unwrap().records.len(), 2);
}

/// The position is 1 for the next job, and `None` for a job that is not queued.
pub async fn a_job_knows_its_place_in_the_queue(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let ids = [submit_job(&store).await, submit_job(&store).await, submit_job(&store).await];
    assert_eq!(store.queue_position(&ids[2]).await.unwrap(), Some(3));
    claim_job(&store).await;
    assert_eq!(store.queue_position(&ids[0]).await.unwrap(), None);
    assert_eq!(store.queue_position(&ids[2]).await.unwrap(), Some(2));
    store.delete(&ids[1]).await.unwrap();
    assert_eq!(store.queue_position(&ids[2]).await.unwrap(), Some(1));
    assert_eq!(store.queue_position(&JobId::random()).await.unwrap(), None);
}

/// An available store answers.
pub async fn the_store_says_that_it_answers(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    store.ping().await.unwrap();
    assert_eq!(store.options(), &long_options());
}
