//! Well-behaved clients: they repeat requests that were not answered, poll, download, and sometimes
//! delete their job.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::reference::Reference;
use crate::requests::{Choices, Request};
use crate::verdict::{JobEnd, Verdict};

/// A job that has not ended this long after the last disturbance is stuck.
const JOB_TIMEOUT: Duration = Duration::from_mins(2);
/// A request that no server has answered for this long is stuck. Servers are away for seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(2);

/// What a client needs to know.
pub struct ClientSettings {
    pub token: Option<String>,
    pub choices: Choices,
    pub reference: Arc<Reference>,
}

/// One client.
pub struct Client {
    rng: Rng,
    settings: ClientSettings,
    urls: Arc<Mutex<Vec<String>>>,
    verdict: Arc<Verdict>,
    http: reqwest::Client,
}

/// When a client stops waiting for a job.
struct Deadline(Option<Instant>);

impl Deadline {
    /// The time starts with the first call after the disturbances are over.
    fn is_over(&mut self, over: &AtomicBool) -> bool {
        if over.load(Ordering::Relaxed) && self.0.is_none() {
            self.0 = Some(Instant::now() + JOB_TIMEOUT);
        }
        self.0.is_some_and(|at| Instant::now() > at)
    }
}

impl Client {
    pub fn new(
        seed: u64,
        urls: Arc<Mutex<Vec<String>>>,
        settings: ClientSettings,
        verdict: Arc<Verdict>,
    ) -> Self {
        let http = testkit::http_client(Duration::from_secs(10));
        Self { rng: Rng::with_seed(seed), settings, urls, verdict, http }
    }

    /// Submits one job after the other until the time is over, and waits for the end of each.
    pub async fn run(mut self, over: Arc<AtomicBool>) {
        while !over.load(Ordering::Relaxed) {
            let request = self.settings.choices.choose(&mut self.rng);
            let Some(job_id) = self.submit(&request).await else { continue };
            self.verdict.count_submission();
            let end = if self.rng.u32(0..10) == 0 {
                sleep(Duration::from_millis(self.rng.u64(0..3000))).await;
                self.delete(request.kind, &job_id).await
            } else {
                self.watch(&request, &job_id, &over).await
            };
            self.verdict.add_job(&job_id, request.kind, end.unwrap_or(JobEnd::Stuck));
        }
    }

    /// Sends a request to a random server until one answers with something other than 503. `None` when
    /// none does in time.
    async fn send(&mut self, method: &Method, path: &str, body: Option<(&str, &Value)>) -> Option<Response> {
        let begun = Instant::now();
        while begun.elapsed() < REQUEST_TIMEOUT {
            let url = {
                let urls = self.urls.lock().unwrap();
                urls[self.rng.usize(0..urls.len())].clone()
            };
            let mut request = self.http.request(method.clone(), format!("{url}{path}"));
            if let Some(token) = &self.settings.token {
                request = request.bearer_auth(token);
            }
            if let Some((key, body)) = body {
                request = request.header("Idempotency-Key", key).json(body);
            }
            match request.send().await {
                Ok(response) if response.status() != StatusCode::SERVICE_UNAVAILABLE => {
                    self.verdict.count_answer(response.status());
                    return Some(response);
                }
                Ok(_) => self.verdict.count_unavailable(),
                Err(_) => {}
            }
            sleep(Duration::from_millis(200)).await;
        }
        None
    }

    /// Submits a job. Returns its id if it is accepted.
    async fn submit(&mut self, request: &Request) -> Option<String> {
        let Request { kind, body, is_poisoned, .. } = request;
        let key = format!("{:032x}", self.rng.u128(..));
        let Some(response) =
            self.send(&Method::POST, &format!("/api/exports/{kind}"), Some((&key, body))).await
        else {
            self.verdict.add_job("", request.kind, JobEnd::Stuck);
            return None;
        };
        if *is_poisoned {
            self.verdict.count_poisoned(response.status());
        }
        let answer: Value = response.json().await.ok()?;
        answer["job_id"].as_str().map(str::to_owned)
    }

    async fn delete(&mut self, kind: &str, job_id: &str) -> Option<JobEnd> {
        // The answer to a first try may have been lost, so that the second finds nothing.
        self.send(&Method::DELETE, &format!("/api/exports/{job_id}"), None).await?;
        let status = self.send(&Method::GET, &format!("/api/exports/{kind}/{job_id}"), None).await?;
        Some(if status.status() == StatusCode::NOT_FOUND { JobEnd::Deleted } else { JobEnd::Returned })
    }

    /// Polls until the job has ended, and downloads its file. `None` when it does not end in time.
    async fn watch(&mut self, request: &Request, job_id: &str, over: &AtomicBool) -> Option<JobEnd> {
        let mut deadline = Deadline(None);
        let path = format!("/api/exports/{}/{job_id}", request.kind);
        while !deadline.is_over(over) {
            let response = self.send(&Method::GET, &path, None).await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Some(JobEnd::Lost);
            }
            let Ok(status) = response.json::<Value>().await else { continue };
            match status["status"].as_str() {
                Some("completed") => return self.download(&status, &request.ids).await,
                Some("failed") => return Some(JobEnd::Failed),
                _ => sleep(Duration::from_millis(100)).await,
            }
        }
        None
    }

    async fn download(&mut self, status: &Value, ids: &[String]) -> Option<JobEnd> {
        let url = status["download_url"].as_str().unwrap_or_default().to_owned();
        // A server may be killed while it sends.
        for _ in 0..50 {
            let response = self.send(&Method::GET, &url, None).await?;
            if response.status() != StatusCode::OK {
                return Some(JobEnd::Broken);
            }
            if let Ok(bytes) = response.bytes().await {
                let is_whole = status["file_size_bytes"] == bytes.len() && self.compare(ids, &bytes);
                return Some(if is_whole { JobEnd::Completed } else { JobEnd::Broken });
            }
        }
        Some(JobEnd::Broken)
    }

    /// Compares the crops of an archive with the reference. `false` when the archive cannot be read.
    fn compare(&self, ids: &[String], archive: &[u8]) -> bool {
        if ids.is_empty() {
            return true;
        }
        let comparison = self.settings.reference.compare(ids, archive);
        comparison.inspect(|comparison| self.verdict.add_comparison(*comparison)).is_some()
    }
}
