//! Clients as they should be: they send again what was not answered, poll, download, and now
//! and then change their mind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use testkit::Package;
use tokio::time::{Instant, sleep};

use crate::reference::Reference;
use crate::requests::{Choices, Request};
use crate::toll::{End, Toll};

/// Detections in the data set.
pub const DETECTIONS: usize = 1500;
/// A job that has not ended so long after the last harm was done is stuck.
const PATIENCE: Duration = Duration::from_mins(2);
/// A call that no server has answered for so long is stuck. Servers are away for seconds.
const UNANSWERED: Duration = Duration::from_mins(2);

/// The id of a detection in the data set.
pub fn detection_id(number: usize) -> String {
    format!("d{number}")
}

/// A data set of one large picture with many detections, so that archives take their time.
pub fn data() -> TempDir {
    let picture = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0031.JPG");
    let mut package = Package::new();
    package.files.push(("large.jpg".into(), std::fs::read(picture).unwrap()));
    for number in 0..DETECTIONS {
        let id = detection_id(number);
        package.medium(&id, "2023-10-01T06:00:00Z", "large.jpg", None);
        package.detection(&id, &id, "doe", [0.1, 0.1, 0.5, 0.5]);
    }
    package.write()
}

/// Who a client is, and what it knows of.
pub struct Who {
    pub token: Option<String>,
    /// What it asks for.
    pub choices: Choices,
    /// What the pictures give alone.
    pub reference: Arc<Reference>,
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
            let request = self.who.choices.choose(&mut self.rng);
            let Some(job_id) = self.submit(&request).await else { continue };
            self.toll.submitted();
            let end = if self.rng.u32(0..10) == 0 {
                sleep(Duration::from_millis(self.rng.u64(0..3000))).await;
                self.delete(request.kind, &job_id).await
            } else {
                self.watch(&request, &job_id, &over).await
            };
            self.toll.ended(&job_id, request.kind, end.unwrap_or(End::Stuck));
        }
    }

    /// An answer of any server that is not 503; servers that do not answer are tried again. `None` when
    /// none ever does.
    async fn ask(&mut self, method: &Method, path: &str, body: Option<(&str, &Value)>) -> Option<Response> {
        let begun = Instant::now();
        while begun.elapsed() < UNANSWERED {
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
                    return Some(response);
                }
                Ok(_) => self.toll.refused(),
                Err(_) => {}
            }
            sleep(Duration::from_millis(200)).await;
        }
        None
    }

    /// The id of the job, when the request is accepted.
    async fn submit(&mut self, request: &Request) -> Option<String> {
        let Request { kind, body, is_poisoned, .. } = request;
        let key = format!("{:032x}", self.rng.u128(..));
        let Some(response) =
            self.ask(&Method::POST, &format!("/api/exports/{kind}"), Some((&key, body))).await
        else {
            self.toll.ended("", request.kind, End::Stuck);
            return None;
        };
        if *is_poisoned {
            self.toll.poisoned(response.status());
        }
        let answer: Value = response.json().await.ok()?;
        answer["job_id"].as_str().map(str::to_owned)
    }

    async fn delete(&mut self, kind: &str, job_id: &str) -> Option<End> {
        // The answer to a first try may have been lost, so that the second finds nothing.
        self.ask(&Method::DELETE, &format!("/api/exports/{job_id}"), None).await?;
        let status = self.ask(&Method::GET, &format!("/api/exports/{kind}/{job_id}"), None).await?;
        Some(if status.status() == StatusCode::NOT_FOUND { End::Deleted } else { End::Returned })
    }

    /// Polls until the job has ended, and downloads its file. `None` when it does not end.
    async fn watch(&mut self, request: &Request, job_id: &str, over: &AtomicBool) -> Option<End> {
        let mut deadline = Deadline(None);
        let path = format!("/api/exports/{}/{job_id}", request.kind);
        while !deadline.is_over(over) {
            let response = self.ask(&Method::GET, &path, None).await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Some(End::Lost);
            }
            let Ok(status) = response.json::<Value>().await else { continue };
            match status["status"].as_str() {
                Some("completed") => return self.download(&status, &request.ids).await,
                Some("failed") => return Some(End::Failed),
                _ => sleep(Duration::from_millis(100)).await,
            }
        }
        None
    }

    async fn download(&mut self, status: &Value, ids: &[String]) -> Option<End> {
        let url = status["download_url"].as_str().unwrap_or_default().to_owned();
        // A server may be ended while it sends.
        for _ in 0..50 {
            let response = self.ask(&Method::GET, &url, None).await?;
            if response.status() != StatusCode::OK {
                return Some(End::Broken);
            }
            if let Ok(bytes) = response.bytes().await {
                let is_whole = status["file_size_bytes"] == bytes.len() && self.compare(ids, &bytes);
                return Some(if is_whole { End::Completed } else { End::Broken });
            }
        }
        Some(End::Broken)
    }

    /// Compares the crops of an archive with what their pictures give alone. `false` when it cannot be
    /// read.
    fn compare(&self, ids: &[String], archive: &[u8]) -> bool {
        if ids.is_empty() {
            return true;
        }
        let comparison = self.who.reference.compare(ids, archive);
        comparison.inspect(|comparison| self.toll.compared(*comparison)).is_some()
    }
}
