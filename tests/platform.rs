//! Everything at once, as a platform runs it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{PostgresServer, RedisServer, S3Server};

use crate::access::token;
use crate::support::{Caller, Home, Process, Server, assert_counts, seasonal, store_is_empty};
use crate::zips::names_in;

/// PostgreSQL with a million detections, an object store, Redis, an API with tokens and three
/// processes with workers.
struct Platform {
    postgres: PostgresServer,
    s3: S3Server,
    redis: RedisServer,
    api: Server,
    workers: Vec<Process>,
    home: Home,
    anna: Caller,
    ben: Caller,
    _pictures: TempDir,
}

impl Platform {
    fn start() -> Self {
        let postgres = PostgresServer::start();
        testkit::fill(&postgres, 1_000_000, 50);
        postgres
            .sql("CREATE ROLE reader LOGIN; GRANT SELECT ON images, detections, locations, deer TO reader");
        let (s3, redis, pictures) =
            (S3Server::start(), RedisServer::start_on_disk(), crate::postgres::pictures(50));
        let [(anna, grant_of_anna), (ben, grant_of_ben)] = ["anna", "ben"].map(|name| token(name, "export"));
        let grants = format!("{grant_of_anna} {grant_of_ben}");
        let data = format!("deer={}", postgres.url().replace("trapline@", "reader@"));
        let images = pictures.path().display().to_string();
        let shared =
            ["--images", &images, "--lease", "3", "--heartbeat", "1", "--time-zone", "America/Chicago"];
        let home = Home::with_data(&[data.as_ref()]).with_redis(&redis).in_bucket(&s3).arguments(&shared);
        let api = home.start_with(&["--workers", "0", "--access", &grants], &[]);
        let (anna, ben) = (api.caller_with(&anna), api.caller_with(&ben));
        let workers = (0..3).map(|_| home.start_worker(1)).collect();
        Self { postgres, s3, redis, api, workers, home, anna, ben, _pictures: pictures }
    }

    /// Waits for a status of a job, which may not fail, for as long as it takes.
    async fn status_when(&self, kind: &str, job_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let status = self.anna.status(kind, job_id).await;
            assert_ne!(status["status"], "failed", "{status}");
            if wanted(&status) {
                return status;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn file(&self, kind: &str, job_id: &str) -> (Value, Vec<u8>) {
        let status = self.status_when(kind, job_id, |status| status["status"] == "completed").await;
        // The link needs no header.
        let bytes = self.api.download(&status).await;
        assert_eq!(status["file_size_bytes"], bytes.len());
        (status, bytes)
    }
}

#[tokio::test]
async fn a_platform_exports_from_a_million_detections_while_a_worker_and_the_database_restart() {
    let mut platform = Platform::start();
    let ids = platform
        .postgres
        .sql("SELECT id FROM detections WHERE is_valid AND NOT is_duplicate ORDER BY id LIMIT 10000");
    let ids: Vec<&str> = ids.lines().collect();
    let archive = platform.anna.submit("zip", &json!({"detection_ids": ids})).await;
    let season = seasonal("2023-09-01", "2024-01-31");
    let season = platform.anna.submit("pdf", &season).await;
    let comparison = json!({"report_type": "comparison", "start_date": "2024-01-01", "end_date": "2024-12-30",
        "comparison_periods": [{"start_date": "2024-01-01", "end_date": "2024-05-31", "label": "spring"},
                               {"start_date": "2024-08-01", "end_date": "2024-12-30", "label": "autumn"}]});
    let comparison = platform.anna.submit("pdf", &comparison).await;

    // A worker is killed in the middle of the archive, and another takes its place.
    let cut = |status: &Value| status["processed_count"].as_u64() > Some(1000);
    platform.status_when("zip", &archive, cut).await;
    let at_work = |process: &Process| process.log().contains(&archive);
    let number = platform.workers.iter().position(at_work).expect("a worker has the archive");
    platform.workers.remove(number).kill();
    platform.workers.push(platform.home.start_worker(1));
    // And the database ends as in a power cut, while it is being read or before.
    platform.postgres.kill();
    platform.postgres.restart();

    let (status, bytes) = platform.file("zip", &archive).await;
    assert_counts(&status, 10_000, 0);
    assert_eq!(status["attempt"], 2);
    assert_eq!(names_in(&bytes).len(), 10_000 + 3);
    for report in [&season, &comparison] {
        let (_, bytes) = platform.file("pdf", report).await;
        assert!(bytes.starts_with(b"%PDF"));
    }
    // For another owner none of it exists.
    for job_id in [&archive, &season, &comparison] {
        let answer = platform.ben.get(&format!("/api/exports/{job_id}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(platform.anna.delete(job_id).await, StatusCode::NO_CONTENT);
    }
    store_is_empty(&platform.s3).await;
    assert_eq!(platform.redis.cli(&["--scan", "--pattern", "export_job:*"]), "");
}
