//! Promises about transitions.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use super::{Harness, claimed, fault, job, patient, submitted, until};
use crate::{
    AfterFailure, Artifact, Held, HeldError, Idempotency, JobId, JobStore, MissingReason, NewJob, Record,
    State, StoreError, Submitted, WorkerId,
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

async fn state(store: &Arc<dyn JobStore>, job_id: &JobId) -> Option<State> {
    store.get(job_id).await.unwrap().map(|record| record.state)
}

/// A record without its end, which a store may know as the time that is left, and so a little
/// differently each time.
fn lasting(record: Option<Record>) -> Option<Record> {
    record.map(|record| Record { expires_at: None, ..record })
}

/// The status is there as soon as the job is, and tells what was asked for.
pub async fn a_submitted_job_waits(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let new = NewJob { owner: Some("anna \"a\" – Ü".into()), ..job(Some(7)) };
    let Submitted::New(answered) = store.submit(&new).await.unwrap() else { panic!("a new job") };
    let found = store.get(&new.job_id).await.unwrap().unwrap();
    assert_eq!(lasting(Some(answered)), lasting(Some(found.clone())));
    assert_eq!((found.kind, found.state, found.attempt), (Some(new.kind), State::Queued, 0));
    assert_eq!((found.total_detections, found.processed_count), (Some(7), Some(0)));
    assert_eq!((&found.title, &found.owner), (&Some(new.title), &new.owner));
    assert!(found.created_at.is_some() && found.completed_at.is_none());
    assert_eq!((found.artifact(), found.error), (None, None));
    let claim = claimed(&store).await;
    assert_eq!((claim.held.job_id, claim.kind, claim.request), (new.job_id, new.kind, new.request));
}

/// A second job with the same id is refused, and changes nothing of the first.
pub async fn an_id_is_taken_once(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let first = job(None);
    let record = store.submit(&first).await.unwrap().into_record();
    let again = NewJob { total_detections: Some(1), ..first.clone() };
    assert!(matches!(store.submit(&again).await, Err(StoreError::Exists(id)) if id == first.job_id));
    assert_eq!(lasting(store.get(&first.job_id).await.unwrap()), lasting(Some(record)));
    claimed(&store).await;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
}

/// Jobs are claimed in the order in which they were submitted.
pub async fn first_in_is_first_out(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let mut expected = Vec::new();
    for _ in 0..20 {
        expected.push(submitted(&store).await);
    }
    for job_id in expected {
        assert_eq!(claimed(&store).await.held.job_id, job_id);
    }
}

/// A hundred workers that ask at once get each job once.
pub async fn each_job_is_claimed_once(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let mut waiting = HashSet::new();
    for _ in 0..40 {
        waiting.insert(submitted(&store).await);
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

/// A worker that asks while it has a job did not hear that it was given one: it is given that
/// one again, and no second one.
pub async fn a_claim_whose_answer_was_lost_is_given_again(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    submitted(&store).await;
    submitted(&store).await;
    let worker = WorkerId::random();
    let first = store.claim(&worker).await.unwrap().unwrap();
    let record = store.get(&first.held.job_id).await.unwrap().unwrap();
    assert_eq!(store.claim(&worker).await.unwrap().as_ref(), Some(&first));
    let again = store.get(&first.held.job_id).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.started_at), (1, record.started_at));
    store.complete(&first.held, &artifact(&first.held.job_id)).await.unwrap();
    let second = store.claim(&worker).await.unwrap().unwrap();
    assert_ne!(second.held.job_id, first.held.job_id);
    // Taken from it, a job is not its own any more.
    store.delete(&second.held.job_id).await.unwrap();
    assert_eq!(store.claim(&worker).await.unwrap(), None);
}

/// A heartbeat's count is in the status.
pub async fn progress_is_shown(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = store.submit(&job(Some(10))).await.unwrap().into_record().job_id;
    let held = claimed(&store).await.held;
    store.heartbeat(&held, Some(4)).await.unwrap();
    store.heartbeat(&held, None).await.unwrap();
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.processed_count), (State::Running, Some(4)));
    assert!(record.started_at.is_some());
}

