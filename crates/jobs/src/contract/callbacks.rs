//! Promises to those who asked to be told of the end of a job.

use std::sync::Arc;
use std::time::Duration;

use super::{Harness, claimed, fault, job, patient, until};
use crate::{Artifact, Callback, Held, JobId, JobStore, NewJob, StoreOptions};

const URL: &str = "https://example.org/hooks?to=\"Oude Dijk\"";
const HOUR: Duration = Duration::from_hours(1);

/// A job of which somebody wants to be told, at work.
async fn begun(store: &Arc<dyn JobStore>) -> Held {
    store.submit(&NewJob { callback_url: Some(URL.into()), ..job(None) }).await.unwrap();
    claimed(store).await.held
}

fn artifact(job_id: &JobId) -> Artifact {
    Artifact { filename: format!("report_{job_id}_1.pdf"), size: 1, ..Artifact::default() }
}

fn told(job_id: &JobId, attempt: u32) -> Callback {
    Callback { job_id: job_id.clone(), url: URL.into(), attempt }
}

/// An end is given to one who tells it, whichever end it is, and nothing else is.
pub async fn the_end_of_a_job_is_told_once(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    store.submit(&job(None)).await.unwrap();
    let unasked = claimed(&store).await.held;
    store.complete(&unasked, &artifact(&unasked.job_id)).await.unwrap();

    let held = begun(&store).await;
    assert_eq!(store.callback(HOUR).await.unwrap(), None);
    store.release(&held).await.unwrap();
    let held = claimed(&store).await.held;
    assert_eq!(store.callback(HOUR).await.unwrap(), None, "handed back");
    store.complete(&held, &artifact(&held.job_id)).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), Some(told(&held.job_id, 1)));
    assert_eq!(store.callback(HOUR).await.unwrap(), None, "somebody is about to tell it");
    store.callback_done(&held.job_id, None).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), None);

    let held = begun(&store).await;
    store.fail(&held, &fault(true)).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), None, "to be tried again");
    let held = claimed(&store).await.held;
    store.fail(&held, &fault(false)).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), Some(told(&held.job_id, 1)));
}

/// The one who was to tell it is lost, or met a deaf ear.
pub async fn an_end_that_was_not_told_is_given_again(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let held = begun(&store).await;
    store.complete(&held, &artifact(&held.job_id)).await.unwrap();
    let short = Duration::from_millis(20);
    assert_eq!(store.callback(short).await.unwrap(), Some(told(&held.job_id, 1)));
    until("the end to be given again", async || {
        store.callback(HOUR).await.unwrap() == Some(told(&held.job_id, 2))
    })
    .await;
    store.callback_done(&held.job_id, Some(short)).await.unwrap();
    until("the end to be given after its pause", async || {
        store.callback(HOUR).await.unwrap() == Some(told(&held.job_id, 3))
    })
    .await;
    store.callback_done(&held.job_id, Some(HOUR)).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), None, "not before its pause is over");
}

/// Deleted jobs and expired ones end without a word.
pub async fn nothing_is_told_of_a_job_that_is_gone(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let deleted = begun(&store).await;
    store.complete(&deleted, &artifact(&deleted.job_id)).await.unwrap();
    store.delete(&deleted.job_id).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), None);
    // What is said of it late does no harm.
    store.callback_done(&deleted.job_id, Some(Duration::ZERO)).await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), None);

    let store = harness.open(StoreOptions { ttl: Duration::from_millis(200), ..patient() }).await;
    let expired = begun(&store).await;
    store.complete(&expired, &artifact(&expired.job_id)).await.unwrap();
    until("the job to expire", async || store.get(&expired.job_id).await.unwrap().is_none()).await;
    assert_eq!(store.callback(HOUR).await.unwrap(), None);
    store.reap().await.unwrap();
    assert_eq!(store.callback(HOUR).await.unwrap(), None);
}
