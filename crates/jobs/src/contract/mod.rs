//! The tests that every store passes.
//!
//! The macro generates a test for each promise of a store:
//!
//! ```ignore
//! jobs::contract_tests!(Harness::start().await);
//! ```

// These functions are tests, so they panic when a promise is broken.
#![allow(clippy::missing_panics_doc)]

mod batches;
mod callbacks;
mod claims;
mod expiry;
mod fairness;
mod messages;
mod protocol;
mod queries;
mod submissions;
mod transitions;
mod unreadable_jobs;
mod walk;

pub use batches::*;
pub use callbacks::*;
pub use claims::*;
pub use expiry::*;
pub use fairness::*;
pub use messages::*;
pub use protocol::{Answer, Attempts, Life, Step};
pub use queries::*;
pub use submissions::*;
pub use transitions::*;
pub use unreadable_jobs::*;
pub use walk::the_store_follows_the_protocol;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;

use crate::{
    Artifact, Claim, Failure, JobId, JobRecord, JobState, JobStore, Kind, MissingReason, NewJob,
    StoreOptions, WorkerId,
};

/// Opens stores for the tests.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Opens an empty store that no other test uses.
    async fn open(&self, options: StoreOptions) -> Arc<dyn JobStore>;
}

/// Generates a `#[tokio::test]` for each promise of a store. `$harness` is an expression for the [`Harness`].
#[macro_export]
macro_rules! contract_tests {
    ($harness:expr) => {
        $crate::contract_tests!(@each $harness;
            a_submitted_job_waits,
            an_id_is_taken_once,
            first_in_is_first_out,
            each_job_is_claimed_once,
            a_claim_whose_answer_was_lost_is_given_again,
            progress_is_shown,
            a_completed_job_has_its_file,
            reasons_for_what_is_missing_are_kept,
            completing_twice_is_no_error,
            what_is_final_stays,
            a_wrong_input_fails_at_once,
            a_temporary_error_is_retried,
            a_temporary_error_fails_after_the_last_attempt,
            an_old_attempt_changes_nothing,
            a_job_that_cannot_be_read_fails_and_holds_up_no_other,
            a_job_handed_back_uses_no_attempt,
            a_job_is_deleted_in_every_state,
            a_deleted_job_stays_gone,
            the_list_has_the_newest_first,
            whatever_happens_to_a_job_is_a_change,
            changes_that_are_not_known_are_not_made_up,
            the_first_change_is_listed,
            each_change_comes_as_a_message,
            several_jobs_are_read_at_once,
            places_that_are_read_at_once_are_the_same,
            created_at_is_set_once,
            waiting_ends_when_a_job_comes,
            a_repeated_submission_is_the_same_job,
            a_key_is_for_one_request,
            a_callback_is_given_out_once,
            a_callback_that_was_not_sent_is_given_out_again,
            a_deleted_or_expired_job_has_no_callback,
            owners_take_turns,
            a_job_that_is_tried_again_keeps_its_turn,
            the_queue_is_limited_in_total_and_per_owner,
            a_job_knows_its_place_in_the_queue,
            the_store_says_that_it_answers,
            what_there_is_to_do_is_counted,
            a_lost_worker_s_job_waits_again,
            a_lost_worker_s_job_is_given_up_in_the_end,
            a_heartbeat_keeps_the_lease,
            a_record_expires_with_its_file,
            each_write_renews_the_life_of_a_record,
            a_waiting_job_does_not_expire,
            the_store_follows_the_protocol,
        );
    };
    (@each $harness:expr; $($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let harness = $harness;
                $crate::contract::$case(&harness).await;
            }
        )*
    };
}

/// Options with which nothing expires during a test.
pub(crate) fn long_options() -> StoreOptions {
    let hour = Duration::from_hours(1);
    StoreOptions { ttl: hour, lease: hour, retry_delay: Duration::ZERO, ..StoreOptions::default() }
}

pub(crate) fn new_job(total_detections: Option<u64>) -> NewJob {
    let kind = if total_detections.is_some() { Kind::Zip } else { Kind::Pdf };
    let request = json!({"what": ["ever", 1]});
    let title = "Herons, \"Oude Dijk\" – Ü".into();
    NewJob {
        job_id: JobId::random(),
        kind,
        title,
        request,
        details: None,
        total_detections,
        owner: None,
        callback_url: None,
        idempotency: None,
    }
}

pub(crate) async fn submit_job(store: &Arc<dyn JobStore>) -> JobId {
    store.submit(&new_job(None)).await.unwrap().into_record().job_id
}

pub(crate) async fn claim_job(store: &Arc<dyn JobStore>) -> Claim {
    store.claim(&WorkerId::random()).await.unwrap().expect("a job to claim")
}

pub(crate) async fn read_state(store: &Arc<dyn JobStore>, job_id: &JobId) -> Option<JobState> {
    store.get(job_id).await.unwrap().map(|record| record.state)
}

/// A record without its expiry, which a store may compute from the time to live and so slightly differently
/// each time.
pub(crate) fn without_expiry(record: Option<JobRecord>) -> Option<JobRecord> {
    record.map(|record| JobRecord { expires_at: None, ..record })
}

pub(crate) fn artifact(job_id: &JobId) -> Artifact {
    make_artifact(&format!("report_{job_id}_1.pdf"))
}

/// A finished file with all counts, of which one has a message that is hard to write in JSON.
pub fn make_artifact(filename: &str) -> Artifact {
    Artifact {
        filename: filename.into(),
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

pub(crate) fn failure(may_pass: bool) -> Failure {
    Failure { message: "the picture a.jpg is no picture".into(), may_pass }
}

/// Waits until a condition holds. Panics after a minute.
pub(crate) async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited a minute for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