/// A completed job says when, what its file is called, that everything is done and what is missing.
pub async fn a_completed_job_has_its_file(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = store.submit(&job(Some(10))).await.unwrap().into_record().job_id;
    let held = claimed(&store).await.held;
    store.heartbeat(&held, Some(4)).await.unwrap();
    store.complete(&held, &artifact(&job_id)).await.unwrap();
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.artifact()), (State::Completed, Some(artifact(&job_id))));
    assert_eq!((record.processed_count, record.missing_count), (Some(10), Some(3)));
    assert_eq!(
        (record.missing_reasons, record.remote_pictures),
        (artifact(&job_id).missing_reasons, Some(2))
    );
    assert!(record.completed_at >= record.created_at && record.completed_at.is_some());
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
}

/// Why detections are missing is told by every way of reading a record, as far as it fits there.
pub async fn reasons_for_what_is_missing_are_kept(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = store.submit(&job(Some(10))).await.unwrap().into_record().job_id;
    let held = claimed(&store).await.held;
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
    let told: Vec<_> = read.map(|record| record.missing_reasons).collect();
    assert_eq!(told, vec![kept; 3]);
}

/// The answer to the first may have been lost on the way.
pub async fn completing_twice_is_no_error(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let held = claimed(&store).await.held;
    store.complete(&held, &artifact(&job_id)).await.unwrap();
    let record = store.get(&job_id).await.unwrap();
    store.complete(&held, &artifact(&job_id)).await.unwrap();
    assert_eq!(lasting(store.get(&job_id).await.unwrap()), lasting(record.clone()));
}

/// Nothing but deletion and time changes a completed or failed job.
pub async fn what_is_final_stays(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    for completes in [true, false] {
        let job_id = submitted(&store).await;
        let held = claimed(&store).await.held;
        if completes {
            store.complete(&held, &artifact(&job_id)).await.unwrap();
        } else {
            store.fail(&held, &fault(false)).await.unwrap();
        }
        let record = store.get(&job_id).await.unwrap().unwrap();
        assert!(record.state.is_final());
        assert!(matches!(store.heartbeat(&held, Some(1)).await, Err(HeldError::Lost)));
        assert!(matches!(store.fail(&held, &fault(true)).await, Err(HeldError::Lost)));
        assert!(matches!(store.release(&held).await, Err(HeldError::Lost)));
        let other = Artifact { filename: "other.pdf".into(), size: 1, ..Artifact::default() };
        assert!(matches!(store.complete(&held, &other).await, Err(HeldError::Lost)));
        assert!(!store.is_held(&held).await.unwrap());
        assert_eq!(lasting(store.get(&job_id).await.unwrap()), lasting(Some(record)));
    }
}

/// Another attempt at a wrong input would be wrong again.
pub async fn a_wrong_input_fails_at_once(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let held = claimed(&store).await.held;
    assert_eq!(store.fail(&held, &fault(false)).await.unwrap(), AfterFailure::Failed);
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.error), (State::Failed, Some(fault(false).message)));
    assert!(record.completed_at.is_some());
    assert_eq!(record.filename, None);
}

/// After a passing fault the job waits again, and its next attempt has the next number.
pub async fn a_passing_fault_is_tried_again(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let held = claimed(&store).await.held;
    assert_eq!(store.fail(&held, &fault(true)).await.unwrap(), AfterFailure::Retry);
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.error, record.completed_at), (State::Queued, None, None));
    assert_eq!(claimed(&store).await.held, Held { job_id, attempt: 2 });
}

