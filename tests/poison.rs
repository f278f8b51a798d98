//! Malicious requests: each is refused, or ends, and blocks no other job.

use serde_json::{Map, Value, json};
use testkit::RedisServer;

use crate::support::{Home, Server, herons, season};

/// Values that a field may be given.
fn odd_values() -> Vec<Value> {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let wrapped = |depth: usize| (0..depth).fold(json!("x"), |inner, _| json!({"a": inner}));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{1b}[2J\u{202e}"),
        json!("x".repeat(100_000)),
        json!("𐍈é\u{301}\u{feff}"),
        json!([]),
        json!(vec!["x"; 20_000]),
        json!([null, [], {}]),
        json!({"$serde_json::private::RawValue": "[1"}),
        json!({"$serde_json::private::Number": "1e999"}),
        json!({"start_date": [[]], "end_date": {"x": []}}),
        nested(30),
        nested(31),
        nested(124),
        nested(126),
        wrapped(29),
        wrapped(125),
    ]
}

/// The fields that the interface describes for a call, and an unknown one.
async fn fields_of(server: &Server, kind: &str) -> Vec<String> {
    let description = server.json("/openapi.json").await;
    let name = if kind == "pdf" { "ReportBody" } else { "ArchiveBody" };
    let properties = description["components"]["schemas"][name]["properties"].as_object().unwrap();
    let mut fields: Vec<String> = properties.keys().cloned().collect();
    assert!(fields.len() > 10, "{fields:?}");
    fields.push("nobody knows".into());
    fields
}

async fn no_request_stops_another(home: &Home) {
    let server = home.start();
    let mut taken = Vec::new();
    for (kind, base) in [("pdf", season()), ("zip", herons())] {
        for field in fields_of(&server, kind).await {
            for value in odd_values() {
                let mut body: Map<String, Value> = base.as_object().unwrap().clone();
                body.insert(field.clone(), value.clone());
                let response = server.post(&format!("/api/exports/{kind}"), &Value::Object(body)).await;
                let status = response.status().as_u16();
                let answer: Value = response.json().await.unwrap();
                assert!([202, 400, 422].contains(&status), "{field}: {status} {answer}");
                if status == 202 {
                    taken.push((kind, answer["job_id"].as_str().unwrap().to_owned(), field.clone()));
                }
            }
        }
    }
    // A normal request behind all of them.
    server.make("zip", &herons()).await;
    assert!(taken.len() > 20, "{}", taken.len());
    for (kind, job_id, field) in taken {
        let status = server.wait_for_end(kind, &job_id).await;
        // A filter may choose nothing. Each failure has its reason.
        assert_eq!(status["attempt"], 1, "{field}: {status}");
        let reason = status["error_message"].as_str().unwrap_or_default();
        assert!(
            status["status"] == "completed" || reason.contains("choose other") || reason.contains("ask for"),
            "{field}: {status}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_stops_another_on_sqlite() {
    no_request_stops_another(&Home::with_examples()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_stops_another_on_redis() {
    let redis = RedisServer::start();
    no_request_stops_another(&Home::with_examples().with_redis(&redis)).await;
}

/// The peak of a process's memory since it was last asked, in MiB.
fn peak_memory(server: &Server) -> u64 {
    let process = server.id().to_string();
    let peak = testkit::memory_of(&process, "VmHWM");
    // Back to what is in use now.
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
    peak >> 10
}

/// Bodies of nearly 4 MiB that take as much memory as they can.
#[tokio::test]
async fn a_large_body_takes_little_memory() {
    // Without a worker, whose jobs would be measured too.
    let server = Home::with_examples().start_api();
    let fill = |start: &str, part: &str, end: &str| {
        let many = ((4 << 20) - 1000 - start.len() - end.len()) / part.len();
        format!("{start}{}{end}", part.repeat(many))
    };
    let bodies = [
        fill(r#"{"x": [0"#, ",[]", "]}"),
        fill(r#"{"x": [0"#, r#",{"a":0}"#, "]}"),
        fill(r#"{"detection_ids": [0"#, ",[]", "]}"),
        fill(r#"{"detection_ids": [0"#, r#",{"a":0,"b":0}"#, "]}"),
        fill(r#"{"filter": {"x": [0"#, ",0", "]}}"),
        fill(r#"{"filter": {"a":0"#, r#","a":0"#, "}}"),
        fill(r#"{"x":0"#, r#","x":0"#, "}"),
        fill(r#"{"title": ""#, r"\u0001", r#""}"#),
        format!(r#"{{"detection_ids": [{}"x"]}}"#, format!("\"{}\",", "y".repeat(410)).repeat(9999)),
    ];
    for (number, body) in bodies.iter().enumerate() {
        assert!(body.len() > 3 << 20, "{number}: {}", body.len());
        let before = {
            peak_memory(&server);
            peak_memory(&server)
        };
        let response = server.client.post(format!("{}/api/exports/zip", server.url)).body(body.clone());
        let status = response.send().await.unwrap().status().as_u16();
        assert!([202, 400, 422].contains(&status), "{number}: {status}");
        let took = peak_memory(&server).saturating_sub(before);
        assert!(took < 80, "body {number} took {took} MiB");
    }
}
