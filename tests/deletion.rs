//! Deletion: a running job stops, and nothing of it is left.

use std::time::Instant;

use reqwest::StatusCode;

use crate::support::{Home, season, slow, until};

#[tokio::test]
async fn deleting_a_running_job_stops_it_and_leaves_no_file() {
    let (data, request) = slow(3000);
    let server = Home::with(&[data.path()]).arguments(&["--workers", "1"]).start();
    let job_id = server.submit("zip", &request).await;
    server.status_when("zip", &job_id, |s| s["processed_count"].as_u64() > Some(0)).await;
    assert!(!server.files().is_empty(), "it is being written");
    let begun = Instant::now();
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&format!("/api/exports/zip/{job_id}")).await.status(), StatusCode::NOT_FOUND);
    until("the unfinished file to go", async || server.files().is_empty()).await;
    eprintln!("stopped after {} ms", begun.elapsed().as_millis());
    assert!(server.log().contains("no longer wanted"), "{}", server.log());
    // The only worker is free again: the job did not run on.
    let next = server.submit("zip", &serde_json::json!({"detection_ids": ["d0"]})).await;
    server.completed("zip", &next).await;
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
