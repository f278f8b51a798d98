//! Deletion: a running job stops, and nothing of it is left.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::raw::{address, send};
use crate::support::{Home, one, season, wait_until};

#[tokio::test]
async fn deleting_a_running_job_stops_it_and_leaves_no_file() {
    let (home, request) = Home::with_slow(3000);
    let server = home.arguments(&["--workers", "1"]).start();
    let job_id = server.submit("zip", &request).await;
    server.wait_for_progress(&job_id).await;
    assert!(!server.files().is_empty(), "it is being written");
    let begun = Instant::now();
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&format!("/api/exports/zip/{job_id}")).await.status(), StatusCode::NOT_FOUND);
    server.wait_for_no_files().await;
    eprintln!("stopped after {} ms", begun.elapsed().as_millis());
    wait_until("the log to say so", async || server.log().contains("its work was stopped")).await;
    // The only worker is free again: the job did not run on.
    server.make("zip", &one()).await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NOT_FOUND);
    assert_eq!(server.files().len(), 1);
}

#[tokio::test]
async fn deleting_a_waiting_job_takes_it_out_of_the_queue() {
    let server = Home::with_examples().arguments(&["--workers", "0"]).start();
    let job_id = server.submit("pdf", &season()).await;
    assert_eq!(server.status("pdf", &job_id).await["phase"], "queued");
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    assert_eq!(server.delete(&job_id).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn deletion_takes_what_any_client_sends_with_it() {
    let server = Home::with_examples().arguments(&["--workers", "0"]).start();
    // A body and its type, which some clients always send.
    let job_id = server.submit("pdf", &season()).await;
    let request = server.request(Method::DELETE, &format!("/api/exports/{job_id}")).json(&json!({}));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    // As little as HTTP/1.0 takes.
    let job_id = server.submit("pdf", &season()).await;
    let request = format!("DELETE /api/exports/{job_id} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let answer = send(address(&server), &request).await;
    assert!(answer.starts_with("HTTP/1.0 204") || answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(server.get(&format!("/api/exports/pdf/{job_id}")).await.status(), StatusCode::NOT_FOUND);
}
