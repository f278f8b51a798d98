//! Everything at once, as a platform runs it.

use std::io::Cursor;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{PostgresServer, RedisServer, S3Server};

use crate::access::token;
use crate::support::{Home, Process, Server};

/// PostgreSQL with a million detections, an object store, Redis, an API with tokens and three
/// processes with workers.
struct Platform {
    postgres: PostgresServer,
    s3: S3Server,
    redis: RedisServer,
    api: Server,
    workers: Vec<Process>,
    home: Home,
    anna: String,
    ben: String,
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
        let mut command = home.command();
        command.args(["--workers", "0", "--access", &grants]);
        let api = home.start_as(command);
        let workers = (0..3).map(|_| home.start_worker(1)).collect();
        Self { postgres, s3, redis, api, workers, home, anna, ben, _pictures: pictures }
    }

    async fn submit(&self, kind: &str, body: &Value) -> String {
        let address = format!("{}/api/exports/{kind}", self.api.url);
        let answer = self.api.client.post(address).bearer_auth(&self.anna).json(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        answer.json::<Value>().await.unwrap()["job_id"].as_str().unwrap().into()
    }

    /// Waits for a status of a job and returns it.
    async fn status_when(&self, job_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let address = format!("{}/api/exports/{job_id}", self.api.url);
            let answer = self.api.client.get(address).bearer_auth(&self.anna).send().await.unwrap();
            let status: Value = answer.json().await.unwrap();
            assert_ne!(status["status"], "failed", "{status}");
            if wanted(&status) {
                return status;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn file(&self, job_id: &str) -> (Value, Vec<u8>) {
        let status = self.status_when(job_id, |status| status["status"] == "completed").await;
        // The link needs no header.
        let address = format!("{}{}", self.api.url, status["download_url"].as_str().unwrap());
        let file = self.api.client.get(address).send().await.unwrap();
        assert_eq!(file.status(), StatusCode::OK);
        let bytes = file.bytes().await.unwrap().to_vec();
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
    let archive = platform.submit("zip", &json!({"detection_ids": ids})).await;
    let season =
        json!({"report_type": "seasonal_activity", "start_date": "2023-09-01", "end_date": "2024-01-31"});
    let season = platform.submit("pdf", &season).await;
    let comparison = json!({"report_type": "comparison", "start_date": "2024-01-01", "end_date": "2024-12-30",
        "comparison_periods": [{"start_date": "2024-01-01", "end_date": "2024-05-31", "label": "spring"},
                               {"start_date": "2024-08-01", "end_date": "2024-12-30", "label": "autumn"}]});
    let comparison = platform.submit("pdf", &comparison).await;

    // A worker is killed in the middle of the archive, and another takes its place.
    let cut = |status: &Value| status["processed_count"].as_u64().is_some_and(|done| done > 1000);
    platform.status_when(&archive, cut).await;
    let at_work = |process: &Process| process.log().contains(&archive);
    let number = platform.workers.iter().position(at_work).expect("a worker has the archive");
    platform.workers.remove(number).kill();
    platform.workers.push(platform.home.start_worker(1));
    // And the database ends as in a power cut, while it is being read or before.
    platform.postgres.kill();
    platform.postgres.restart();

    let (status, bytes) = platform.file(&archive).await;
    assert_eq!(
        (&status["total_detections"], &status["missing_count"], &status["attempt"]),
        (&json!(10_000), &json!(0), &json!(2))
    );
    assert_eq!(zip::ZipArchive::new(Cursor::new(bytes)).unwrap().len(), 10_000 + 3);
    for report in [&season, &comparison] {
        let (_, bytes) = platform.file(report).await;
        assert!(bytes.starts_with(b"%PDF"));
    }
    // For another owner none of it exists.
    for job_id in [&archive, &season, &comparison] {
        let address = format!("{}/api/exports/{job_id}", platform.api.url);
        let answer = platform.api.client.get(&address).bearer_auth(&platform.ben).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let answer = platform.api.client.delete(&address).bearer_auth(&platform.anna).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    let nothing = async || platform.s3.objects().is_empty() && platform.s3.list_uploads().is_empty();
    crate::support::wait_until("nothing is left over", nothing).await;
    assert_eq!(platform.redis.cli(&["--scan", "--pattern", "export_job:*"]), "");
}
