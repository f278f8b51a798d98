//! Crowds: a thousand who wait or listen cost the job store what one costs, and hear of changes as
//! soon, with or without messages.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use testkit::RedisServer;
use tokio::task::JoinSet;

use crate::support::{
    AtWork, Home, Process, Server, deaf, one, raise_file_limit, redis_record, season, start_api_on_redis,
    wait_until,
};

const CROWD: usize = 1000;
/// Commands that one process may send in a second, however many clients wait.
const MAX_COMMANDS: f64 = 150.0;

/// How a wait for the end of a job ended.
struct WaitResult {
    status: StatusCode,
    /// When the request was sent that had the answer.
    asked: Timestamp,
    answered: Timestamp,
}

/// Waits for the end of a job; again when the longest wait is over.
async fn wait_for_end(client: Client, address: String) -> WaitResult {
    loop {
        let asked = Timestamp::now();
        let answer = client.get(&address).header("prefer", "wait=60").send().await.unwrap();
        let (status, answered) = (answer.status(), Timestamp::now());
        if status != StatusCode::OK || answer.json::<Value>().await.unwrap()["status"] != "processing" {
            return WaitResult { status, asked, answered };
        }
    }
}

/// Connections that a server has open.
fn connections(server: &Server) -> usize {
    let entries = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
}

