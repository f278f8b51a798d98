//! A Redis server that fails: requests fail at once, nothing that it kept is lost, and
//! everything goes on by itself when it is back.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::RedisServer;

use crate::support::{AtWork, Home, Server, certificate, one, program, read_json, run, season, wait_until};

/// Every kind of request is answered with 503, a reason and a time to come again. A machine may
/// be held up now and then; apart from that the answer is there within two seconds.
async fn is_told(server: &Server) {
    let patience = Duration::from_secs(30);
    let file = "/api/static/exports/report_x_1.pdf";
    let calls = [
        (Method::POST, "/api/exports/pdf"),
        (Method::GET, "/api/exports/pdf/x"),
        (Method::DELETE, "/api/exports/x"),
        (Method::GET, file),
        (Method::GET, "/readyz"),
    ];
    for (method, path) in calls {
        let mut slowest = Duration::ZERO;
        wait_until(&format!("{method} {path} to be answered within two seconds"), async || {
            let begun = Instant::now();
            let request = server.request(method.clone(), path).timeout(patience).json(&season());
            let response = request.send().await.unwrap();
            slowest = begun.elapsed();
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path}");
            assert!(response.headers().contains_key("retry-after"), "{method} {path}");
            assert_eq!(read_json(response, 503).await["status"], 503);
            slowest < Duration::from_secs(2)
        })
        .await;
        eprintln!("{method} {path}: {} ms", slowest.as_millis());
    }
    wait_until("thirty requests at once to be answered within two seconds", async || {
        let begun = Instant::now();
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..30 {
            requests.spawn(server.request(Method::GET, "/api/exports/pdf/x").timeout(patience).send());
        }
        for response in requests.join_all().await {
            assert_eq!(response.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        begun.elapsed() < Duration::from_secs(2)
    })
    .await;
    let alive = server.get("/healthz").await;
    assert_eq!(alive.status(), StatusCode::OK, "the process itself is well");
}

async fn is_ready(server: &Server) {
    wait_until("the server to be ready", async || server.get("/readyz").await.status() == StatusCode::OK)
        .await;
}

#[tokio::test]
async fn a_redis_that_is_down_is_told_and_used_again_when_it_is_back() {
    let at_work = AtWork::start(RedisServer::start_on_disk(), 600, &[]).await;
    let AtWork { mut redis, home, server, worker: _worker, job_id: running } = at_work;
    let waiting = server.submit("zip", &one()).await;
    redis.kill();
    is_told(&server).await;
    redis.restart();
    is_ready(&server).await;
    let status = server.completed("zip", &running).await;
    assert_eq!(status["attempt"], 1, "its worker kept it");
    server.completed("zip", &waiting).await;
    assert_eq!(home.files().len(), 2);
}

#[tokio::test]
async fn a_redis_that_came_back_empty_leaves_no_job_and_no_file() {
    let at_work = AtWork::start(RedisServer::start(), 3000, &[]).await;
    let AtWork { mut redis, home, server, worker, job_id: running } = at_work;
    let second = home.start_worker(1);
    let done = server.submit("zip", &one()).await;
    server.completed("zip", &done).await;
    assert!(second.terminate().success());
    redis.kill();
    redis.restart();
    is_ready(&server).await;
    for job_id in [&done, &running] {
        let path = format!("/api/exports/zip/{job_id}");
        assert_eq!(server.get(&path).await.status(), StatusCode::NOT_FOUND);
    }
    wait_until("the worker to stop its work", async || worker.log().contains("its work was stopped")).await;
    assert!(home.files().iter().all(|file| !file.contains(&running)), "{:?}", home.files());
    // The worker is free, and the file of the lost record goes with the next look at the folder.
    let next = server.submit("zip", &one()).await;
    server.completed("zip", &next).await;
    wait_until("the file without a record to go", async || home.files().len() == 1).await;
}

#[tokio::test]
async fn a_redis_that_is_frozen_for_ten_seconds_costs_no_attempt() {
    let at_work = AtWork::start(RedisServer::start(), 600, &[]).await;
    let AtWork { redis, home, server, worker: _worker, job_id: running } = at_work;
    redis.freeze();
    let frozen = Instant::now();
    while frozen.elapsed() < Duration::from_secs(10) {
        is_told(&server).await;
    }
    redis.thaw();
    is_ready(&server).await;
    let status = server.completed("zip", &running).await;
    assert_eq!((&status["attempt"], &status["processed_count"]), (&json!(1), &json!(600)));
    // A report that was asked for in the meantime may have been taken when the server went on.
    assert_eq!(home.files().iter().filter(|file| file.contains(".zip")).count(), 1);
}

#[tokio::test]
async fn a_redis_that_is_frozen_for_longer_than_a_lease_costs_no_attempt() {
    let short = ["--lease", "3", "--heartbeat", "0.5"];
    let at_work = AtWork::start(RedisServer::start(), 600, &short).await;
    let AtWork { redis, home: _home, server, worker, job_id: running } = at_work;
    redis.freeze();
    // Both timers get no answer, and their commands run when the server goes on.
    wait_until("both clocks to stand still", async || {
        [server.log(), worker.log()].iter().all(|log| log.contains("leases and jobs do not expire meanwhile"))
    })
    .await;
    let frozen = Instant::now();
    wait_until("the lease to be over", async || frozen.elapsed() > Duration::from_secs(3)).await;
    redis.thaw();
    is_ready(&server).await;
    assert_eq!(server.completed("zip", &running).await["attempt"], 1);
}

#[tokio::test]
async fn a_redis_without_memory_takes_no_jobs_and_keeps_what_it_has() {
    let redis = RedisServer::start_with(&["--maxmemory-policy", "noeviction"]);
    let at_work = AtWork::start(redis, 600, &[]).await;
    let AtWork { redis, home: _home, server, worker: _worker, job_id: running } = at_work;
    let other = server.submit("zip", &one()).await;
    redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    for (path, body) in [("/api/exports/pdf", season()), ("/api/exports/zip", one())] {
        let response = server.post(path, &body).await;
        // The season of another data set, which this one has nothing of, is requested without success.
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(response.headers().contains_key("retry-after"));
    }
    assert_eq!(server.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.status("zip", &running).await["status"], "processing", "what is there can be read");
    assert_eq!(server.delete(&other).await, StatusCode::NO_CONTENT, "and removed");
    redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    is_ready(&server).await;
    let status = server.completed("zip", &running).await;
    assert_eq!(status["attempt"], 1);
    assert_eq!(redis.cli(&["ZCARD", "trapline:jobs"]), "1", "no refused job is half there");
}

#[tokio::test]
async fn a_changed_password_is_told_and_changed_back_all_goes_on() {
    let at_work = AtWork::start(RedisServer::start(), 600, &[]).await;
    let AtWork { redis, home: _home, server, worker: _worker, job_id: running } = at_work;
    redis.cli(&["CONFIG", "SET", "requirepass", "secret"]);
    redis.cli(&["-a", "secret", "CLIENT", "KILL", "TYPE", "normal"]);
    is_told(&server).await;
    redis.cli(&["-a", "secret", "CONFIG", "SET", "requirepass", ""]);
    is_ready(&server).await;
    assert_eq!(server.completed("zip", &running).await["attempt"], 1);
}

#[tokio::test]
async fn a_server_starts_before_its_redis_does() {
    let mut redis = RedisServer::start();
    redis.kill();
    let home = Home::with_examples().with_redis(&redis);
    let (server, _worker) = (home.start_api(), home.start_worker(1));
    is_told(&server).await;
    redis.restart();
    is_ready(&server).await;
    server.make("pdf", &season()).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_at_the_start() {
    let redis = RedisServer::start_with(&["--requirepass", "right"]);
    let address = |password: &str| format!("redis://:{password}@127.0.0.1:{}", redis.port());
    let home = Home::with_examples().with_store(&address("wrong"));
    let refused = run(&mut home.command());
    refused.assert_told(2, &["check its address, user and password"]);
    assert!(!refused.told.contains("wrong"), "{refused:?}");
    let server = home.with_store(&address("right")).start();
    server.make("pdf", &season()).await;
    assert!(!server.log().contains("right"), "{}", server.log());
}

#[test]
fn a_worker_needs_a_store_that_can_be_shared() {
    let data = testkit::examples().join("algar.zip").display().to_string();
    let refused = run(program().args(["worker", "--store", "sqlite:jobs", "--data", &data]));
    refused.assert_told(2, &["separate workers need --store redis://"]);
}

#[tokio::test]
async fn a_redis_with_tls_is_used_when_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    let tls = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-auth-clients", "no"];
    let redis = RedisServer::start_with(&tls);
    let home = Home::with_examples().with_store(&format!("rediss://127.0.0.1:{}", redis.port()));
    let server = home.start_with(&[], &[("SSL_CERT_FILE", &certificate)]);
    server.make("pdf", &season()).await;
    // Another one does not talk to it.
    let server = home.start();
    assert_eq!(server.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}
