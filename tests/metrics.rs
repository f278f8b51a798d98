//! `GET /metrics`, and what stands in deploy/ on it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use testkit::{PostgresServer, RedisServer, assert_contains};

use crate::access::token;
use crate::raw::{code, send};
use crate::support::{Caller, Home, herons, on_both_stores, season, wait_until};

async fn metrics(server: &Caller) -> String {
    let answer = server.get("/metrics").await;
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    answer.text().await.unwrap()
}

/// The value of a metric, given with its labels as they are written.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.unwrap_or_else(|| panic!("{name} of\n{text}")).split(' ').nth(1).unwrap().parse().unwrap()
}

async fn jobs_requests_and_answers_are_counted(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let report = server.submit("pdf", &season()).await;
    let archive = server.submit("zip", &herons()).await;
    let report = server.completed("pdf", &report).await;
    server.completed("zip", &archive).await;
    server.download(&report).await;
    server.get("/api/exports/pdf/nobody").await;
    // A worker counts a job a moment after clients can see its end.
    wait_until("both are counted", async || {
        let text = metrics(&server).await;
        ["pdf", "zip"]
            .iter()
            .all(|kind| text.contains(&format!("attempts_total{{kind=\"{kind}\",result=\"completed\"}} 1")))
    })
    .await;
    let text = metrics(&server).await;
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
    for (name, expected) in [
        ("trapline_store_up", 1.0),
        ("trapline_jobs_queued", 0.0),
        ("trapline_jobs_running", 0.0),
        ("trapline_jobs_ended", 2.0),
        ("trapline_queue_age_seconds", 0.0),
        ("trapline_jobs_submitted_total{kind=\"zip\"}", 1.0),
        ("trapline_job_duration_seconds_count{kind=\"pdf\"}", 1.0),
        ("trapline_store_duration_seconds_count{operation=\"submit\",result=\"ok\"}", 2.0),
        ("trapline_http_requests_total{method=\"POST\",route=\"/api/exports/pdf\",code=\"202\"}", 1.0),
    ] {
        assert!((value(&text, name) - expected).abs() < 1e-9, "{name} of\n{text}");
    }
    let size = report["file_size_bytes"].as_f64().unwrap();
    assert!((value(&text, "trapline_files_written_bytes_total{kind=\"pdf\"}") - size).abs() < 0.5);
    assert!((value(&text, "trapline_files_sent_bytes_total") - size).abs() < 0.5);
    // Nobody makes up routes.
    assert_contains(&text, &["route=\"/api/exports/pdf/{job_id}\",code=\"404\""]);
    assert!(!text.contains("nobody"), "{text}");
}
on_both_stores!(jobs_requests_and_answers_are_counted);

/// A label is kept for as long as the process lives, so clients cannot make up new ones.
#[tokio::test]
async fn methods_that_nobody_knows_are_counted_as_one() {
    let server = Home::with_examples().start_api();
    for name in ["FOO", "get", "PURGE", "A", "BBBBBBBBBBBB"] {
        let method = Method::from_bytes(name.as_bytes()).unwrap();
        server.request(method, "/healthz").send().await.unwrap();
    }
    let text = metrics(&server).await;
    let name = "trapline_http_requests_total{method=\"other\",route=\"/healthz\",code=\"405\"}";
    assert!((value(&text, name) - 5.0).abs() < 1e-9, "{text}");
    assert!(!text.contains("PURGE") && !text.contains("\"get\""), "{text}");
}

/// A page of another site whose name leads to this machine reads no metrics.
#[tokio::test]
async fn metrics_on_this_machine_are_called_by_its_names() {
    let port = testkit::free_port();
    let address = format!("127.0.0.1:{port}");
    let arguments = ["--metrics-listen", address.as_str(), "--host", "metrics.example.org"];
    let _server = Home::with_examples().arguments(&arguments).start_api();
    for (host, expected) in
        [("localhost", 200), (address.as_str(), 200), ("metrics.example.org", 200), ("evil.example", 421)]
    {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(code(&send(&address, &request).await), expected, "{host}");
    }
    assert_eq!(code(&send(&address, "GET /metrics HTTP/1.0\r\n\r\n").await), 400);
}

#[tokio::test]
async fn workers_show_metrics_at_an_address_of_their_own() {
    let redis = RedisServer::start();
    let port = testkit::free_port();
    let home = Home::with_examples().with_redis(&redis);
    let api = home.start_api();
    let home = home.arguments(&["--metrics-listen", &format!("127.0.0.1:{port}")]);
    let _worker = home.start_worker(1);
    api.make("zip", &herons()).await;
    let worker = Caller { url: format!("http://127.0.0.1:{port}"), ..api.caller_with("") };
    wait_until("the worker tells of it", async || {
        let counted = "trapline_attempts_total{kind=\"zip\",result=\"completed\"} 1";
        metrics(&worker).await.contains(counted)
    })
    .await;
}

#[tokio::test]
async fn a_store_and_a_database_that_are_away_are_seen() {
    let (mut redis, mut database) = (RedisServer::start(), PostgresServer::start());
    testkit::fill(&database, 500, 10);
    let server = Home::with_data(&[database.url().as_ref()]).with_redis(&redis).start();
    let summary = "/api/summary?start_date=2024-03-01&end_date=2024-05-31";
    assert_eq!(server.get(summary).await.status(), 200);
    database.kill();
    assert_eq!(server.get(summary).await.status(), 503);
    redis.kill();
    let text = metrics(&server).await;
    assert!((value(&text, "trapline_store_up")).abs() < 1e-9 && !text.contains("jobs_queued"), "{text}");
    for result in ["ok", "error"] {
        let name =
            format!("trapline_database_duration_seconds_count{{operation=\"days\",result=\"{result}\"}}");
        assert!(value(&text, &name) >= 1.0);
    }
}

#[tokio::test]
async fn where_there_are_tokens_metrics_take_one() {
    let (token, grant) = token("prometheus", "read");
    let server = Home::with_examples().arguments(&["--access", &grant]).start();
    assert_eq!(server.get("/metrics").await.status(), 401);
    assert_eq!(server.caller_with(&token).get("/metrics").await.status(), 200);
}

/// What dashboards and alerts ask for is there.
#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are() {
    let (redis, database) = (RedisServer::start(), PostgresServer::start());
    testkit::fill(&database, 500, 10);
    let server = Home::with_data(&[database.url().as_ref()]).with_redis(&redis).start();
    server.get("/api/summary?start_date=2024-03-01&end_date=2024-05-31").await;
    server.make("pdf", &season()).await;
    wait_until("it is counted", async || metrics(&server).await.contains("trapline_attempts_total")).await;
    let text = metrics(&server).await;
    let names = |text: &str| -> BTreeSet<String> {
        text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .filter(|word| word.starts_with("trapline_") && !word.ends_with('_'))
            .map(str::to_owned)
            .collect()
    };
    let known = names(&text);
    let deploy = testkit::examples().join("../deploy");
    let dashboard = std::fs::read_to_string(deploy.join("grafana-dashboard.json")).unwrap();
    let parsed: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(parsed["panels"].as_array().unwrap().len() >= 8);
    let alerts = std::fs::read_to_string(deploy.join("alerts.yml")).unwrap();
    for name in names(&dashboard).union(&names(&alerts)) {
        assert!(known.contains(name), "{name} is not among {known:?}");
    }
}
