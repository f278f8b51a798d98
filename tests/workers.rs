//! Workers in processes of their own, on jobs in Redis.

use std::process::Command;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::{KilledOnDrop, RedisServer};

use crate::support::{AtWork, Home, deaf, one, redis_record, season, start_api_on_redis, wait_until};

/// Leases that run out while a test looks on, but not by themselves on a busy machine.
const SHORT_LEASE: [&str; 4] = ["--lease", "3", "--heartbeat", "0.5"];

#[tokio::test]
async fn any_number_of_workers_shares_the_jobs_of_any_number_of_servers() {
    let (_redis, home) = Home::on_redis();
    let servers = [home.start_api(), home.start_api()];
    let workers = [home.start_worker(1), home.start_worker(2)];
    let mut ids = Vec::new();
    for number in 0..30 {
        ids.push(servers[number % 2].submit("pdf", &season()).await);
    }
    for (number, job_id) in ids.iter().enumerate() {
        // Each is asked of the server that did not take it.
        let status = servers[(number + 1) % 2].completed("pdf", job_id).await;
        assert_eq!(status["attempt"], 1);
        servers[number % 2].download(&status).await;
    }
    assert_eq!(home.files().len(), 30);
    wait_until("each to have had some", async || {
        let job_id = servers[0].submit("pdf", &season()).await;
        servers[1].completed("pdf", &job_id).await;
        workers.iter().all(|worker| worker.log().contains("job completed"))
    })
    .await;
    for worker in workers {
        assert!(worker.terminate().success());
    }
}

#[tokio::test]
async fn each_transition_is_one_command() {
    let (redis, home, server) = start_api_on_redis();
    let worker = home.start_worker(1);
    let monitor = redis.monitor();
    let job_id = server.submit("pdf", &season()).await;
    server.completed("pdf", &job_id).await;
    assert!(worker.terminate().success());
    redis.cli(&["ECHO", "the end"]);
    let lines = monitor.read_until("the end");
    let of_the_job: Vec<&String> = lines.iter().filter(|line| line.contains(&job_id)).collect();
    let count = |name: &str| {
        let script =
            |line: &&&String| line.contains("\"EVALSHA\"") && line.contains(&format!(" \"0\" \"{name}\""));
        of_the_job.iter().filter(script).count()
    };
    assert_eq!(
        (count("submit"), count("complete"), count("fail"), count("reap")),
        (1, 1, 0, 0),
        "{lines:#?}"
    );
    let claims = lines.iter().filter(|line| line.contains(" \"0\" \"claim\"")).count();
    assert!(claims >= 1, "{lines:#?}");
    // Nothing but scripts writes, and a status is read with the time it has left.
    for line in &lines {
        let command = line.split('"').nth(1).unwrap_or_default().to_uppercase();
        let reads = ["GET", "MGET", "PTTL", "ZRANK"];
        let others = ["EVALSHA", "PING", "ECHO", "HELLO", "CLIENT", "SELECT", "SCRIPT", ""];
        assert!(reads.contains(&&*command) || others.contains(&&*command), "{line}");
    }
}

#[tokio::test]
async fn a_free_worker_is_woken_and_does_not_wait_for_its_next_look() {
    let (redis, home, server) = start_api_on_redis();
    let _worker = home.start_worker(1);
    let mut waits = Vec::new();
    for _ in 0..15 {
        let job_id = server.submit("pdf", &season()).await;
        server.completed("pdf", &job_id).await;
        let record = redis_record(&redis, &job_id);
        let at = |field: &str| record[field].as_str().unwrap().parse::<Timestamp>().unwrap();
        // Both are times of the Redis server.
        waits.push(at("started_at").duration_since(at("created_at")).as_millis());
    }
    waits.sort_unstable();
    eprintln!("from submission to start: {waits:?} ms");
    // A worker looks by itself every second.
    assert!(waits[waits.len() / 2] < 250, "{waits:?}");
}

#[tokio::test]
async fn a_worker_that_hears_no_messages_finds_its_jobs() {
    let (redis, home, server) = start_api_on_redis();
    let deaf = home.with_store(&deaf(&redis));
    let worker = deaf.start_worker(1);
    wait_until("the worker to be refused", async || worker.log().contains("workers poll every second")).await;
    server.make("pdf", &season()).await;
}

#[tokio::test]
async fn a_killed_worker_s_job_runs_again_elsewhere() {
    let at_work = AtWork::start(RedisServer::start(), 600, &SHORT_LEASE).await;
    let AtWork { redis: _redis, home, server, worker: first, job_id } = at_work;
    let second = home.start_worker(1);
    first.kill();
    let status = server.completed("zip", &job_id).await;
    assert!(status["attempt"].as_u64() >= Some(2) && status["processed_count"] == 600, "{status}");
    wait_until("the killed worker's file to go", async || home.files().len() == 1).await;
    assert!(second.log().contains(&job_id));
}

