//! Promises about callbacks.

use std::sync::Arc;
use std::time::Duration;

use super::{Harness, claim_job, failure, long_options, new_job, wait_until};
use crate::{Artifact, Callback, JobId, JobStore, Lease, NewJob, StoreOptions};

const URL: &str = "https://example.org/hooks?to=\"Oude Dijk\"";
const HOUR: Duration = Duration::from_hours(1);

/// Submits and claims a job with a callback.
async fn claim_job_with_callback(store: &Arc<dyn JobStore>) -> Lease {
    store.submit(&NewJob { callback_url: Some(URL.into()), ..new_job(None) }).await.unwrap();
    claim_job(store).await.held
}

fn artifact(job_id: &JobId) -> Artifact {
    Artifact { filename: format!("report_{job_id}_1.pdf"), size: 1, ..Artifact::default() }
}

fn expected_callback(job_id: &JobId, attempt: u32) -> Callback {
    Callback { job_id: job_id.clone(), url: URL.into(), attempt }
}

/// A callback is given out once after completion and after failure, and not before.
pub async fn a_callback_is_given_out_once(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    store.submit(&new_job(None)).await.unwrap();
    let without_callback = claim_job(&store).await.held;
    store.complete(&without_callback, &artifact(&without_callback.job_id)).await.unwrap();

    let held = claim_job_with_callback(&store).await;
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None);
    store.release(&held).await.unwrap();
    let held = claim_job(&store).await.held;
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None, "handed back");
    store.complete(&held, &artifact(&held.job_id)).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), Some(expected_callback(&held.job_id, 1)));
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None, "it is reserved");
    store.settle_callback(&held.job_id, None).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None);

    let held = claim_job_with_callback(&store).await;
    store.fail(&held, &failure(true)).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None, "it waits for another attempt");
    let held = claim_job(&store).await.held;
    store.fail(&held, &failure(false)).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), Some(expected_callback(&held.job_id, 1)));
}

/// The sender is lost, or the receiver did not accept the message.
pub async fn a_callback_that_was_not_sent_is_given_out_again(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let held = claim_job_with_callback(&store).await;
    store.complete(&held, &artifact(&held.job_id)).await.unwrap();
    let short = Duration::from_millis(20);
    assert_eq!(store.claim_callback(short).await.unwrap(), Some(expected_callback(&held.job_id, 1)));
    wait_until("the callback to be given out again", async || {
        store.claim_callback(HOUR).await.unwrap() == Some(expected_callback(&held.job_id, 2))
    })
    .await;
    store.settle_callback(&held.job_id, Some(short)).await.unwrap();
    wait_until("the callback to be given out after its delay", async || {
        store.claim_callback(HOUR).await.unwrap() == Some(expected_callback(&held.job_id, 3))
    })
    .await;
    store.settle_callback(&held.job_id, Some(HOUR)).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None, "not before the end of its delay");
}

/// Deleted and expired jobs have no callbacks.
pub async fn a_deleted_or_expired_job_has_no_callback(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let deleted = claim_job_with_callback(&store).await;
    store.complete(&deleted, &artifact(&deleted.job_id)).await.unwrap();
    store.delete(&deleted.job_id).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None);
    // A late call does no harm.
    store.settle_callback(&deleted.job_id, Some(Duration::ZERO)).await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None);

    let store = harness.open(StoreOptions { ttl: Duration::from_millis(200), ..long_options() }).await;
    let expired = claim_job_with_callback(&store).await;
    store.complete(&expired, &artifact(&expired.job_id)).await.unwrap();
    wait_until("the job to expire", async || store.get(&expired.job_id).await.unwrap().is_none()).await;
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None);
    store.reap().await.unwrap();
    assert_eq!(store.claim_callback(HOUR).await.unwrap(), None);
}
