//! Promises to those who look on.

use super::{Harness, claimed, fault, job, patient, submitted};
use crate::{Artifact, JobId, JobStore, Stats};

/// Page by page, each job once.
pub async fn the_list_has_the_newest_first(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.insert(0, submitted(&store).await);
    }
    let (mut found, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.list(from, 3).await.unwrap();
        found.extend(page.records.into_iter().map(|(_, record)| record.job_id));
        pages += 1;
        // A job that comes in between is not in the older pages.
        submitted(&store).await;
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    assert_eq!((found, pages), (expected, 3));
}

/// The jobs that changed since `since`, which goes on to now.
async fn changed(store: &dyn JobStore, since: &mut u64) -> Vec<JobId> {
    let changes = store.changes(Some(*since)).await.unwrap();
    assert!(changes.now >= *since);
    *since = changes.now;
    changes.jobs.expect("what happened a moment ago is known")
}

/// Each transition of a job is told, once, to whoever asks what happened since.
pub async fn whatever_happens_to_a_job_is_a_change(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    // Somebody was there before.
    submitted(&store).await;
    let mut since = store.changes(None).await.unwrap().now;
    assert_eq!(changed(&*store, &mut since).await, []);
    claimed(&store).await;
    changed(&*store, &mut since).await;

    let job_id = submitted(&store).await;
    let own = [job_id.clone()];
    assert_eq!(changed(&*store, &mut since).await, own, "submitted");
    let held = claimed(&store).await.held;
    assert_eq!(changed(&*store, &mut since).await, own, "claimed");
    store.heartbeat(&held, Some(1)).await.unwrap();
    assert_eq!(changed(&*store, &mut since).await, own, "on its way");
    store.release(&held).await.unwrap();
    assert_eq!(changed(&*store, &mut since).await, own, "handed back");
    let held = claimed(&store).await.held;
    changed(&*store, &mut since).await;
    store.fail(&held, &fault(true)).await.unwrap();
    assert_eq!(changed(&*store, &mut since).await, own, "to be tried again");
    let held = claimed(&store).await.held;
    let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
    store.complete(&held, &artifact).await.unwrap();
    assert_eq!(changed(&*store, &mut since).await, own, "completed");
    store.delete(&job_id).await.unwrap();
    assert_eq!(changed(&*store, &mut since).await, own, "deleted");
    // Nothing happens to a job that is not there.
    store.delete(&job_id).await.unwrap();
    assert_eq!(changed(&*store, &mut since).await, []);
}

/// Several jobs are told in the order of their last changes; what nobody can know is not told.
pub async fn changes_that_are_not_known_are_not_made_up(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    let first = store.submit(&job(None)).await.unwrap().into_record().job_id;
    let begin = store.changes(None).await.unwrap().now;
    let second = submitted(&store).await;
    claimed(&store).await;
    let changes = store.changes(Some(begin)).await.unwrap();
    assert_eq!(changes.jobs, Some(vec![second, first]));
    // A number of an earlier life of the store, and one that nothing has had yet.
    for strange in [1, changes.now + 1_000_000] {
        assert_eq!(store.changes(Some(strange)).await.unwrap().jobs, None);
    }
}

/// Jobs that wait, run and have ended, and how long the next one has waited.
pub async fn what_there_is_to_do_is_counted(harness: &impl Harness) {
    let store = harness.open(patient()).await;
    assert_eq!(store.stats().await.unwrap(), Stats::default());
    for _ in 0..4 {
        submitted(&store).await;
    }
    let first = claimed(&store).await;
    claimed(&store).await;
    store.fail(&first.held, &fault(false)).await.unwrap();
    let Stats { queued, running, ended, waited, since_claim } = store.stats().await.unwrap();
    assert_eq!((queued, running, ended), (2, 1, 1));
    assert!(waited.is_some_and(|waited| waited < std::time::Duration::from_mins(1)), "{waited:?}");
    assert!(since_claim.is_some_and(|since| since < std::time::Duration::from_mins(1)), "{since_claim:?}");
    // One that waits for another attempt waits.
    let second = claimed(&store).await;
    store.fail(&second.held, &fault(true)).await.unwrap();
    assert_eq!(store.stats().await.unwrap().queued, 2);
}
