//! What clients of earlier systems rely on, over HTTP, with jobs on a real Redis server and
//! another program that reads and writes the same records.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::RedisServer;

use crate::support::{
    Home, Server, herons, read_json, redis_record, season, seasonal, set_fields, start_api_on_redis,
    wait_until,
};

/// A server without workers, so that what another program writes stays as it is.
fn server() -> (RedisServer, Server) {
    let (redis, _home, server) = start_api_on_redis();
    (redis, server)
}

/// Writes a record as another program does.
fn write(redis: &RedisServer, job_id: &str, record: &Value) {
    redis.cli(&["SET", &format!("export_job:{job_id}"), &record.to_string(), "EX", "3600"]);
}

fn today() -> Date {
    ZonedDateTime::now().date()
}

/// The status and the detail of the answer to a report that is asked for.
async fn answer(body: &Value) -> (u16, Option<String>) {
    let (_redis, server) = server();
    let (status, answer) = server.answer("pdf", body).await;
    (status, answer["detail"].as_str().map(str::to_owned))
}

async fn is_refused(body: &Value, detail: &str) {
    assert_eq!(answer(body).await, (400, Some(detail.into())));
}

#[tokio::test]
async fn a_start_after_the_end_is_refused() {
    is_refused(&seasonal("2018-12-31", "2018-01-01"), "start_date must be before end_date").await;
}

#[tokio::test]
async fn a_start_that_is_the_end_is_refused() {
    is_refused(&seasonal("2018-12-31", "2018-12-31"), "start_date must be before end_date").await;
}

#[tokio::test]
async fn more_than_a_year_is_refused() {
    is_refused(&seasonal("2018-01-01", "2019-01-02"), "Date range cannot exceed 1 year").await;
}

#[tokio::test]
async fn exactly_365_days_are_accepted() {
    assert_eq!(answer(&seasonal("2018-01-01", "2019-01-01")).await.0, 202);
}

#[tokio::test]
async fn an_unknown_grouping_is_refused() {
    let body = set_fields(season(), &json!({"group_by": "year"}));
    is_refused(&body, "group_by must be one of: day, month, week").await;
}

#[tokio::test]
async fn each_known_grouping_is_accepted() {
    for group_by in ["day", "week", "month"] {
        let body = set_fields(season(), &json!({"group_by": group_by}));
        assert_eq!(answer(&body).await.0, 202, "{group_by}");
    }
}

#[tokio::test]
async fn a_start_in_the_future_is_refused() {
    let body = seasonal(today() + 1.day(), today() + 2.days());
    is_refused(&body, "start_date cannot be in the future").await;
}

#[tokio::test]
async fn an_end_in_the_future_is_refused() {
    // Two days, so that midnight may come in between.
    let body = seasonal(today() - 2.days(), today() + 2.days());
    is_refused(&body, "end_date cannot be in the future").await;
}

#[tokio::test]
async fn an_end_today_is_accepted() {
    assert_eq!(answer(&seasonal(today() - 30.days(), today())).await.0, 202);
}

#[tokio::test]
async fn the_first_broken_rule_is_the_one_that_is_told() {
    let body = set_fields(seasonal("2030-01-01", "2018-01-01"), &json!({"group_by": "year"}));
    is_refused(&body, "start_date must be before end_date").await;
}

#[tokio::test]
async fn a_report_is_accepted_as_a_job_that_is_processing() {
    let (_redis, server) = server();
    let answer = read_json(server.post("/api/exports/pdf", &season()).await, 202).await;
    assert_eq!(answer["status"], "processing");
    assert_eq!(answer["job_id"].as_str().unwrap().len(), 36);
    assert!(answer["message"].is_string());
    answer["estimated_completion"].as_str().unwrap().parse::<Timestamp>().unwrap();
}

#[tokio::test]
async fn an_archive_is_accepted_with_the_number_of_its_detections() {
    let (_redis, server) = server();
    let answer =
        read_json(server.post("/api/exports/zip", &json!({"detection_ids": ["a", "b", "c"]})).await, 202)
            .await;
    assert_eq!((&answer["status"], &answer["total_detections"]), (&json!("processing"), &json!(3)));
}

#[tokio::test]
async fn an_archive_of_nothing_or_of_too_much_is_refused() {
    let (_redis, server) = server();
    for many in [0, 10_001] {
        let ids: Vec<String> = (0..many).map(|id| id.to_string()).collect();
        let response = server.post("/api/exports/zip", &json!({"detection_ids": ids})).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{many}");
    }
}

