//! Webhooks: the end of an export is sent to the address in its request.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use testkit::assert_contains;
use tokio::net::TcpListener;

use crate::support::{
    Home, herons, on_both_stores, program, read_json, run, season, set_fields, tools, wait_until,
};
use crate::zips::manifest_of;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A message as it arrived.
#[derive(Clone)]
struct Message {
    headers: HeaderMap,
    body: String,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks it with the library that receivers in Python use.
    fn is_signed_with(&self, secret: &str) -> bool {
        let headers: serde_json::Map<String, Value> =
            ["webhook-id", "webhook-timestamp", "webhook-signature"]
                .into_iter()
                .map(|name| (name.to_owned(), self.header(name).into()))
                .collect();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tools/verify_webhook.py");
        let mut command = Command::new(tools().join("bin/python"));
        command.arg(script).arg(secret).arg(Value::from(headers).to_string()).arg(&self.body);
        run(&mut command).code == 0
    }
}

/// A receiver. It answers with `answers`, then with 204.
#[derive(Clone)]
struct Receiver {
    url: String,
    heard: Arc<Mutex<Vec<Message>>>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Receiver {
    async fn start(answers: &[u16]) -> Self {
        Self::start_at(0, answers).await
    }

    async fn start_at(port: u16, answers: &[u16]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let answers = answers.iter().rev().map(|code| StatusCode::from_u16(*code).unwrap()).collect();
        let receiver = Self {
            url: format!("http://{}/hooks", listener.local_addr().unwrap()),
            heard: Arc::default(),
            answers: Arc::new(Mutex::new(answers)),
        };
        let routes = Router::new().route("/hooks", post(hear)).with_state(receiver.clone());
        tokio::spawn(async { axum::serve(listener, routes).await });
        receiver
    }

    fn messages(&self) -> Vec<Message> {
        self.heard.lock().unwrap().clone()
    }

    async fn receive(&self, number: usize) -> Vec<Message> {
        wait_until("a message", async || self.messages().len() >= number).await;
        self.messages()
    }
}

async fn hear(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, HeaderMap, Bytes) {
    receiver.heard.lock().unwrap().push(Message { headers, body });
    let answer = receiver.answers.lock().unwrap().pop().unwrap_or(StatusCode::NO_CONTENT);
    let mut headers = HeaderMap::new();
    if answer.is_redirection() {
        headers.insert("location", receiver.url.parse().unwrap());
    }
    (answer, headers, Bytes::new())
}

fn telling(secret: &str) -> Home {
    Home::with_examples().arguments(&["--webhook-secret", secret, "--webhook-private"])
}

fn with_callback(request: Value, url: &str) -> Value {
    set_fields(request, &json!({"callback_url": url}))
}

on_both_stores!(a_completed_export_is_told_of_and_signed, a_receiver_that_was_away_is_told_when_it_is_back,);

async fn a_completed_export_is_told_of_and_signed(on: impl Fn(Home) -> Home) {
    let receiver = Receiver::start(&[]).await;
    let server = on(telling(&format!("{SECRET} {NEXT_SECRET}"))).start();
    let job_id = server.submit("zip", &with_callback(herons(), &receiver.url)).await;
    let messages = receiver.receive(1).await;
    let message = messages[0].json();
    assert_eq!(message["type"], "export.completed");
    let mut status = server.completed("zip", &job_id).await;
    assert_eq!(message["timestamp"], status["completed_at"]);
    // The time until it expires has milliseconds, which differ between two reads.
    let mut data = message["data"].clone();
    for told in [&mut data, &mut status] {
        told["expires_at"] = Value::Null;
    }
    assert_eq!(data, status);
    assert_eq!(messages[0].header("webhook-id"), format!("{job_id}.completed"));
    assert_eq!(messages[0].header("content-type"), "application/json");
    // Either secret will do, while receivers change over.
    assert!(messages[0].is_signed_with(SECRET) && messages[0].is_signed_with(NEXT_SECRET));
    assert!(!messages[0].is_signed_with("whsec_bm9ib2R5IGtub3dzIHRoaXMgb25lLCBub3QgbWU="));

    // The archive does not contain the address.
    let manifest = manifest_of(&server.download(&status).await);
    assert!(!manifest.to_string().contains("callback_url"), "{manifest}");
}

/// The message survives the end of the process that was to send it.
async fn a_receiver_that_was_away_is_told_when_it_is_back(on: impl Fn(Home) -> Home) {
    let port = testkit::free_port();
    let home = on(telling(SECRET));
    let server = home.start();
    let url = format!("http://127.0.0.1:{port}/hooks");
    let job_id = server.submit("pdf", &with_callback(season(), &url)).await;
    server.completed("pdf", &job_id).await;
    wait_until("an attempt", async || server.log().contains("webhook could not be sent")).await;
    server.kill();

    let receiver = Receiver::start_at(port, &[]).await;
    let server = home.start();
    let messages = receiver.receive(1).await;
    assert_eq!(messages[0].json()["data"]["job_id"], job_id.as_str());
    wait_until("the log", async || server.log().contains("webhook sent")).await;
}

/// It had sent the message, and could not say so any more: the message is sent again, with the same
/// id, so that who hears it twice can tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_after_it_has_told_tells_again() {
    let receiver = Receiver::start(&[]).await;
    let home = telling(SECRET);
    let mut doomed = home.command();
    doomed.env("FAILPOINTS", "told=return");
    let server = home.start_as(doomed);
    let job_id = server.submit("pdf", &with_callback(season(), &receiver.url)).await;
    assert!(!server.wait().success());
    let _server = home.start();
    let messages = receiver.receive(2).await;
    let id = format!("{job_id}.completed");
    assert_eq!([0, 1].map(|number: usize| messages[number].header("webhook-id")), [&id; 2]);
}

