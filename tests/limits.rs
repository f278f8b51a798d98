//! What a server takes, and what it asks to come back later.

use std::time::Duration;

use reqwest::Response;
use testkit::assert_contains;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::access::token;
use crate::support::{Home, Server, on_both_stores, read_json, season, wait_until};

/// Requests are in the log.
const LOGGED: [(&str, &str); 1] = [("RUST_LOG", "info,tower_http=debug")];

on_both_stores!(more_exports_than_may_wait_are_asked_to_come_back, one_name_does_not_take_all_the_room,);

/// Asserts that a request is refused for now, for this reason.
async fn assert_later(answer: Response, status: u16, reason: &str) {
    assert!(answer.headers().contains_key("retry-after"));
    let problem = read_json(answer, status).await;
    assert_contains(problem["detail"].as_str().unwrap(), &[reason]);
}

async fn more_exports_than_may_wait_are_asked_to_come_back(on: impl Fn(Home) -> Home) {
    let home = on(Home::with_examples().arguments(&["--max-queued", "2"]));
    let server = home.start_api();
    let first = server.submit("pdf", &season()).await;
    server.submit("pdf", &season()).await;
    assert_later(server.post("/api/exports/pdf", &season()).await, 503, "The queue is full").await;
    // One that goes makes room for another.
    server.delete(&first).await;
    server.submit("pdf", &season()).await;
}

async fn one_name_does_not_take_all_the_room(on: impl Fn(Home) -> Home) {
    let (anna, annas) = token("anna", "export");
    let (ben, bens) = token("ben", "export");
    let arguments = ["--access", &annas, "--access", &bens, "--max-queued-each", "3"];
    let server = on(Home::with_examples().arguments(&arguments)).start_api();
    let (anna, ben) = (server.caller_with(&anna), server.caller_with(&ben));
    for _ in 0..3 {
        anna.submit("pdf", &season()).await;
    }
    let refused = anna.post("/api/exports/pdf", &season()).await;
    assert_later(refused, 429, "try again in 30 seconds, or delete some").await;
    // Anna's other two do not hold it up.
    let job_id = ben.submit("pdf", &season()).await;
    let status = ben.status("pdf", &job_id).await;
    assert!(status["queue_position"].as_u64() <= Some(2), "{status}");
}

/// Sends bytes one at a time, until the server has heard enough; returns what it said.
async fn trickle(server: &Server, head: &str, drop_by_drop: &str) -> String {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let (mut answers, mut asks) = stream.into_split();
    asks.write_all(head.as_bytes()).await.unwrap();
    let drops = drop_by_drop.as_bytes().to_vec();
    let sending = tokio::spawn(async move {
        for drop in drops.iter().cycle() {
            if asks.write_all(&[*drop]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut said = Vec::new();
    // A connection that is reset has been closed as well.
    let _ = answers.read_to_end(&mut said).await;
    sending.abort();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_request_that_comes_a_byte_a_second_is_not_waited_for() {
    let limits = ["--head-timeout", "3", "--body-timeout", "4"];
    let server = Home::with_examples().arguments(&limits).start();
    let head = trickle(&server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a");
    let post = "POST /api/exports/pdf HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n";
    let body = trickle(&server, post, "[");
    let (head, body) = tokio::join!(head, body);
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("took too long"), "{body}");
    // Others were answered all the while.
    assert_eq!(server.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn a_body_of_100_megabytes_is_refused_before_it_has_come() {
    let server = Home::with_examples().start();
    let head = "POST /api/exports/zip HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let told = trickle(&server, &format!("{head}Content-Length: 104857600\r\n\r\n"), "[").await;
    assert!(told.starts_with("HTTP/1.1 413"), "{told}");
    // Nor does it help not to say how much it is.
    let piece = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    // No more than the socket holds is beyond the limit, so that all of it is sent before the answer comes.
    let body = format!("{}400\r\n{}\r\n", piece.repeat(4), " ".repeat(1 << 10));
    let told = trickle(&server, &format!("{head}Transfer-Encoding: chunked\r\n\r\n{body}"), "0").await;
    assert!(told.starts_with("HTTP/1.1 413"), "{told}");
}

#[tokio::test]
async fn every_answer_is_guarded_in_a_browser() {
    let server = Home::with_examples().start();
    for path in
        ["/", "/docs/", "/openapi.json", "/healthz", "/api/datasets", "/api/exports/nothing", "/nowhere"]
    {
        let answer = server.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "SAMEORIGIN"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
    }
}

/// With the id of a request its answer and its lines of the log are found together.
#[tokio::test]
async fn a_request_has_an_id_that_is_in_the_answer_and_in_the_log() {
    let server = Home::with_examples().start_with(&[], &LOGGED);
    let own = server.get_with("/api/datasets", &[("x-request-id", "from-a-client-7")]).await;
    assert_eq!(own.headers()["x-request-id"], "from-a-client-7");
    let made = server.get("/api/datasets?secret=hidden").await;
    let made = made.headers()["x-request-id"].to_str().unwrap();
    assert_eq!(made.len(), 36);
    wait_until("the log", async || server.log().contains(made) && server.log().contains("from-a-client-7"))
        .await;
    // What makes a link good stays out of it.
    assert!(!server.log().contains("hidden"), "{}", server.log());
}

/// What a client calls its request is sent back and logged, so only an id is accepted.
#[tokio::test]
async fn an_id_that_is_none_is_replaced() {
    let server = Home::with_examples().start_with(&[], &LOGGED);
    let answered = async |ids: &[&str]| {
        let headers: Vec<_> = ids.iter().map(|id| ("x-request-id", *id)).collect();
        let answer = server.get_with("/api/datasets", &headers).await;
        assert_eq!(answer.status(), 200);
        let ids: Vec<_> = answer.headers().get_all("x-request-id").iter().cloned().collect();
        assert_eq!(ids.len(), 1);
        ids[0].to_str().unwrap().to_owned()
    };
    let (longest, too_long, huge) = ("a".repeat(128), "b".repeat(129), "c".repeat(60_000));
    assert_eq!(answered(&[&longest]).await, longest);
    for ids in [
        &[too_long.as_str()][..],
        &[huge.as_str()],
        &["a b"],
        &["a\tb"],
        &["{\"a\": 1}"],
        &[""],
        &["d1", "d2"],
    ] {
        let own = answered(ids).await;
        assert_eq!(own.len(), 36, "{own}");
        wait_until("the log", async || server.log().contains(&own)).await;
    }
    let log = server.log();
    assert!(!log.contains(&"b".repeat(20)) && !log.contains(&"c".repeat(20)), "{log}");
}

/// Addresses and methods that a client makes up are not repeated without end.
#[tokio::test]
async fn what_a_client_makes_up_is_repeated_in_part() {
    let server = Home::with_examples().start_with(&[], &LOGGED);
    let path = format!("/{}", "e".repeat(50_000));
    let problem = server.get(&path).await.text().await.unwrap();
    assert!(problem.contains("There is nothing at /eee") && problem.len() < 1000, "{problem}");
    let method = reqwest::Method::from_bytes("F".repeat(50_000).as_bytes()).unwrap();
    let answer = server.request(method, "/healthz").send().await.unwrap();
    assert_eq!(answer.status(), 405);
    let problem = answer.text().await.unwrap();
    assert!(problem.contains("/healthz does not support FFF") && problem.len() < 1000, "{problem}");
    wait_until("the log", async || server.log().contains("status=405")).await;
    assert!(server.log().len() < 20_000, "{}", server.log().len());
}
