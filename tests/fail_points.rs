//! A process that ends at each step of a job: the job ends nevertheless, or is removed, and no file
//! is left over.
//!
//! The steps are named in the program (`crash_point!`) and compiled in for tests alone.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::RedisServer;

use crate::support::{Home, Server, answer_of, season, wait_until};

const SHORT_LEASE: [&str; 6] = ["--lease", "4", "--heartbeat", "0.4", "--grace", "0"];

/// A server without workers and a job in its queue, on a Redis server.
struct Queued {
    _redis: RedisServer,
    home: Home,
    server: Server,
    job_id: String,
}

impl Queued {
    async fn start(detections: usize) -> Self {
        Self::start_with(detections, None).await
    }

    /// The same with another request than for all of the detections.
    async fn start_with(detections: usize, other: Option<Value>) -> Self {
        let redis = RedisServer::start();
        let (home, request) = Home::with_slow(detections);
        let home = home.with_redis(&redis).arguments(&SHORT_LEASE);
        let server = home.start_api();
        let job_id = server.submit("zip", &other.unwrap_or(request)).await;
        Self { _redis: redis, home, server, job_id }
    }
}

/// What is left of the work of all processes: the files of completed jobs.
async fn only_the_files_of(server: &Server, ids: &[&str]) {
    let mut wanted = Vec::new();
    for job_id in ids {
        let status = server.completed("zip", job_id).await;
        wanted.push(status["filename"].as_str().unwrap().to_owned());
        server.download(&status).await;
    }
    wanted.sort();
    wait_until("all other files to go", async || {
        let mut files = server.files();
        files.sort();
        files == wanted
    })
    .await;
}

/// A worker ends at a step of a job, and another one takes over.
async fn worker_ends_at(point: &str) {
    let Queued { home, server, job_id, _redis } = Queued::start(800).await;
    assert!(!home.start_doomed(point).wait().success(), "it ended at {point}");
    let _worker = home.start_worker(1);
    only_the_files_of(&server, &[&job_id]).await;
    let attempt = server.status("zip", &job_id).await["attempt"].as_u64().unwrap();
    assert_eq!(attempt == 1, point == "completed", "{attempt}");
}

macro_rules! worker_ends {
    ($($test:ident at $point:literal),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                worker_ends_at($point).await;
            }
        )*
    };
}

worker_ends! {
    after_the_claim at "claimed",
    when_the_file_is_noted at "noted",
    when_the_file_is_begun at "begun",
    after_a_heartbeat at "renewed",
    when_the_file_is_made at "made",
    when_the_file_is_published at "published",
    when_the_job_is_completed at "completed",
}

#[tokio::test]
async fn three_lost_workers_are_the_end_of_a_job() {
    let Queued { home, server, job_id, _redis } = Queued::start(800).await;
    for _ in 0..3 {
        assert!(!home.start_doomed("made").wait().success());
    }
    let status = server.failed("zip", &job_id).await;
    assert_eq!(status["attempt"], 3);
    assert!(status["error_message"].as_str().unwrap().contains("begun 3 times"), "{status}");
    server.wait_for_no_files().await;
}

/// A worker ends while it reports an error of the request.
async fn worker_ends_failing_at(point: &str) {
    let request = json!({"detection_ids": ["there is none"]});
    let Queued { home, server, job_id, _redis } = Queued::start_with(800, Some(request)).await;
    assert!(!home.start_doomed(point).wait().success());
    let _worker = home.start_worker(1);
    let status = server.failed("zip", &job_id).await;
    assert!(!status["error_message"].as_str().unwrap().contains("begun"), "{status}");
    server.wait_for_no_files().await;
}

#[tokio::test]
async fn before_a_failure_is_told() {
    worker_ends_failing_at("failing").await;
}

#[tokio::test]
async fn after_a_failure_is_told() {
    worker_ends_failing_at("failed").await;
}

/// A worker that stops ends while it hands its job back.
async fn worker_ends_releasing_at(point: &str) {
    let Queued { home, server, job_id, _redis } = Queued::start(800).await;
    let doomed = home.start_doomed(point);
    server.wait_for_running("zip", &job_id).await;
    assert!(!doomed.terminate().success());
    let _worker = home.start_worker(1);
    only_the_files_of(&server, &[&job_id]).await;
}

#[tokio::test]
async fn before_a_job_is_handed_back() {
    worker_ends_releasing_at("releasing").await;
}

