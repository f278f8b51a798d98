//! Spans that are sent to a collector of OpenTelemetry.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Home, season};

/// Takes what is sent to `/v1/traces`, and hands over the bodies.
fn collector() -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, bodies) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let (mut seen, mut piece) = (Vec::new(), [0; 4096]);
            let head = loop {
                if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
                    break end + 4;
                }
                match connection.read(&mut piece) {
                    Ok(read) if read > 0 => seen.extend_from_slice(&piece[..read]),
                    _ => break 0,
                }
            };
            let text = String::from_utf8_lossy(&seen[..head]).to_lowercase();
            if !text.starts_with("post /v1/traces ") {
                continue;
            }
            let length = text.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
            let mut body = seen[head..].to_vec();
            let missing = length.parse::<usize>().unwrap() - body.len();
            let mut rest = vec![0; missing];
            connection.read_exact(&mut rest).unwrap();
            body.extend(rest);
            connection
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            if sender.send(body).is_err() {
                return;
            }
        }
    });
    (address, bodies)
}

#[tokio::test]
async fn requests_and_jobs_are_told_to_a_collector() {
    let (address, bodies) = collector();
    let server = Home::with_examples().arguments(&["--otlp-endpoint", &address]).start();
    let report = server.submit("pdf", &season()).await;
    server.completed("pdf", &report).await;
    // What is left is sent when the process stops.
    assert!(server.terminate().success());
    // Texts stand in protocol buffers as they are.
    let told = ["trapline", "service.name", "request", "/api/exports/pdf", "job", report.as_str(), "attempt"];
    let mut all = String::new();
    while let Some(missing) = told.iter().find(|told| !all.contains(**told)) {
        let body =
            bodies.recv_timeout(Duration::from_mins(1)).unwrap_or_else(|_| panic!("{missing} of {all}"));
        all += &String::from_utf8_lossy(&body);
    }
}

#[tokio::test]
async fn a_collector_that_is_away_keeps_nobody_waiting() {
    let server = Home::with_examples().arguments(&["--otlp-endpoint", "http://127.0.0.1:9"]).start();
    server.make("pdf", &season()).await;
    assert!(server.terminate().success());
}