/// The last attempt's reason is the one that is told.
pub async fn a_passing_fault_is_given_up_in_the_end(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    for expected in [AfterFailure::Retry, AfterFailure::Retry, AfterFailure::Failed] {
        let held = claimed(&store).await.held;
        assert_eq!(store.fail(&held, &fault(true)).await.unwrap(), expected);
    }
    let record = store.get(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt), (State::Failed, 3));
    assert_eq!(record.error, Some(fault(true).message));
}

/// A late word of an attempt that lost its job is not heard.
pub async fn an_old_attempt_changes_nothing(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let old = claimed(&store).await.held;
    store.fail(&old, &fault(true)).await.unwrap();
    let current = claimed(&store).await.held;
    let record = store.get(&job_id).await.unwrap();
    assert!(matches!(store.heartbeat(&old, Some(9)).await, Err(HeldError::Lost)));
    assert!(matches!(store.complete(&old, &artifact(&job_id)).await, Err(HeldError::Lost)));
    assert!(matches!(store.fail(&old, &fault(false)).await, Err(HeldError::Lost)));
    assert!(matches!(store.release(&old).await, Err(HeldError::Lost)));
    assert!(!store.is_held(&old).await.unwrap() && store.is_held(&current).await.unwrap());
    assert_eq!(lasting(store.get(&job_id).await.unwrap()), lasting(record.clone()));
    store.complete(&current, &artifact(&job_id)).await.unwrap();
    assert!(matches!(store.complete(&old, &artifact(&job_id)).await, Err(HeldError::Lost)));
    assert_eq!(state(&store, &job_id).await, Some(State::Completed));
}

/// A worker that stops gives its job back as often as it likes.
pub async fn a_job_handed_back_uses_no_attempt(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    for number in 1..=5 {
        let held = claimed(&store).await.held;
        assert_eq!(held.attempt, number, "the fencing token is never used twice");
        store.release(&held).await.unwrap();
        assert_eq!(state(&store, &job_id).await, Some(State::Queued));
    }
    let held = claimed(&store).await.held;
    assert_eq!(store.fail(&held, &fault(true)).await.unwrap(), AfterFailure::Retry);
}

/// Deletion answers with what was deleted, and its worker learns of it.
pub async fn a_job_is_deleted_in_every_state(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    assert_eq!(store.delete(&JobId::random()).await.unwrap(), None);
    for wanted in [State::Queued, State::Running, State::Completed, State::Failed] {
        let job_id = submitted(&store).await;
        let mut held = None;
        if wanted != State::Queued {
            let claim = claimed(&store).await.held;
            match wanted {
                State::Completed => store.complete(&claim, &artifact(&job_id)).await.unwrap(),
                State::Failed => assert!(store.fail(&claim, &fault(false)).await.is_ok()),
                _ => held = Some(claim),
            }
        }
        let deleted = store.delete(&job_id).await.unwrap().unwrap();
        assert_eq!((deleted.state, &deleted.job_id), (wanted, &job_id));
        assert_eq!(deleted.artifact(), (wanted == State::Completed).then(|| artifact(&job_id)));
        assert_eq!(state(&store, &job_id).await, None);
        if let Some(held) = held {
            assert!(!store.is_held(&held).await.unwrap());
            assert!(matches!(store.heartbeat(&held, None).await, Err(HeldError::Lost)));
        }
        assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
        assert_eq!(store.delete(&job_id).await.unwrap(), None);
    }
}

/// No word of its worker brings a deleted job back.
pub async fn a_deleted_job_stays_gone(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let job_id = submitted(&store).await;
    let held = claimed(&store).await.held;
    store.delete(&job_id).await.unwrap();
    assert!(matches!(store.heartbeat(&held, Some(1)).await, Err(HeldError::Lost)));
    assert!(matches!(store.complete(&held, &artifact(&job_id)).await, Err(HeldError::Lost)));
    assert!(matches!(store.fail(&held, &fault(true)).await, Err(HeldError::Lost)));
    assert!(matches!(store.release(&held).await, Err(HeldError::Lost)));
    assert_eq!(state(&store, &job_id).await, None);
    assert!(store.list(None, 10).await.unwrap().records.is_empty());
}

