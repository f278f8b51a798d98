//! Server-Sent Events: what happens to jobs, as it happens.

use serde_json::{Value, json};
use testkit::RedisServer;

use crate::support::{
    AtWork, Home, Server, herons, on_both_stores, raise_file_limit, season, start_api_on_redis, wait_until,
};

on_both_stores!(
    a_job_is_told_from_its_state_to_its_end,
    a_client_that_comes_back_after_the_end_is_told_to_stay_away,
    a_job_that_is_deleted_is_told_to_be_gone,
    a_waiting_job_is_told_when_its_place_moves,
    all_jobs_are_told_with_what_a_client_has_missed,
    events_end_when_the_server_stops,
);

fn events_of(job_id: &str) -> String {
    format!("/api/exports/{job_id}/events")
}

async fn a_job_is_told_from_its_state_to_its_end(on: impl Fn(Home) -> Home) {
    let (home, request) = Home::with_slow(400);
    let home = on(home);
    let server = home.start();
    let job_id = server.submit("zip", &request).await;
    let events = server.listen(&events_of(&job_id), None).await.all().await;
    assert!(events.iter().all(|event| event.name == "status" && event.data["job_id"] == job_id.as_str()));
    assert_eq!(events[0].data["status"], "processing");
    let last = events.last().unwrap();
    assert_eq!(last.data["status"], "completed");
    assert!(events.len() > 3, "on its way it is told too: {events:?}");
    let counts: Vec<_> = events.iter().map(|event| event.data["processed_count"].as_u64()).collect();
    assert!(counts.is_sorted(), "{counts:?}");
    let ids: Vec<u64> = events.iter().map(|event| event.id.parse().unwrap()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    // The last event is the status that other clients get.
    assert_eq!(last.data["file_size_bytes"], server.status("zip", &job_id).await["file_size_bytes"]);
}

async fn a_client_that_comes_back_after_the_end_is_told_to_stay_away(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let job_id = server.submit("pdf", &season()).await;
    let events = server.listen(&events_of(&job_id), None).await.all().await;
    let (first, last) = (events[0].id.clone(), events.last().unwrap().id.clone());
    let again = server.get_with(&events_of(&job_id), &[("last-event-id", &last)]).await;
    assert_eq!(again.status(), 204);
    if first != last {
        let told = server.listen(&events_of(&job_id), Some(&first)).await.all().await;
        assert_eq!(told[0].data["status"], "completed");
    }
    assert_eq!(server.get(&events_of("nobody")).await.status(), 404);
}

async fn a_job_that_is_deleted_is_told_to_be_gone(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let job_id = server.submit("pdf", &season()).await;
    let mut events = server.listen(&events_of(&job_id), None).await;
    assert_eq!(events.next().await.unwrap().data["phase"], "queued");
    server.delete(&job_id).await;
    let gone = events.next().await.unwrap();
    assert_eq!((gone.name.as_str(), &gone.data["job_id"]), ("gone", &json!(job_id)));
    assert_eq!(events.next().await, None);
}

async fn a_waiting_job_is_told_when_its_place_moves(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let first = server.submit("pdf", &season()).await;
    let second = server.submit("pdf", &season()).await;
    let mut events = server.listen(&events_of(&second), None).await;
    assert_eq!(events.next().await.unwrap().data["queue_position"], 2);
    server.delete(&first).await;
    assert_eq!(events.next().await.unwrap().data["queue_position"], 1);
}

async fn all_jobs_are_told_with_what_a_client_has_missed(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let old = server.submit("pdf", &season()).await;
    server.completed("pdf", &old).await;
    let mut events = server.listen("/api/exports/events", None).await;
    let present = events.next().await.unwrap();
    assert_eq!((present.name.as_str(), &present.data["exports"][0]["job_id"]), ("exports", &json!(old)));
    let new = server.submit("zip", &herons()).await;
    let of_new = |event: &crate::sse::Event| event.data["job_id"] == new.as_str();
    let done = events.wait_until(|event| of_new(event) && event.data["status"] == "completed").await;
    drop(events);

    // While the client is away.
    let missed = server.submit("pdf", &season()).await;
    server.completed("pdf", &missed).await;
    server.delete(&old).await;
    let mut events = server.listen("/api/exports/events", Some(&done.id)).await;
    // The last event may come twice: its record was read before its change was.
    let other = |event: &crate::sse::Event| !of_new(event);
    let told = [events.wait_until(other).await, events.wait_until(other).await];
    assert_eq!((&told[0].data["job_id"], &told[0].data["status"]), (&json!(missed), &json!("completed")));
    assert_eq!((told[1].name.as_str(), &told[1].data["job_id"]), ("gone", &json!(old)));

    // A client whose missed events are unknown gets everything.
    let mut events = server.listen("/api/exports/events", Some("1")).await;
    assert_eq!(events.next().await.unwrap().data["exports"].as_array().unwrap().len(), 2);
}

async fn events_end_when_the_server_stops(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let job_id = server.submit("pdf", &season()).await;
    let events =
        [server.listen(&events_of(&job_id), None).await, server.listen("/api/exports/events", None).await];
    let url = server.url.clone();
    let stopped = tokio::task::spawn_blocking(move || server.terminate());
    for mut events in events {
        events.next().await;
        assert_eq!(events.next().await, None, "{url}");
    }
    assert!(stopped.await.unwrap().success());
}

#[tokio::test]
async fn a_job_is_told_by_a_process_that_has_nothing_to_do_with_it() {
    let at_work = AtWork::start(RedisServer::start(), 400, &[]).await;
    let other: Server = at_work.home.start_api();
    let events = other.listen(&events_of(&at_work.job_id), None).await.all().await;
    assert_eq!(events.last().unwrap().data["status"], "completed");
    assert!(events.len() > 2, "{events:?}");
}

#[tokio::test]
async fn what_another_program_writes_is_told_too() {
    let (redis, _home, server) = start_api_on_redis();
    let write = |record: Value| redis.cli(&["SET", "export_job:theirs", &record.to_string(), "EX", "60"]);
    write(json!({"status": "processing", "job_id": "theirs"}));
    let mut events = server.listen(&events_of("theirs"), None).await;
    assert_eq!(events.next().await.unwrap().data["status"], "processing");
    write(json!({"status": "failed", "job_id": "theirs", "error": "no"}));
    assert_eq!(events.next().await.unwrap().data["error_message"], "no");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_record_that_not_every_program_can_read_hides_no_other() {
    let (redis, _home, server) = start_api_on_redis();
    let [odd, plain] = [server.submit("pdf", &season()).await, server.submit("pdf", &season()).await];
    let key = format!("export_job:{odd}");
    // JSON, but no number of a processor and no text.
    let record =
        redis.cli(&["GET", &key]).replacen("\"request\":{", "\"request\":{\"a\":1e999,\"b\":\"\\ud800\",", 1);
    assert!(record.contains("1e999"), "{record}");
    redis.cli(&["SET", &key, record.trim(), "KEEPTTL"]);
    let mut response = server.get("/api/exports/events").await;
    let mut text = String::new();
    while !text.contains("\n\n") {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().expect("no end")));
    }
    assert!(text.contains(&odd) && text.contains(&plain) && text.contains("1e999"), "{text}");
}