#[tokio::test]
async fn a_worker_that_was_stopped_too_long_loses_its_job_and_leaves_no_file() {
    let at_work = AtWork::start(RedisServer::start(), 600, &SHORT_LEASE).await;
    let AtWork { redis: _redis, home, server, worker: first, job_id } = at_work;
    first.signal("STOP");
    let _second = home.start_worker(1);
    let completed = server.completed("zip", &job_id).await;
    assert!(completed["attempt"].as_u64() >= Some(2), "{completed}");
    first.signal("CONT");
    wait_until("the first to learn it", async || {
        first.log().contains("its work was stopped") || first.log().contains("Lost")
    })
    .await;
    let status = server.status("zip", &job_id).await;
    assert_eq!((&status["attempt"], &status["filename"]), (&completed["attempt"], &completed["filename"]));
    wait_until("its file to go", async || home.files().len() == 1).await;
    server.download(&status).await;
}

#[tokio::test]
async fn a_signal_to_stop_hands_a_job_to_another_worker_at_once() {
    // A lease longer than the test.
    let patient = ["--grace", "0", "--lease", "1000", "--heartbeat", "0.5"];
    let at_work = AtWork::start(RedisServer::start(), 600, &patient).await;
    let AtWork { redis: _redis, home, server, worker: first, job_id } = at_work;
    let _second = home.start_worker(1);
    assert!(first.terminate().success());
    assert_eq!(server.completed("zip", &job_id).await["attempt"], 2);
    assert_eq!(home.files().len(), 1);
}

#[tokio::test]
async fn deleting_a_job_stops_a_worker_in_another_process() {
    let AtWork { redis, home, server, worker, job_id } = AtWork::start(RedisServer::start(), 3000, &[]).await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    wait_until("its file to go", async || home.files().is_empty()).await;
    wait_until("the log to say so", async || worker.log().contains("its work was stopped")).await;
    server.make("zip", &one()).await;
    let left = redis.cli(&["KEYS", "*"]);
    assert!(!left.contains(&job_id), "{left}");
}

/// Processes that keep all cores busy. Dropped, they are killed.
fn keep_busy() -> Vec<KilledOnDrop> {
    let cores = std::thread::available_parallelism().unwrap().get();
    let one = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
    (0..cores * 2).map(|_| KilledOnDrop(one())).collect()
}

#[tokio::test]
async fn heartbeats_go_on_while_all_cores_work() {
    let redis = RedisServer::start();
    let (home, request) = Home::with_slow(400);
    let home = home.with_redis(&redis).arguments(&SHORT_LEASE);
    let (server, _worker) = (home.start_api(), home.start_worker(2));
    let _busy = keep_busy();
    let ids = [server.submit("zip", &request).await, server.submit("zip", &request).await];
    for job_id in ids {
        assert_eq!(server.completed("zip", &job_id).await["attempt"], 1, "no lease ran out");
    }
}

#[tokio::test]
async fn what_another_program_writes_into_a_record_stays() {
    let at_work = AtWork::start(RedisServer::start(), 600, &[]).await;
    let AtWork { redis, home: _home, server, worker: _worker, job_id } = at_work;
    let running = server.status("zip", &job_id).await;
    let key = format!("export_job:{job_id}");
    // It writes over the record with next to nothing, as the first system's server did.
    let note = r#"{"tags":[],"serial":12345678901234567890,"text":"}\"{[","none":null,"share":0.1234567890123456789}"#;
    let written = format!(r#"{{"note": {note}, "status":"processing", "job_id":"{job_id}"}}"#);
    redis.cli(&["SET", &key, &written, "EX", "60"]);
    let status = server.completed("zip", &job_id).await;
    assert_eq!(status["attempt"], 1);
    assert_eq!(status["created_at"], running["created_at"], "set once");
    let record = redis.cli(&["GET", &key]);
    assert!(record.contains(&format!(r#""note":{note}"#)), "{record}");
    let left: i64 = redis.cli(&["TTL", &key]).parse().unwrap();
    assert!(left > 3000, "renewed: {left}");
}

#[tokio::test]
async fn what_another_program_ended_has_ended() {
    let AtWork { redis, home, server, worker, job_id } = AtWork::start(RedisServer::start(), 3000, &[]).await;
    let record =
        json!({"status": "failed", "job_id": job_id, "error": "cancelled by an operator"}).to_string();
    redis.cli(&["SET", &format!("export_job:{job_id}"), &record, "EX", "60"]);
    wait_until("the worker to stop", async || worker.log().contains("its work was stopped")).await;
    assert_eq!(redis.cli(&["GET", &format!("export_job:{job_id}")]), record);
    assert_eq!(server.status("zip", &job_id).await["error_message"], "cancelled by an operator");
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn every_command_is_in_the_log_at_debug() {
    let redis = RedisServer::start();
    let home = Home::with_examples().with_redis(&redis).arguments(&["--log-format", "json"]);
    let server = home.start_api();
    let worker = home.start_worker_with(1, &[("RUST_LOG", "info,jobs=debug")]);
    let job_id = server.submit("pdf", &season()).await;
    server.completed("pdf", &job_id).await;
    wait_until("the whole story", async || worker.log().contains("\"job completed\"")).await;
    let log = worker.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let commands: Vec<Value> = lines.filter(|line| line["message"] == "redis").collect();
    let named = |name: &str| commands.iter().find(|line| line["command"] == name);
    for name in ["claim", "complete", "reap"] {
        let line = named(name).unwrap_or_else(|| panic!("no {name} in {log}"));
        assert!(line["level"] == "DEBUG" && line["took_us"].is_u64(), "{line}");
    }
    assert_eq!(named("complete").unwrap()["job_id"], job_id.as_str());
}