#[tokio::test]
async fn crops_have_128_to_1024_pixels() {
    let (_redis, server) = server();
    for (size, status) in [(127, 422), (128, 202), (1024, 202), (1025, 422)] {
        let body = json!({"detection_ids": ["a"], "crop_size": size});
        assert_eq!(server.post("/api/exports/zip", &body).await.status().as_u16(), status, "{size}");
    }
}

#[tokio::test]
async fn the_record_is_in_redis_with_its_time_to_live_before_the_answer() {
    let (redis, server) = server();
    let job_id = server.submit("zip", &json!({"detection_ids": ["a", "b"]})).await;
    let record = redis_record(&redis, &job_id);
    assert_eq!((&record["status"], &record["job_id"]), (&json!("processing"), &json!(job_id)));
    assert_eq!((&record["total_detections"], &record["processed_count"]), (&json!(2), &json!(0)));
    record["created_at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let left: i64 = redis.cli(&["TTL", &format!("export_job:{job_id}")]).parse().unwrap();
    assert!((3500..=3600).contains(&left), "{left}");
}

#[tokio::test]
async fn a_refused_request_leaves_nothing_in_redis() {
    let (redis, server) = server();
    assert_eq!(server.post("/api/exports/pdf", &seasonal("2018-02-01", "2018-01-01")).await.status(), 400);
    assert_eq!(redis.cli(&["KEYS", "export_job:*"]), "");
    assert_eq!(redis.cli(&["EXISTS", "trapline:queue"]), "0");
}

#[tokio::test]
async fn a_job_that_another_program_says_is_processing_is_served() {
    let (redis, server) = server();
    let record = json!({"status": "processing", "job_id": "abc", "created_at": "2025-11-13T04:00:00Z"});
    write(&redis, "abc", &record);
    let status = server.status("pdf", "abc").await;
    assert_eq!((&status["status"], &status["job_id"]), (&json!("processing"), &json!("abc")));
    assert_eq!(status["created_at"], "2025-11-13T04:00:00Z");
}

#[tokio::test]
async fn a_job_that_another_program_completed_is_served_as_it_is() {
    let (redis, server) = server();
    let record = json!({
        "status": "completed", "job_id": "abc", "filename": "report_x.pdf", "file_size_bytes": 12345,
        "download_url": "https://files.example.org/report_x.pdf", "created_at": "2025-11-13T04:00:00Z",
        "completed_at": "2025-11-13T04:01:30Z",
    });
    write(&redis, "abc", &record);
    let status = server.status("pdf", "abc").await;
    for (field, value) in record.as_object().unwrap() {
        assert_eq!(&status[field], value, "{field}");
    }
    assert!(status["error_message"].is_null());
    assert_eq!(redis_record(&redis, "abc"), record, "reading changes nothing");
}

#[tokio::test]
async fn a_job_that_another_program_failed_is_served_with_its_reason() {
    let (redis, server) = server();
    write(&redis, "abc", &json!({"status": "failed", "job_id": "abc", "error": "no detections found"}));
    let status = server.status("zip", "abc").await;
    let told = (&status["status"], &status["error_message"]);
    assert_eq!(told, (&json!("failed"), &json!("no detections found")));
}

#[tokio::test]
async fn as_little_as_a_status_and_an_id_is_a_job() {
    let (redis, server) = server();
    write(&redis, "abc", &json!({"status": "processing", "job_id": "abc"}));
    for kind in ["pdf", "zip"] {
        let status = server.status(kind, "abc").await;
        assert_eq!(status["status"], "processing");
        let absent =
            ["filename", "download_url", "file_size_bytes", "error_message", "created_at", "completed_at"];
        for field in absent {
            assert_eq!(status.get(field), Some(&Value::Null), "{field}");
        }
    }
}

#[tokio::test]
async fn progress_is_told_in_percent_with_one_decimal() {
    let (redis, server) = server();
    for (done, total, percent) in [(400, 1000, 40.0), (1, 3, 33.3), (0, 10, 0.0)] {
        let record = json!({"status": "processing", "job_id": "abc", "total_detections": total, "processed_count": done});
        write(&redis, "abc", &record);
        let status = server.status("zip", "abc").await;
        assert_eq!(status["progress_percent"], percent, "{done} of {total}");
        assert_eq!((&status["processed_count"], &status["total_detections"]), (&json!(done), &json!(total)));
    }
}

#[tokio::test]
async fn times_without_an_offset_are_utc() {
    let (redis, server) = server();
    let record = json!({"status": "failed", "job_id": "abc", "created_at": "2025-11-13T04:00:00.250000"});
    write(&redis, "abc", &record);
    assert_eq!(server.status("pdf", "abc").await["created_at"], "2025-11-13T04:00:00.25Z");
}

#[tokio::test]
async fn the_end_of_a_record_is_now_and_the_time_it_has_left() {
    let (redis, server) = server();
    write(&redis, "abc", &json!({"status": "processing", "job_id": "abc"}));
    redis.cli(&["EXPIRE", "export_job:abc", "1000"]);
    let before = Timestamp::now();
    let status = server.status("pdf", "abc").await;
    let expires: Timestamp = status["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires.duration_since(before).as_secs_f64();
    assert!((900.0..=1001.0).contains(&left), "{left}");
}

#[tokio::test]
async fn a_job_that_is_unknown_or_expired_is_not_found() {
    let (redis, server) = server();
    write(&redis, "abc", &json!({"status": "processing", "job_id": "abc"}));
    redis.cli(&["PEXPIRE", "export_job:abc", "1"]);
    wait_until("the record to expire", async || redis.cli(&["EXISTS", "export_job:abc"]) == "0").await;
    for path in ["pdf/abc", "zip/abc", "pdf/unknown", "zip/unknown"] {
        let problem = read_json(server.get(&format!("/api/exports/{path}")).await, 404).await;
        assert_eq!(problem["detail"], "Job not found or expired", "{path}");
    }
}

#[tokio::test]
async fn deleting_a_job_removes_its_record() {
    let (redis, server) = server();
    write(&redis, "abc", &json!({"status": "completed", "job_id": "abc", "filename": "x.pdf"}));
    write(&redis, "pdf", &json!({"status": "processing", "job_id": "pdf"}));
    let ours = server.submit("pdf", &season()).await;
    for job_id in ["abc", "pdf", &ours] {
        assert_eq!(server.delete(job_id).await, StatusCode::NO_CONTENT, "{job_id}");
        assert_eq!(server.delete(job_id).await, StatusCode::NOT_FOUND, "{job_id}");
        assert_eq!(redis.cli(&["EXISTS", &format!("export_job:{job_id}")]), "0");
    }
    assert_eq!(redis.cli(&["EXISTS", "trapline:queue"]), "0");
}

#[tokio::test]
async fn a_job_is_completed_in_redis_with_a_link_that_leads_to_its_file() {
    let redis = RedisServer::start();
    let server = Home::with_examples().with_redis(&redis).start();
    for (kind, body, begins) in [("pdf", season(), b"%PDF".as_slice()), ("zip", herons(), b"PK")] {
        let job_id = server.submit(kind, &body).await;
        let status = server.completed(kind, &job_id).await;
        let record = redis_record(&redis, &job_id);
        for field in
            ["status", "job_id", "filename", "download_url", "file_size_bytes", "created_at", "completed_at"]
        {
            let [recorded, told] = [&record, &status].map(|job| job[field].as_str().map(time_apart));
            assert_eq!(recorded, told, "{field}");
            assert!(!record[field].is_null(), "{field}");
        }
        let file = server.download(&record).await;
        assert!(file.starts_with(begins));
        assert_eq!(record["file_size_bytes"], file.len());
        assert!(record["download_url"].as_str().unwrap().starts_with("/api/static/exports/"));
    }
}

/// Times as times: 04:00:00.250Z is 04:00:00.25Z.
fn time_apart(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), |time| time.to_string())
}

#[tokio::test]
async fn a_job_that_ended_is_never_processing_again() {
    let (redis, home, server) = start_api_on_redis();
    let worker = home.start_worker(1);
    for _ in 0..20 {
        let job_id = server.submit("pdf", &season()).await;
        let completed = server.completed("pdf", &job_id).await;
        assert_eq!(redis_record(&redis, &job_id)["status"], "completed");
        let again = server.status("pdf", &job_id).await;
        assert_eq!(again["status"], "completed");
        for field in ["created_at", "completed_at"] {
            assert_eq!(again[field], completed[field]);
        }
    }
    assert!(worker.terminate().success());
}

#[tokio::test]
async fn deleting_the_record_of_another_program_touches_no_file_of_another_job() {
    let redis = RedisServer::start();
    let server = Home::with_examples().with_redis(&redis).start();
    let job_id = server.submit("pdf", &season()).await;
    let status = server.completed("pdf", &job_id).await;
    write(&redis, "abc", &json!({"status": "completed", "job_id": "abc", "filename": status["filename"]}));
    assert_eq!(server.delete("abc").await, StatusCode::NO_CONTENT);
    server.download(&status).await;
}
