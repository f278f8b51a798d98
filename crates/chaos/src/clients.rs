//! Clients as they should be: they send again what was not answered, poll, download, and now
//! and then change their mind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::Package;
use tokio::time::{Instant, sleep};

use crate::toll::{End, Toll};

/// Detections in the data set.
const DETECTIONS: usize = 1500;
/// A job that has not ended so long after the last harm was done is stuck.
const PATIENCE: Duration = Duration::from_mins(2);

/// A data set of one large picture with many detections, so that archives take their time.
pub fn data() -> TempDir {
    let picture = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0031.JPG");
    let mut package = Package::new();
    package.files.push(("large.jpg".into(), std::fs::read(picture).unwrap()));
    for number in 0..DETECTIONS {
        let id = format!("d{number}");
        package.medium(&id, "2023-10-01T06:00:00Z", "large.jpg", None);
        package.detection(&id, &id, "doe", [0.1, 0.1, 0.5, 0.5]);
    }
    package.write()
}

/// Who a client is, and what it knows of.
pub struct Who {
    pub token: Option<String>,
    /// Detections of a platform; those of the folder without.
    pub ids: Option<Arc<Vec<String>>>,
}

/// One client.
pub struct Client {
    rng: Rng,
    who: Who,
    urls: Arc<Mutex<Vec<String>>>,
    toll: Arc<Toll>,
    http: reqwest::Client,
}

/// What is left of the time that a client waits.
struct Deadline(Option<Instant>);

impl Deadline {
    /// Runs from the time on at which no more harm is done.
    fn is_over(&mut self, over: &AtomicBool) -> bool {
        if over.load(Ordering::Relaxed) && self.0.is_none() {
            self.0 = Some(Instant::now() + PATIENCE);
        }
        self.0.is_some_and(|at| Instant::now() > at)
    }
}

impl Client {
    pub fn new(seed: u64, urls: Arc<Mutex<Vec<String>>>, who: Who, toll: Arc<Toll>) -> Self {
        let http = testkit::http_client(Duration::from_secs(10));
        Self { rng: Rng::with_seed(seed), who, urls, toll, http }
    }

    /// One job after the other until the time is over, and each to its end.
    pub async fn run(mut self, over: Arc<AtomicBool>) {
        while !over.load(Ordering::Relaxed) {
            let (kind, body) = self.request();
            let Some(job_id) = self.submit(kind, &body).await else { continue };
            self.toll.submitted();
            let end = if self.rng.u32(0..10) == 0 {
                sleep(Duration::from_millis(self.rng.u64(0..3000))).await;
                self.delete(kind, &job_id).await
            } else {
                self.watch(kind, &job_id, &over).await
            };
            self.toll.ended(&job_id, kind, end);
        }
    }

    fn request(&mut self) -> (&'static str, Value) {
        if self.rng.u32(0..4) == 0 {
            let body = json!({"report_type": "seasonal_activity", "start_date": "2023-09-01", "end_date": "2023-11-30"});
            return ("pdf", body);
        }
        if self.who.ids.is_some() && self.rng.u32(0..8) == 0 {
            let (month, stand) = (self.rng.u32(1..=12), self.rng.u32(0..40));
            let filter = json!({"start_date": format!("2024-{month:02}-01"), "end_date": format!("2024-{month:02}-28"),
                "locations": [format!("Stand {stand:02}")], "classifications": ["buck", "doe"]});
            return ("zip", json!({"filter": filter, "max": 200}));
        }
        let first = self.rng.usize(0..DETECTIONS / 2);
        // Many small ones, and some that live through several kills.
        let most = self.rng.usize(1..DETECTIONS / 2);
        let part = self.rng.usize(1..=20);
        let many = self.rng.usize(1..=1 + most / part);
        let ids: Vec<String> = match &self.who.ids {
            None => (first..first + many).map(|number| format!("d{number}")).collect(),
            Some(ids) => ids[first..first + many].to_vec(),
        };
        ("zip", json!({"detection_ids": ids}))
    }

    /// An answer of any server that is not 503; servers that do not answer are tried again.
    async fn ask(&mut self, method: &Method, path: &str, body: Option<(&str, &Value)>) -> Response {
        loop {
            let url = {
                let urls = self.urls.lock().unwrap();
                urls[self.rng.usize(0..urls.len())].clone()
            };
            let mut request = self.http.request(method.clone(), format!("{url}{path}"));
            if let Some(token) = &self.who.token {
                request = request.bearer_auth(token);
            }
            if let Some((key, body)) = body {
                request = request.header("Idempotency-Key", key).json(body);
            }
            match request.send().await {
                Ok(response) if response.status() != StatusCode::SERVICE_UNAVAILABLE => {
                    self.toll.answered(response.status());
                    return response;
                }
                Ok(_) => self.toll.refused(),
                Err(_) => {}
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn submit(&mut self, kind: &str, body: &Value) -> Option<String> {
        let key = format!("{:032x}", self.rng.u128(..));
        let response = self.ask(&Method::POST, &format!("/api/exports/{kind}"), Some((&key, body))).await;
        let answer: Value = response.json().await.ok()?;
        answer["job_id"].as_str().map(str::to_owned)
    }

    async fn delete(&mut self, kind: &str, job_id: &str) -> End {
        // The answer to a first try may have been lost, so that the second finds nothing.
        self.ask(&Method::DELETE, &format!("/api/exports/{job_id}"), None).await;
        let status = self.ask(&Method::GET, &format!("/api/exports/{kind}/{job_id}"), None).await;
        if status.status() == StatusCode::NOT_FOUND { End::Deleted } else { End::Returned }
    }

    /// Polls until the job has ended, and downloads its file.
    async fn watch(&mut self, kind: &str, job_id: &str, over: &AtomicBool) -> End {
        let mut deadline = Deadline(None);
        let path = format!("/api/exports/{kind}/{job_id}");
        while !deadline.is_over(over) {
            let response = self.ask(&Method::GET, &path, None).await;
            if response.status() == StatusCode::NOT_FOUND {
                return End::Lost;
            }
            let Ok(status) = response.json::<Value>().await else { continue };
            match status["status"].as_str() {
                Some("completed") => return self.download(&status).await,
                Some("failed") => return End::Failed,
                _ => sleep(Duration::from_millis(100)).await,
            }
        }
        End::Stuck
    }

    async fn download(&mut self, status: &Value) -> End {
        let url = status["download_url"].as_str().unwrap_or_default().to_owned();
        // A server may be ended while it sends.
        for _ in 0..50 {
            let response = self.ask(&Method::GET, &url, None).await;
            if response.status() != StatusCode::OK {
                return End::Broken;
            }
            if let Ok(bytes) = response.bytes().await {
                let whole = status["file_size_bytes"] == bytes.len();
                return if whole { End::Completed } else { End::Broken };
            }
        }
        End::Broken
    }
}
