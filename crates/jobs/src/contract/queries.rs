//! Promises about lists, changes and statistics.

use super::{Harness, claim_job, failure, long_options, new_job, submit_job};
use crate::{Artifact, JobId, JobStore, Stats};

/// Each job is on one page.
pub async fn the_list_has_the_newest_first(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.insert(0, submit_job(&store).await);
    }
    let (mut found, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.list(from, 3).await.unwrap();
        found.extend(page.records.into_iter().map(|(_, record)| record.job_id));
        pages += 1;
        // A job that is submitted in between is not on the older pages.
        submit_job(&store).await;
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    assert_eq!((found, pages), (expected, 3));
}

/// Lists the jobs that changed after `since`, and moves `since` to the latest change.
async fn list_changed(store: &dyn JobStore, since: &mut u64) -> Vec<JobId> {
    let changes = store.changes(Some(*since)).await.unwrap();
    assert!(changes.now >= *since);
    *since = changes.now;
    changes.jobs.expect("recent changes are known")
}

/// Each transition of a job is listed once as a change.
pub async fn whatever_happens_to_a_job_is_a_change(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    submit_job(&store).await;
    let mut since = store.changes(None).await.unwrap().now;
    assert_eq!(list_changed(&*store, &mut since).await, []);
    claim_job(&store).await;
    list_changed(&*store, &mut since).await;

    let job_id = submit_job(&store).await;
    let own = [job_id.clone()];
    assert_eq!(list_changed(&*store, &mut since).await, own, "submitted");
    let held = claim_job(&store).await.held;
    assert_eq!(list_changed(&*store, &mut since).await, own, "claimed");
    store.heartbeat(&held, Some(1)).await.unwrap();
    assert_eq!(list_changed(&*store, &mut since).await, own, "heartbeat");
    store.release(&held).await.unwrap();
    assert_eq!(list_changed(&*store, &mut since).await, own, "handed back");
    let held = claim_job(&store).await.held;
    list_changed(&*store, &mut since).await;
    store.fail(&held, &failure(true)).await.unwrap();
    assert_eq!(list_changed(&*store, &mut since).await, own, "waits for another attempt");
    let held = claim_job(&store).await.held;
    let artifact = Artifact { filename: "a.pdf".into(), size: 1, ..Artifact::default() };
    store.complete(&held, &artifact).await.unwrap();
    assert_eq!(list_changed(&*store, &mut since).await, own, "completed");
    store.delete(&job_id).await.unwrap();
    assert_eq!(list_changed(&*store, &mut since).await, own, "deleted");
    // Deleting a missing job is not a change.
    store.delete(&job_id).await.unwrap();
    assert_eq!(list_changed(&*store, &mut since).await, []);
}

/// Jobs are listed in the order of their last changes, and unknown changes are reported as unknown.
pub async fn changes_that_are_not_known_are_not_made_up(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    let first = store.submit(&new_job(None)).await.unwrap().into_record().job_id;
    let begin = store.changes(None).await.unwrap().now;
    let second = submit_job(&store).await;
    claim_job(&store).await;
    let changes = store.changes(Some(begin)).await.unwrap();
    assert_eq!(changes.jobs, Some(vec![second, first]));
    // A number from before the store was opened, and a future one.
    for strange in [1, changes.now + 1_000_000] {
        assert_eq!(store.changes(Some(strange)).await.unwrap().jobs, None);
    }
}

/// Queued, running and ended jobs are counted, and the waiting time of the next job is known.
pub async fn what_there_is_to_do_is_counted(harness: &impl Harness) {
    let store = harness.open(long_options()).await;
    assert_eq!(store.stats().await.unwrap(), Stats::default());
    for _ in 0..4 {
        submit_job(&store).await;
    }
    let first = claim_job(&store).await;
    claim_job(&store).await;
    store.fail(&first.held, &failure(false)).await.unwrap();
    let Stats { queued, running, ended, waited, since_claim } = store.stats().await.unwrap();
    assert_eq!((queued, running, ended), (2, 1, 1));
    assert!(waited.is_some_and(|waited| waited < std::time::Duration::from_mins(1)), "{waited:?}");
    assert!(since_claim.is_some_and(|since| since < std::time::Duration::from_mins(1)), "{since_claim:?}");
    // A job that waits for another attempt counts as queued.
    let second = claim_job(&store).await;
    store.fail(&second.held, &failure(true)).await.unwrap();
    assert_eq!(store.stats().await.unwrap().queued, 2);
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
