//! Records at `export_job:{job_id}`, which other programs read.

use jobs::contract::make_artifact;
use jobs::{Artifact, Failure, JobId, JobQueue, JobSubmitter, Lease};
use serde_json::{Value, json};
use testkit::RedisServer;

use crate::{claim, get, job, record_key, store, submit};

pub fn write(server: &RedisServer, job_id: &JobId, text: &str) {
    server.cli(&["SET", &record_key(job_id), text, "EX", "1000"]);
}

pub fn read_json(server: &RedisServer, job_id: &JobId) -> Value {
    serde_json::from_str(&read(server, job_id)).unwrap()
}

pub fn read(server: &RedisServer, job_id: &JobId) -> String {
    server.cli(&["GET", &record_key(job_id)])
}

pub fn artifact() -> Artifact {
    make_artifact("detections_x_1.zip")
}

#[tokio::test]
async fn a_record_has_the_fields_of_the_contract() {
    let (server, store) = store().await;
    let new = submit(&store).await;
    let held = claim(&store).await;
    store.heartbeat(&held, Some(4)).await.unwrap();
    let running = read_json(&server, &new.job_id);
    assert_eq!((&running["status"], &running["job_id"]), (&json!("processing"), &json!(new.job_id)));
    assert_eq!((&running["total_detections"], &running["processed_count"]), (&json!(10), &json!(4)));
    assert!(running["filename"].is_null() && running["error"].is_null() && running["completed_at"].is_null());
    store.complete(&held, &artifact()).await.unwrap();
    let text = read(&server, &new.job_id);
    let completed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(completed["status"], "completed");
    assert_eq!(completed["filename"], "detections_x_1.zip");
    assert!(text.contains(r#""download_url":"/api/static/exports/detections_x_1.zip""#), "{text}");
    assert_eq!((&completed["file_size_bytes"], &completed["processed_count"]), (&json!(12_345), &json!(10)));
    assert_eq!((&completed["missing_count"], &completed["remote_pictures"]), (&json!(3), &json!(2)));
    assert_eq!(completed["missing_reasons"], json!(artifact().missing_reasons));
    assert_eq!(completed["created_at"], running["created_at"]);
    assert!(completed["completed_at"].as_str().unwrap() >= completed["created_at"].as_str().unwrap());
}

/// Programs of an earlier version write records without them, and others whatever they like.
#[tokio::test]
async fn reasons_that_are_not_there_or_are_none_are_not_told() {
    let (server, store) = store().await;
    let job_id: JobId = "theirs".parse().unwrap();
    let good = json!({"reason": "remote", "count": 3, "message": "3 pictures are on the web only"});
    for (reasons, expected) in [
        ("", 0),
        (r#","missing_reasons":"many""#, 0),
        (r#","missing_reasons":[7,{"reason":"remote"}]"#, 0),
        (format!(r#","missing_reasons":[7,{good}]"#).as_str(), 1),
    ] {
        let text = format!(r#"{{"status":"completed","job_id":"theirs","missing_count":3{reasons}}}"#);
        write(&server, &job_id, &text);
        let record = get(&store, &job_id).await.unwrap();
        assert_eq!((record.missing_count, record.missing_reasons.len()), (Some(3), expected), "{text}");
    }
}

#[tokio::test]
async fn a_record_of_which_nothing_is_missing_has_no_reasons() {
    let (server, store) = store().await;
    let new = submit(&store).await;
    let held = claim(&store).await;
    let whole =
        Artifact { missing: Some(0), missing_reasons: Vec::new(), remote_pictures: None, ..artifact() };
    store.complete(&held, &whole).await.unwrap();
    let record = read_json(&server, &new.job_id);
    assert_eq!(record["missing_count"], 0);
    assert!(record.get("missing_reasons").is_none() && record.get("remote_pictures").is_none(), "{record}");
}

#[tokio::test]
async fn times_are_the_server_s() {
    let (server, store) = store().await;
    let now = || server.cli(&["TIME"]).lines().next().unwrap().parse::<i64>().unwrap();
    let before = now();
    let created = store.submit(&job()).await.unwrap().into_record().created_at.unwrap().as_second();
    assert!((before..=now()).contains(&created));
}

#[tokio::test]
async fn a_record_is_never_without_its_time_to_live() {
    let (server, store) = store().await;
    let new = job();
    let failure = Failure { message: "a fault".into(), may_pass: true };
    let mut held = Lease { job_id: new.job_id.clone(), attempt: 0 };
    let steps = ["submit", "claim", "heartbeat", "fail", "claim", "release", "reap", "claim", "complete"];
    for step in steps {
        // So that a renewal shows.
        if step != "submit" {
            server.cli(&["PEXPIRE", &record_key(&new.job_id), "100000"]);
        }
        match step {
            "submit" => assert!(store.submit(&new).await.is_ok()),
            "claim" => held = claim(&store).await,
            "heartbeat" => store.heartbeat(&held, Some(1)).await.unwrap(),
            "fail" => assert!(store.fail(&held, &failure).await.is_ok()),
            "release" => store.release(&held).await.unwrap(),
            "reap" => {
                // The clock renews the life of a job that waits when half of it is over.
                server.cli(&["ZADD", "trapline:due", "0", new.job_id.as_str()]);
                store.reap().await.unwrap();
            }
            _ => store.complete(&held, &artifact()).await.unwrap(),
        }
        let left: i64 = server.cli(&["PTTL", &record_key(&new.job_id)]).parse().unwrap();
        assert!((3_500_000..=3_600_000).contains(&left), "{left} ms after {step}");
    }
}

#[tokio::test]
async fn nothing_of_a_deleted_or_expired_job_stays() {
    let (server, store) = store().await;
    let with_key = |key: &str| {
        let idempotency = jobs::Idempotency { key: key.into(), fingerprint: "f".into() };
        jobs::NewJob { idempotency: Some(idempotency), ..job() }
    };
    for wanted in ["queued", "running", "completed", "failed", "delayed", "expired"] {
        let new = with_key(wanted);
        store.submit(&new).await.unwrap();
        if wanted != "queued" && wanted != "expired" {
            let held = claim(&store).await;
            let failure = Failure { message: "a fault".into(), may_pass: wanted == "delayed" };
            match wanted {
                "completed" => store.complete(&held, &artifact()).await.unwrap(),
                "failed" | "delayed" => assert!(store.fail(&held, &failure).await.is_ok()),
                _ => {}
            }
        }
        if wanted == "expired" {
            server.cli(&["DEL", &record_key(&new.job_id)]);
            server.cli(&["ZADD", "trapline:due", "0", new.job_id.as_str()]);
            assert_eq!(store.reap().await.unwrap().expired, [(new.job_id, None)]);
        } else {
            assert!(store.delete(&new.job_id).await.unwrap().is_some());
        }
        // The counter of submissions is all that is left, and for a day what happened and whose turn it is.
        forget_the_day(&server);
        assert_eq!(server.cli(&["KEYS", "*"]), "trapline:seq", "{wanted}");
    }
}

/// What happened and whose turn it is are known for a day, and are not part of any job.
pub fn forget_the_day(server: &RedisServer) {
    for key in [
        "trapline:change",
        "trapline:change_begin",
        "trapline:changed",
        "trapline:claimed",
        "trapline:turn",
        "trapline:turns",
    ] {
        let left: i64 = server.cli(&["PTTL", key]).parse().unwrap();
        assert!((1..=86_400_000).contains(&left) || left == -2, "{key} {left}");
        server.cli(&["DEL", key]);
    }
}