#[tokio::test]
async fn there_is_a_sign_of_life_while_nothing_happens() {
    // Nothing is to be written in the meantime, so there is nothing to wait for.
    let server = Home::with_examples().arguments(&["--workers", "0", "--write-timeout", "1"]).start();
    let mut response = server.get("/api/exports/events").await;
    let mut text = String::new();
    // A comment, which clients pass over.
    while !text.lines().any(|line| line.starts_with(':')) {
        let chunk = response.chunk().await.unwrap().expect("no end");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

/// Memory of a process in MiB.
fn resident(server: &Server) -> u64 {
    testkit::memory_of(&server.id().to_string(), "VmRSS") / 1024
}

#[tokio::test]
async fn a_thousand_listeners_cost_under_100_mebibytes() {
    raise_file_limit();
    let server = Home::with_examples().arguments(&["--workers", "0"]).start();
    let job_id = server.submit("pdf", &season()).await;
    let before = resident(&server);
    let mut listeners = Vec::new();
    for number in 0..1000 {
        let path = if number % 2 == 0 { events_of(&job_id) } else { "/api/exports/events".into() };
        let mut events = server.listen(&path, None).await;
        events.next().await.unwrap();
        listeners.push(events);
    }
    server.delete(&job_id).await;
    for events in &mut listeners {
        assert_eq!(events.wait_until(|event| event.name == "gone").await.data["job_id"], job_id.as_str());
    }
    let cost = resident(&server).saturating_sub(before);
    assert!(cost < 100, "{cost} MiB");
    drop(listeners);
    wait_until("the server to go on", async || server.get("/healthz").await.status() == 200).await;
}