/// All commands that a Redis server carries out in a second, as it counts them itself: those inside of
/// scripts too.
async fn commands_per_second(redis: &RedisServer) -> f64 {
    let (begun, before) = (Instant::now(), redis.commands_processed());
    wait_until("some seconds to pass", async || begun.elapsed() > Duration::from_secs(5)).await;
    (redis.commands_processed() - before) as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_wait_cost_what_one_costs() {
    raise_file_limit();
    let redis = RedisServer::start();
    let (home, _) = Home::with_slow(1);
    let home = home.with_redis(&redis);
    let server = home.start_api();
    let job_id = server.submit("zip", &one()).await;
    let client = testkit::http_client(Duration::from_mins(3));
    let address = format!("{}/api/exports/zip/{job_id}", server.url);
    let mut waiting = JoinSet::new();
    for _ in 0..CROWD {
        waiting.spawn(wait_for_end(client.clone(), address.clone()));
    }
    wait_until("all of them to wait", async || connections(&server) >= CROWD).await;
    let rate = commands_per_second(&redis).await;
    eprintln!("commands a second while {CROWD} wait: {rate:.0}");
    assert!(rate < MAX_COMMANDS, "{rate}");

    let _worker = home.start_worker(1);
    let answers = waiting.join_all().await;
    let record = redis_record(&redis, &job_id);
    assert_eq!(record["status"], "completed");
    // Both are times of this machine's clock.
    let completed: Timestamp = record["completed_at"].as_str().unwrap().parse().unwrap();
    assert!(answers.iter().all(|result| result.status == StatusCode::OK));
    let heard = answers.iter().filter(|result| result.asked < completed).count();
    assert!(heard > CROWD / 2, "only {heard} heard of the end while they waited, and not by asking again");
    let mut took: Vec<_> =
        answers.iter().map(|result| result.answered.duration_since(completed).as_millis()).collect();
    took.sort_unstable();
    let (median, most) = (took[CROWD / 2], took[CROWD * 99 / 100]);
    eprintln!("answered after the end: half within {median} ms, 99 % within {most} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_wait_for_a_job_each_cost_no_more() {
    raise_file_limit();
    let (redis, _home, server) = start_api_on_redis();
    let client = testkit::http_client(Duration::from_mins(3));
    let (mut waiting, mut ids) = (JoinSet::new(), Vec::new());
    for _ in 0..CROWD {
        let job_id = server.submit("pdf", &season()).await;
        waiting.spawn(wait_for_end(client.clone(), format!("{}/api/exports/pdf/{job_id}", server.url)));
        ids.push(job_id);
    }
    wait_until("all of them to wait", async || connections(&server) >= CROWD).await;
    let rate = commands_per_second(&redis).await;
    eprintln!("commands a second while {CROWD} wait for a job each: {rate:.0}");
    assert!(rate < MAX_COMMANDS, "{rate}");
    for job_id in &ids[..10] {
        assert_eq!(server.delete(job_id).await, StatusCode::NO_CONTENT);
        let result = waiting.join_next().await.unwrap().unwrap();
        assert_eq!(result.status, StatusCode::NOT_FOUND, "only that one is answered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_costs_five_commands_for_a_thousand_listeners() {
    const CHANGES: usize = 50;
    raise_file_limit();
    let (redis, _home, server) = start_api_on_redis();
    let mut listeners = Vec::new();
    for _ in 0..CROWD {
        let mut events = server.listen("/api/exports/events", None).await;
        assert_eq!(events.next().await.unwrap().name, "exports");
        listeners.push(events);
    }
    let (monitor, begun) = (redis.monitor(), Instant::now());
    let mut last = String::new();
    for _ in 0..CHANGES {
        last = server.submit("pdf", &season()).await;
    }
    for events in &mut listeners {
        let event = events.wait_until(|event| event.data["job_id"] == last.as_str()).await;
        assert_eq!(event.data["queue_position"], CHANGES);
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    redis.cli(&["ECHO", "the end"]);
    let lines = monitor.read_until("the end");
    let cost = lines.iter().filter(|line| !line.contains("\"submit\"")).count();
    eprintln!("commands for {CHANGES} changes in {seconds} s: {cost}");
    // What is asked by the clock comes on top, and is the same without a listener but for a few.
    assert!(cost <= 5 * CHANGES + 10 * seconds, "{cost} in {seconds} s");
}

#[tokio::test]
async fn a_running_job_is_hardly_asked_about() {
    let at_work = AtWork::start(RedisServer::start(), 3000, &[]).await;
    let AtWork { redis, server, job_id, .. } = &at_work;
    let (monitor, begun) = (redis.monitor(), Instant::now());
    wait_until("two seconds to pass", async || begun.elapsed() > Duration::from_secs(2)).await;
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    redis.cli(&["ECHO", "the end"]);
    let lines = monitor.read_until("the end");
    let asked = lines.iter().filter(|line| line.contains(" \"0\" \"held\"")).count();
    assert!(asked <= 2 * seconds, "{asked} in {seconds} s");
    // A deletion is heard of all the same.
    server.delete(job_id).await;
    server.wait_for_no_files().await;
}

/// Waits until a worker has stopped the work on a job, and nothing of it is left.
async fn work_stops(worker: &Process, home: &Home) {
    wait_until("the worker to stop", async || worker.log().contains("its work was stopped")).await;
    wait_until("its file to go", async || home.files().is_empty()).await;
}

#[tokio::test]
async fn a_deletion_stops_a_worker_whose_subscription_is_cut() {
    let AtWork { redis, home, server, worker, job_id } = AtWork::start(RedisServer::start(), 3000, &[]).await;
    redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    work_stops(&worker, &home).await;
}

#[tokio::test]
async fn a_deletion_stops_a_worker_that_hears_no_messages() {
    let redis = RedisServer::start();
    let (home, request) = Home::with_slow(3000);
    let home = home.with_redis(&redis);
    let server = home.start_api();
    let home = home.with_store(&deaf(&redis));
    let worker = home.start_worker(1);
    let job_id = server.submit("zip", &request).await;
    server.wait_for_progress(&job_id).await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    work_stops(&worker, &home).await;
}

#[tokio::test]
async fn a_server_that_hears_no_messages_answers_who_waits_and_who_listens() {
    let redis = RedisServer::start();
    let home = Home::with_examples().with_store(&deaf(&redis));
    let server = home.start_api();
    wait_until("it to be refused", async || server.log().contains("workers poll every second")).await;
    let job_id = server.submit("pdf", &season()).await;
    let mut events = server.listen(&format!("/api/exports/{job_id}/events"), None).await;
    assert_eq!(events.next().await.unwrap().data["phase"], "queued");
    let address = format!("{}/api/exports/pdf/{job_id}", server.url);
    let waiting = tokio::spawn(wait_for_end(testkit::http_client(Duration::from_mins(3)), address));
    let _worker = home.start_worker(1);
    let last = events.wait_until(|event| event.data["status"] != "processing").await;
    assert_eq!(last.data["status"], "completed");
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn events_go_on_when_a_subscription_is_cut() {
    let (redis, _home, server) = start_api_on_redis();
    let mut events = server.listen("/api/exports/events", None).await;
    assert_eq!(events.next().await.unwrap().name, "exports");
    redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    let job_id = server.submit("pdf", &season()).await;
    assert_eq!(events.next().await.unwrap().data["job_id"], job_id.as_str());
}

#[tokio::test]
async fn who_waits_is_told_what_another_program_writes() {
    let (redis, _home, server) = start_api_on_redis();
    let write = |record: Value| redis.cli(&["SET", "export_job:theirs", &record.to_string(), "EX", "600"]);
    write(json!({"status": "processing", "job_id": "theirs"}));
    let begun = Instant::now();
    let request = server.request(Method::GET, "/api/exports/theirs").header("prefer", "wait=50");
    let waiting = tokio::spawn(request.send());
    // It is read when the request comes, and what happened is asked before and after that.
    wait_until("the request to wait", async || calls_of(&redis, "mget") >= 3).await;
    write(json!({"status": "failed", "job_id": "theirs", "error": "no"}));
    let status: Value = waiting.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!((&status["status"], &status["error_message"]), (&json!("failed"), &json!("no")));
    assert!(begun.elapsed() < Duration::from_secs(45), "before its wait was over");
}

/// How often a Redis server was sent a command, inside of scripts too.
fn calls_of(redis: &RedisServer, command: &str) -> u64 {
    let told = redis.cli(&["INFO", "commandstats"]);
    let calls = told.split_once(&format!("cmdstat_{command}:calls="));
    let calls = calls.and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
    calls.unwrap_or(0)
}