#[tokio::test]
async fn a_failed_export_is_told_of_with_its_reason() {
    let receiver = Receiver::start(&[]).await;
    let templates = tempfile::tempdir().unwrap();
    std::fs::write(templates.path().join("broken.typ"), "#nothing_of_this_name").unwrap();
    let folder = templates.path().to_str().unwrap();
    let arguments = ["--webhook-secret", SECRET, "--webhook-private", "--templates", folder];
    let server = Home::with_examples().arguments(&arguments).start();
    let request = with_callback(season(), &receiver.url);
    let request = set_fields(request, &json!({"report_type": "custom", "template": "broken"}));
    server.submit("pdf", &request).await;
    let message = receiver.receive(1).await[0].json();
    assert_eq!((&message["type"], &message["data"]["status"]), (&json!("export.failed"), &json!("failed")));
    assert!(message["data"]["error_message"].as_str().unwrap().contains("broken.typ"), "{message}");
}

/// With the same id and a new signature, so that who hears it twice can tell.
#[tokio::test]
async fn a_message_that_was_not_taken_is_sent_again() {
    // Redirects are not followed: their targets were not checked.
    let receiver = Receiver::start(&[307]).await;
    let server = telling(SECRET).start();
    server.submit("pdf", &with_callback(season(), &receiver.url)).await;
    let messages = receiver.receive(2).await;
    assert_eq!(messages[0].header("webhook-id"), messages[1].header("webhook-id"));
    assert!(messages[1].is_signed_with(SECRET));
    let waited = |message: &Message| message.header("webhook-timestamp").parse::<i64>().unwrap();
    assert!(waited(&messages[1]) >= waited(&messages[0]) + 4);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone() {
    let receiver = Receiver::start(&[410]).await;
    let server = telling(SECRET).start();
    server.submit("pdf", &with_callback(season(), &receiver.url)).await;
    receiver.receive(1).await;
    wait_until("the log", async || server.log().contains("is gone (410)")).await;
}

#[tokio::test]
async fn hosts_of_a_private_network_are_not_told() {
    let receiver = Receiver::start(&[]).await;
    let server = Home::with_examples().arguments(&["--webhook-secret", SECRET]).start();
    let port = receiver.url.split([':', '/']).nth(4).unwrap();
    for (url, told) in [
        (format!("https://127.0.0.1:{port}/hooks"), "must be on the public internet, which 127.0.0.1 is not"),
        (format!("https://[::1]:{port}/hooks"), "must be on the public internet, which [::1] is not"),
        (receiver.url.clone(), "must be on the public internet, which 127.0.0.1 is not"),
        ("http://example.org/hooks".into(), "must be an https address"),
        ("nonsense".into(), "must be an https address"),
    ] {
        let request = with_callback(season(), &url);
        let problem = server.refusal("pdf", &request, "callback_url").await;
        assert_contains(problem["detail"].as_str().unwrap(), &[told]);
    }
    // A name is resolved anew for each message.
    let url = format!("https://localhost:{port}/hooks");
    server.submit("pdf", &with_callback(season(), &url)).await;
    wait_until("the log", async || server.log().contains("localhost is not on the public internet")).await;
    assert!(receiver.messages().is_empty());
}

#[tokio::test]
async fn a_server_without_a_secret_says_that_it_tells_nobody() {
    let server = Home::with_examples().start();
    let request = with_callback(herons(), "https://example.org/");
    let problem = read_json(server.post("/api/exports/zip", &request).await, 422).await;
    assert_contains(&problem.to_string(), &["--webhook-secret"]);
}

#[test]
fn a_secret_that_is_none_is_refused_without_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data = testkit::examples().join("algar.zip");
    let mut command = program();
    command.current_dir(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]).arg("--data").arg(data);
    let refused = run(command.env("TRAPLINE_WEBHOOK_SECRET", "whsec_short"));
    refused.assert_told(2, &["openssl rand"]);
}
