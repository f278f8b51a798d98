//! Statuses of a job while it runs and at its end.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Home, herons, read_json, season, seasonal, wait_until};
use crate::zips::{manifest_of, names_in};

#[tokio::test]
async fn a_report_is_completed_with_its_file() {
    let server = Home::with_examples().start();
    let job_id = server.submit("pdf", &season()).await;
    let status = server.completed("pdf", &job_id).await;
    let filename = status["filename"].as_str().unwrap();
    assert_eq!(filename, format!("report_{job_id}_1.pdf"));
    assert_eq!(status["download_url"], format!("/api/static/exports/{filename}"));
    assert_eq!((&status["error_message"], &status["phase"]), (&Value::Null, &Value::Null));
    let time = |field: &str| status[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(time("created_at") <= time("completed_at") && time("completed_at") < time("expires_at"));
    let file = server.download(&status).await;
    assert!(file.starts_with(b"%PDF-"));
    assert_eq!(status["file_size_bytes"], file.len());
    assert!(status.get("total_detections").is_none(), "a report counts no detections");
}

#[tokio::test]
async fn an_archive_is_completed_with_its_crops() {
    let server = Home::with_examples().start();
    let status = server.make("zip", &herons()).await;
    assert_eq!((&status["total_detections"], &status["processed_count"]), (&json!(10), &json!(10)));
    assert_eq!(status["progress_percent"], 100.0);
    let file = server.download(&status).await;
    assert_eq!(names_in(&file).iter().filter(|name| name.starts_with("crops/detection_")).count(), 10);
    let manifest = manifest_of(&file);
    assert_eq!(manifest["request"], herons());
    assert_eq!(manifest["counts"]["crops"], 10);
}

#[tokio::test]
async fn a_job_says_how_far_it_is() {
    let (home, request) = Home::with_slow(3000);
    let server = home.arguments(&["--workers", "1"]).start();
    let running = server.submit("zip", &request).await;
    let waiting = server.submit("zip", &request).await;
    let status = server.wait_for_progress(&running).await;
    assert_eq!((&status["status"], &status["phase"]), (&json!("processing"), &json!("running")));
    assert_eq!(status["attempt"], 1);
    let (done, percent) =
        (status["processed_count"].as_f64().unwrap(), status["progress_percent"].as_f64().unwrap());
    assert!((percent - done / 30.0).abs() < 0.051, "{done} of 3000 is {percent} %");
    assert!(status["estimated_completion"].is_string());
    let response = server.get(&format!("/api/exports/zip/{waiting}")).await;
    assert_eq!(response.headers()["retry-after"], "1");
    let status: Value = response.json().await.unwrap();
    assert_eq!((&status["status"], &status["phase"]), (&json!("processing"), &json!("queued")));
    assert_eq!(status["progress_percent"], 0.0);
}

#[tokio::test]
async fn a_job_of_which_nothing_exists_fails_and_says_so() {
    let server = Home::with_examples().start();
    let job_id = server.submit("zip", &json!({"detection_ids": ["x", "y"], "dataset": "camtrap-dp"})).await;
    let status = server.failed("zip", &job_id).await;
    assert_eq!(
        status["error_message"],
        "none of the 2 detections could be exported: 2 ids are of no detections of the data set. The first is x: no \
         detection of the data set has this id"
    );
    assert_eq!((&status["filename"], &status["attempt"]), (&Value::Null, &json!(1)));
    assert!(status["completed_at"].is_string());
    let nothing =
        json!({"filter": {"start_date": "2010-01-01", "end_date": "2010-12-31"}, "dataset": "camtrap-dp"});
    let job_id = server.submit("zip", &nothing).await;
    let status = server.wait_for_end("zip", &job_id).await;
    let reason = status["error_message"].as_str().unwrap();
    assert!(reason.starts_with("No animals with a marked position"), "{status}");
    server.wait_for_no_files().await;
}

#[tokio::test]
async fn ids_that_do_not_exist_are_listed() {
    let server = Home::with_examples().start();
    let request = json!({"detection_ids": ["nobody", "7ab33b3a_1"], "dataset": "camtrap-dp"});
    let manifest = manifest_of(&server.make_file("zip", &request).await.1);
    assert_eq!(manifest["missing"][0]["detection_id"], "nobody");
    assert_eq!(manifest["missing"][0]["reason"], "no_such_id");
    assert_eq!(manifest["counts"]["crops"], 1);
}

#[tokio::test]
async fn a_job_that_is_not_there_is_not_found() {
    let server = Home::with_examples().start();
    let report = server.submit("pdf", &season()).await;
    let paths = [
        "/api/exports/pdf/6f1f1a3e-0000-4000-8000-000000000000".to_owned(),
        "/api/exports/zip/unknown".to_owned(),
        "/api/exports/pdf/a%20b".to_owned(),
        format!("/api/exports/pdf/{}", "x".repeat(129)),
        format!("/api/exports/zip/{report}"),
        "/api/static/exports/report_unknown_1.pdf".to_owned(),
        "/api/static/exports/..%2Fjobs%2Fjobs.sqlite".to_owned(),
    ];
    for path in paths {
        let problem = read_json(server.get(&path).await, 404).await;
        assert_eq!(problem["detail"], "Job not found or expired", "{path}");
    }
    assert_eq!(server.delete("unknown").await, StatusCode::NOT_FOUND);
    server.completed("pdf", &report).await;
}

#[tokio::test]
async fn the_log_of_a_job_reads_as_its_story() {
    let server = Home::with_examples().arguments(&["--log-format", "json"]).start();
    let job_id = server.submit("pdf", &season()).await;
    server.completed("pdf", &job_id).await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    let story = || -> Vec<Value> {
        let lines = server.log();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON object"));
        lines.filter(|line| line["job_id"] == job_id.as_str()).collect()
    };
    wait_until("the whole story", async || story().len() == 4).await;
    let story = story();
    let told: Vec<&str> = story.iter().map(|line| line["message"].as_str().unwrap()).collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["job claimed", "job completed", "job deleted", "job submitted"]);
    let ended = story.iter().find(|line| line["message"] == "job completed").unwrap();
    assert_eq!((&ended["level"], &ended["attempt"]), (&json!("INFO"), &json!(1)));
    assert!(ended["took_ms"].is_u64() && ended["worker"].is_string(), "{ended}");
}

#[tokio::test]
async fn a_server_says_that_it_lives_and_is_ready() {
    let server = Home::with_examples().start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_period_without_data_is_a_report_that_says_so() {
    let server = Home::with_examples().start();
    let (_, file) = server.make_file("pdf", &seasonal("2010-01-01", "2010-12-31")).await;
    assert!(file.starts_with(b"%PDF-"));
}

#[tokio::test]
async fn an_expired_job_is_gone_with_its_file() {
    let server = Home::with_examples().arguments(&["--ttl", "2"]).start();
    let job_id = server.submit("pdf", &season()).await;
    let path = format!("/api/exports/pdf/{job_id}");
    wait_until("the job to expire", async || server.get(&path).await.status() == StatusCode::NOT_FOUND).await;
    server.wait_for_no_files().await;
    assert_eq!(server.delete(&job_id).await, StatusCode::NOT_FOUND);
}