/// The time of submission is the same in every status.
pub async fn created_at_is_set_once(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let new = job(Some(3));
    let created = store.submit(&new).await.unwrap().into_record().created_at;
    let now = || async { store.get(&new.job_id).await.unwrap().unwrap().created_at };
    let first = claimed(&store).await.held;
    assert_eq!(now().await, created);
    store.fail(&first, &fault(true)).await.unwrap();
    assert_eq!(now().await, created);
    let second = claimed(&store).await.held;
    store.heartbeat(&second, Some(1)).await.unwrap();
    assert_eq!(now().await, created);
    store.complete(&second, &artifact(&new.job_id)).await.unwrap();
    assert_eq!(now().await, created);
}

/// A worker that waits is woken by a job, and one that began to wait too late is too.
pub async fn waiting_ends_when_a_job_comes(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    submitted(&store).await;
    store.work().await;
    claimed(&store).await;
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                if let Some(claim) = store.claim(&WorkerId::random()).await.unwrap() {
                    return claim;
                }
                store.work().await;
            }
        })
    };
    let job_id = submitted(&store).await;
    until("the worker that waits to have the job", || async { waiting.is_finished() }).await;
    assert_eq!(waiting.await.unwrap().held.job_id, job_id);
}

fn with_key(key: &str, fingerprint: &str) -> NewJob {
    let idempotency = Idempotency { key: key.into(), fingerprint: fingerprint.into() };
    NewJob { idempotency: Some(idempotency), ..job(None) }
}

/// A client whose answer was lost sends its request again, and gets the job that it made.
pub async fn a_repeated_submission_is_the_same_job(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let first = with_key("key", "a");
    assert!(matches!(store.submit(&first).await.unwrap(), Submitted::New(_)));
    let again = store.submit(&with_key("key", "a")).await.unwrap();
    assert!(matches!(&again, Submitted::Before(record) if record.job_id == first.job_id), "{again:?}");
    let held = claimed(&store).await.held;
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None, "one job for both");
    store.complete(&held, &artifact(&first.job_id)).await.unwrap();
    let Submitted::Before(record) = store.submit(&with_key("key", "a")).await.unwrap() else {
        panic!("the job of before")
    };
    assert_eq!(record.state, State::Completed);
    // Deleted, the key is free.
    store.delete(&first.job_id).await.unwrap();
    assert!(matches!(store.submit(&with_key("key", "b")).await.unwrap(), Submitted::New(_)));
}

/// A key that comes with another request is a mistake, and makes no job.
pub async fn a_key_is_for_one_request(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    store.submit(&with_key("key", "a")).await.unwrap();
    assert!(matches!(store.submit(&with_key("key", "b")).await, Err(StoreError::KeyTaken)));
    assert!(matches!(store.submit(&with_key("other", "b")).await.unwrap(), Submitted::New(_)));
    assert_eq!(store.list(None, 10).await.unwrap().records.len(), 2);
}

/// The place is 1 for the next, and nothing for a job that does not wait.
pub async fn a_job_knows_its_place_in_the_queue(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let ids = [submitted(&store).await, submitted(&store).await, submitted(&store).await];
    assert_eq!(store.queue_position(&ids[2]).await.unwrap(), Some(3));
    claimed(&store).await;
    assert_eq!(store.queue_position(&ids[0]).await.unwrap(), None);
    assert_eq!(store.queue_position(&ids[2]).await.unwrap(), Some(2));
    store.delete(&ids[1]).await.unwrap();
    assert_eq!(store.queue_position(&ids[2]).await.unwrap(), Some(1));
    assert_eq!(store.queue_position(&JobId::random()).await.unwrap(), None);
}

/// A store that is well says so.
pub async fn the_store_says_that_it_answers(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    store.check().await.unwrap();
    assert_eq!(store.options(), &patient());
}
