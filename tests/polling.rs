//! Polling: requests that wait, tags, places in the queue, submissions that are sent again.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Home, Server, answer_of, herons, on_both_stores, season, set_fields, wait_until};

on_both_stores!(
    a_request_that_waits_is_answered_when_the_job_ends,
    a_request_that_waited_long_enough_is_answered_as_it_stands,
    a_request_that_waits_is_answered_when_the_job_is_deleted,
    nobody_waits_for_a_job_of_the_other_kind,
    a_status_that_the_client_has_is_not_sent_again,
    a_tag_changes_when_something_happens_to_the_job,
    a_waiting_job_knows_its_place,
    a_submission_that_is_sent_again_makes_one_job,
    a_key_with_another_request_is_refused,
);

async fn submit(server: &Server, kind: &str, key: &str, body: &Value) -> (u16, Value) {
    let post = server.request(Method::POST, &format!("/api/exports/{kind}"));
    answer_of(post.header("idempotency-key", key).json(body).send().await.unwrap()).await
}

async fn a_request_that_waits_is_answered_when_the_job_ends(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let job_id = server.submit("zip", &herons()).await;
    let response = server.get_with(&format!("/api/exports/zip/{job_id}"), &[("prefer", "wait=60")]).await;
    assert_eq!(response.headers()["preference-applied"], "wait=60");
    let status: Value = response.json().await.unwrap();
    assert_eq!(status["status"], "completed", "one request was enough: {status}");
}

async fn a_request_that_waited_long_enough_is_answered_as_it_stands(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let job_id = server.submit("pdf", &season()).await;
    let response = server.get_with(&format!("/api/exports/pdf/{job_id}"), &[("prefer", "wait=1")]).await;
    assert_eq!(response.headers()["retry-after"], "1");
    let status: Value = response.json().await.unwrap();
    assert_eq!((&status["status"], &status["phase"]), (&json!("processing"), &json!("queued")));
}

async fn a_request_that_waits_is_answered_when_the_job_is_deleted(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let job_id = server.submit("pdf", &season()).await;
    let path = format!("/api/exports/{job_id}");
    let (answer, deleted) = tokio::join!(server.get_with(&path, &[("prefer", "wait=50")]), async {
        server.delete(&job_id).await
    });
    assert_eq!((answer.status(), deleted), (StatusCode::NOT_FOUND, StatusCode::NO_CONTENT));
}

async fn nobody_waits_for_a_job_of_the_other_kind(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let job_id = server.submit("pdf", &season()).await;
    let begun = std::time::Instant::now();
    let answer = server.get_with(&format!("/api/exports/zip/{job_id}"), &[("prefer", "wait=50")]).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(begun.elapsed().as_secs() < 45);
}

async fn a_status_that_the_client_has_is_not_sent_again(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let job_id = server.submit("pdf", &season()).await;
    server.completed("pdf", &job_id).await;
    let path = format!("/api/exports/pdf/{job_id}");
    let first = server.get(&path).await;
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = server.get_with(&path, &[("if-none-match", &etag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()["etag"], etag.as_str());
    assert!(again.bytes().await.unwrap().is_empty());
    assert_eq!(server.get_with(&path, &[("if-none-match", "\"other\"")]).await.status(), StatusCode::OK);
}

async fn a_tag_changes_when_something_happens_to_the_job(on: impl Fn(Home) -> Home) {
    let (home, request) = Home::with_slow(3000);
    let server = on(home.arguments(&["--workers", "1"])).start();
    let job_id = server.submit("zip", &request).await;
    let path = format!("/api/exports/zip/{job_id}");
    let tag = async || server.get(&path).await.headers()["etag"].to_str().unwrap().to_owned();
    let first = tag().await;
    wait_until("the tag to change with the progress", async || tag().await != first).await;
}

#[tokio::test]
async fn servers_of_one_store_give_a_status_the_same_tag() {
    let (_redis, home) = Home::on_redis();
    let first = home.start();
    let second = home.start_with(&["--workers", "0", "--max-queued", "7"], &[]);
    let job_id = first.submit("pdf", &season()).await;
    first.completed("pdf", &job_id).await;
    let path = format!("/api/exports/pdf/{job_id}");
    let tags =
        [first.get(&path).await, second.get(&path).await].map(|response| response.headers()["etag"].clone());
    assert_eq!(tags[0], tags[1]);
}

async fn a_waiting_job_knows_its_place(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let first = server.submit("pdf", &season()).await;
    let second = server.submit("zip", &herons()).await;
    assert_eq!(server.status("pdf", &first).await["queue_position"], 1);
    assert_eq!(server.status("zip", &second).await["queue_position"], 2);
    assert_eq!(server.delete(&first).await, StatusCode::NO_CONTENT);
    assert_eq!(server.status("zip", &second).await["queue_position"], 1);
}

async fn a_submission_that_is_sent_again_makes_one_job(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let (code, first) = submit(&server, "pdf", "monday", &season()).await;
    assert_eq!(code, 202);
    // The same request in other words: the default spelt out.
    let spelt = set_fields(season(), &json!({"group_by": "month"}));
    let (code, again) = submit(&server, "pdf", "monday", &spelt).await;
    assert_eq!((code, &again["job_id"]), (202, &first["job_id"]));
    let (code, other) = submit(&server, "pdf", "tuesday", &season()).await;
    assert_eq!(code, 202);
    assert_ne!(other["job_id"], first["job_id"]);
    server.completed("pdf", first["job_id"].as_str().unwrap()).await;
    let (_, done) = submit(&server, "pdf", "monday", &season()).await;
    assert_eq!((&done["job_id"], &done["status"]), (&first["job_id"], &json!("completed")));
}

async fn a_key_with_another_request_is_refused(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    assert_eq!(submit(&server, "pdf", "key", &season()).await.0, 202);
    let other = set_fields(season(), &json!({"group_by": "week"}));
    for (kind, body) in [("pdf", other), ("zip", herons())] {
        let (code, problem) = submit(&server, kind, "key", &body).await;
        assert_eq!(code, 422);
        assert_eq!(problem["errors"][0]["field"], "Idempotency-Key", "{problem}");
    }
    assert_eq!(submit(&server, "pdf", &"x".repeat(256), &season()).await.0, 400);
}
