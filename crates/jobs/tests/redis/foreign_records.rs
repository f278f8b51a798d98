//! Records that other programs write, change or delete.

use jobs::{
    Failure, JobId, JobQueue, JobReader, JobState, JobSubmitter, Lease, LeaseError, StoreError, SubmitError,
    WorkerId,
};
use serde_json::{Value, json};

use crate::records::{artifact, forget_the_day, read, write};
use crate::{claim, get, job, record_key, store, submit};

/// Fields of another program, with all that decoding and encoding would spoil.
const FOREIGN: &str = r#""list":[],"map":{},"big":12345678901234567890,"exact":0.1234567890123456789,"text":"a\"}],{\\","nested":{"a":[{"b":"]"}]},"none":null,"yes":true"#;

#[tokio::test]
async fn fields_of_other_programs_stay_as_they_are() {
    let (server, store) = store().await;
    let failure = Failure { message: "a \"fault\"\n".into(), may_pass: true };
    let new = submit(&store).await;
    let ours = read(&server, &new.job_id);
    // In front of ours, with spaces.
    write(&server, &new.job_id, &format!("{{ {FOREIGN} ,\n {}", &ours[1..]));
    let still_there = |after: &str| {
        let text = read(&server, &new.job_id);
        assert!(text.contains(FOREIGN), "after {after}: {text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let held = claim(&store).await;
    still_there("claim");
    store.heartbeat(&held, Some(2)).await.unwrap();
    assert_eq!(still_there("heartbeat")["processed_count"], 2);
    store.fail(&held, &failure).await.unwrap();
    still_there("a failure that may pass");
    let held = claim(&store).await;
    store.release(&held).await.unwrap();
    still_there("release");
    let held = claim(&store).await;
    store.fail(&held, &Failure { may_pass: false, ..failure.clone() }).await.unwrap();
    assert_eq!(still_there("failure")["error"], json!(failure.message));
    assert_eq!(get(&store, &new.job_id).await.unwrap().error, Some(failure.message));
}

#[tokio::test]
async fn jobs_of_other_programs_are_read_and_deleted_and_never_worked_on() {
    let (server, store) = store().await;
    let job_id: JobId = "theirs".parse().unwrap();
    let text = r#"{"status":"processing","job_id":"theirs"}"#;
    write(&server, &job_id, text);
    let record = get(&store, &job_id).await.unwrap();
    assert_eq!((record.state, record.kind, record.attempt), (JobState::Processing, None, 0));
    assert_eq!(store.claim(&WorkerId::random()).await.unwrap(), None);
    let held = Lease { job_id: job_id.clone(), attempt: 0 };
    assert!(matches!(store.heartbeat(&held, None).await, Err(LeaseError::Lost)));
    assert!(matches!(store.complete(&held, &artifact()).await, Err(LeaseError::Lost)));
    let taken = store.submit(&jobs::NewJob { job_id: job_id.clone(), ..job() }).await;
    assert!(matches!(taken, Err(SubmitError::Exists(_))));
    store.reap().await.unwrap();
    assert_eq!(read(&server, &job_id), text);
    assert_eq!(store.delete(&job_id).await.unwrap().unwrap().state, JobState::Processing);
    forget_the_day(&server);
    assert_eq!(server.cli(&["DBSIZE"]), "0");
}

#[tokio::test]
async fn a_record_that_was_written_to_stay_has_no_end() {
    let (server, store) = store().await;
    let job_id: JobId = "theirs".parse().unwrap();
    server.cli(&["SET", &record_key(&job_id), r#"{"status":"failed","job_id":"theirs"}"#]);
    assert_eq!(get(&store, &job_id).await.unwrap().expires_at, None);
}

#[tokio::test]
async fn an_unreadable_record_is_named_hides_no_other_and_can_be_deleted() {
    let (server, store) = store().await;
    let (bad, good) = (submit(&store).await, submit(&store).await);
    for text in ["no json", "[1]", r#"{"status":"done"}"#, r#"{"status":"processing""#] {
        write(&server, &bad.job_id, text);
        let Err(StoreError::Damaged(why)) = store.get(&bad.job_id).await else { panic!("{text}") };
        assert!(why.contains(bad.job_id.as_str()), "{why}");
        let listed = store.list(None, 10).await.unwrap().records;
        assert_eq!(listed.iter().map(|(_, record)| &record.job_id).collect::<Vec<_>>(), [&good.job_id]);
    }
    // It cannot be worked on, and blocks no other job.
    assert_eq!(claim(&store).await.job_id, good.job_id);
    assert!(store.delete(&bad.job_id).await.unwrap().is_some());
    assert_eq!(get(&store, &bad.job_id).await, None);
}

#[tokio::test]
async fn a_key_of_another_type_is_damage_and_no_absence() {
    let (server, store) = store().await;
    let (bad, good) = (submit(&store).await, submit(&store).await);
    let key = record_key(&bad.job_id);
    server.cli(&["DEL", &key]);
    server.cli(&["LPUSH", &key, "theirs"]);
    assert!(matches!(store.get(&bad.job_id).await, Err(StoreError::Damaged(_))));
    // Another read in the same round trip succeeds.
    let (broken, read) = tokio::join!(store.get(&bad.job_id), store.get(&good.job_id));
    assert!(matches!(broken, Err(StoreError::Damaged(_))));
    assert_eq!(read.unwrap().unwrap().job_id, good.job_id);
    assert_eq!(server.cli(&["LRANGE", &key, "0", "-1"]), "theirs");
}

#[tokio::test]
async fn a_damaged_queue_hides_only_what_waits_in_it() {
    let (server, store) = store().await;
    let ended: JobId = "theirs".parse().unwrap();
    server.cli(&["SET", &record_key(&ended), r#"{"status":"failed","job_id":"theirs"}"#]);
    let waiting = submit(&store).await;
    server.cli(&["SET", "trapline:queue", "text"]);
    let results = store.get_placed(&[ended.clone(), waiting.job_id.clone()]).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().as_ref().unwrap().0.job_id, ended);
    assert!(matches!(&results[1], Err(StoreError::Damaged(_))));
}

#[tokio::test]
async fn what_another_program_deletes_or_ends_is_not_worked_on() {
    let (server, store) = store().await;
    let [deleted, ended, third] = [submit(&store).await, submit(&store).await, submit(&store).await];
    server.cli(&["DEL", &record_key(&deleted.job_id)]);
    let text = format!(r#"{{"status":"completed","job_id":"{}"}}"#, ended.job_id);
    write(&server, &ended.job_id, &text);
    let held = claim(&store).await;
    assert_eq!(held.job_id, third.job_id);
    assert_eq!(read(&server, &ended.job_id), text);
    // Deleted while it runs, the worker learns of it.
    server.cli(&["DEL", &record_key(&third.job_id)]);
    assert!(!store.is_held(&held).await.unwrap());
    assert!(matches!(store.heartbeat(&held, Some(1)).await, Err(LeaseError::Lost)));
    assert!(matches!(store.complete(&held, &artifact()).await, Err(LeaseError::Lost)));
    assert_eq!(get(&store, &third.job_id).await, None);
}

#[tokio::test]
async fn a_running_job_survives_a_record_that_was_written_over() {
    let (server, store) = store().await;
    let new = job();
    let created = store.submit(&new).await.unwrap().into_record().created_at;
    let held = claim(&store).await;
    write(&server, &new.job_id, &format!(r#"{{"status":"processing","job_id":"{}"}}"#, new.job_id));
    store.heartbeat(&held, Some(3)).await.unwrap();
    let record = get(&store, &new.job_id).await.unwrap();
    assert_eq!((record.state, record.attempt, record.kind), (JobState::Running, 1, Some(new.kind)));
    assert_eq!((record.created_at, record.total_detections), (created, Some(10)));
    assert_eq!(record.owner, new.owner);
    store.complete(&held, &artifact()).await.unwrap();
}
