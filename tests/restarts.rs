//! A server that ends in the middle of things, and comes back.

use serde_json::json;

use crate::support::{Home, season, wait_until};

#[tokio::test]
async fn after_kill_9_jobs_complete_and_nothing_is_lost_or_left_over() {
    let (home, request) = Home::with_slow(1000);
    let home = home.arguments(&["--workers", "1"]);
    let server = home.start();
    let done = server.submit("zip", &json!({"detection_ids": ["d0", "d1"]})).await;
    let finished = server.completed("zip", &done).await;
    let running = server.submit("zip", &request).await;
    let waiting = server.submit("zip", &json!({"detection_ids": ["d2"]})).await;
    server.wait_for_progress(&running).await;
    server.kill();

    let server = home.start();
    // The same record, but for the time to live that goes on running.
    assert_eq!(server.status("zip", &done).await, finished);
    assert_eq!(finished["file_size_bytes"], server.download(&finished).await.len());
    let status = server.completed("zip", &running).await;
    assert_eq!((&status["attempt"], &status["processed_count"]), (&json!(2), &json!(1000)));
    server.completed("zip", &waiting).await;
    wait_until("files of the killed process to go", async || server.files().len() == 3).await;
    assert!(server.files().iter().all(|name| name.starts_with("detections_")), "{:?}", server.files());
}

#[tokio::test]
async fn a_job_that_kills_its_server_each_time_is_given_up() {
    let (home, request) = Home::with_slow(2000);
    let mut server = home.start();
    let job_id = server.submit("zip", &request).await;
    for _ in 0..3 {
        server.wait_for_running("zip", &job_id).await;
        server.kill();
        server = home.start();
    }
    let status = server.status("zip", &job_id).await;
    assert_eq!(status["status"], "failed");
    assert!(status["error_message"].as_str().unwrap().contains("begun 3 times"), "{status}");
    server.wait_for_no_files().await;
}

#[tokio::test]
async fn a_signal_to_stop_hands_running_jobs_back() {
    let (home, request) = Home::with_slow(1000);
    let home = home.arguments(&["--grace", "0"]);
    let server = home.start();
    let job_id = server.submit("zip", &request).await;
    server.wait_for_progress(&job_id).await;
    assert!(server.terminate().success());
    assert_eq!(home.files(), Vec::<String>::new(), "no file is left over");

    let server = home.start();
    let status = server.completed("zip", &job_id).await;
    assert_eq!(status["attempt"], 2);
}

#[tokio::test]
async fn a_signal_to_stop_lets_running_jobs_finish_in_their_time() {
    let (home, request) = Home::with_slow(200);
    let home = home.arguments(&["--grace", "100"]);
    let server = home.start();
    let job_id = server.submit("zip", &request).await;
    server.status_when("zip", &job_id, |s| s["phase"] != "queued").await;
    assert!(server.terminate().success());
    let server = home.start();
    let status = server.status("zip", &job_id).await;
    assert_eq!((&status["status"], &status["attempt"]), (&json!("completed"), &json!(1)));
}

#[tokio::test]
async fn a_server_without_workers_takes_jobs_for_the_next_one() {
    let home = Home::with_examples().arguments(&["--workers", "0"]);
    let server = home.start();
    let job_id = server.submit("pdf", &season()).await;
    server.kill();
    let server = Home::arguments(home, &[]).start();
    server.completed("pdf", &job_id).await;
}