#[tokio::test]
async fn after_a_job_is_handed_back() {
    worker_ends_releasing_at("released").await;
}

#[tokio::test]
async fn after_the_work_on_a_deleted_job_was_stopped() {
    let Queued { home, server, job_id, _redis } = Queued::start(3000).await;
    let doomed = home.start_doomed("stopped");
    server.wait_for_running("zip", &job_id).await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    assert!(!doomed.wait().success());
    let _worker = home.start_worker(1);
    only_the_files_of(&server, &[]).await;
    assert_eq!(server.get(&format!("/api/exports/zip/{job_id}")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn with_the_published_file_of_a_job_that_was_deleted_meanwhile() {
    let Queued { home, server, job_id, _redis } = Queued::start(800).await;
    let doomed = home.start_worker_with(1, &[("FAILPOINTS", "published=sleep(4000);lost=return")]);
    wait_until("the file to be there", async || server.files().iter().any(|file| !file.starts_with('.')))
        .await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    assert!(!doomed.wait().success());
    let _worker = home.start_worker(1);
    only_the_files_of(&server, &[]).await;
}

/// A server ends at a step of a request; another takes its place.
async fn server_ends_at(
    point: &str,
    request: impl AsyncFnOnce(&Server, &str),
) -> (RedisServer, Home, String) {
    let redis = RedisServer::start();
    let home = Home::with_examples().with_redis(&redis).arguments(&SHORT_LEASE);
    let server = home.start();
    let job_id = server.submit("pdf", &season()).await;
    server.completed("pdf", &job_id).await;
    server.kill();
    let server = home.start_with(&["--workers", "0"], &[("FAILPOINTS", &format!("{point}=return"))]);
    request(&server, &job_id).await;
    assert!(!server.wait().success());
    (redis, home, job_id)
}

/// Submits a report under a key; the answer may not come.
async fn submit_with_key(server: &Server) -> reqwest::Result<Response> {
    let request = server.request(Method::POST, "/api/exports/pdf").header("Idempotency-Key", "k");
    request.json(&season()).send().await
}

async fn submits(server: &Server, _: &str) {
    assert!(submit_with_key(server).await.is_err(), "the server ended before its answer");
}

/// The client sends it again.
async fn submits_again(server: &Server) {
    let (_, answer) = answer_of(submit_with_key(server).await.unwrap()).await;
    server.completed("pdf", answer["job_id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_server_ends_before_a_job_is_made() {
    let (redis, home, _) = server_ends_at("submitting", submits).await;
    assert_eq!(redis.cli(&["ZCARD", "trapline:queue"]), "0", "no part of it is there");
    let server = home.start();
    assert_eq!(redis.cli(&["ZCARD", "trapline:jobs"]), "1");
    submits_again(&server).await;
}

#[tokio::test]
async fn a_server_ends_after_a_job_is_made() {
    let (redis, home, _) = server_ends_at("submitted", submits).await;
    assert_eq!(redis.cli(&["ZCARD", "trapline:queue"]), "1", "all of it is there");
    let server = home.start();
    submits_again(&server).await;
    assert_eq!(redis.cli(&["ZCARD", "trapline:jobs"]), "2", "and only once");
}

#[tokio::test]
async fn a_server_ends_in_the_middle_of_a_deletion() {
    let deletes = async |server: &Server, job_id: &str| {
        let request = server.request(Method::DELETE, &format!("/api/exports/{job_id}"));
        assert!(request.send().await.is_err());
    };
    let (_redis, home, job_id) = server_ends_at("deleted", deletes).await;
    // The record went, and the file did not, unless the clock of the process came by just then.
    let server = home.start();
    wait_until("the file to go", async || home.files().is_empty()).await;
    assert_eq!(server.get(&format!("/api/exports/pdf/{job_id}")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_process_ends_while_it_removes_an_expired_job() {
    let redis = RedisServer::start();
    let home = Home::with_examples().with_redis(&redis).arguments(&["--ttl", "2"]);
    let server = home.start();
    server.make("pdf", &season()).await;
    server.kill();
    let doomed = home.start_with(&["--workers", "0"], &[("FAILPOINTS", "expired=return")]);
    assert!(!doomed.wait().success());
    let _server = home.start();
    wait_until("the file to go", async || home.files().is_empty()).await;
}
