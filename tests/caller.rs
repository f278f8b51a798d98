//! Those who call a server: what they send, and what they read.

use std::panic::Location;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::sse::Events;
use crate::support::wait_until;

/// Somebody who calls a server.
pub struct Caller {
    pub url: String,
    pub client: Client,
    pub token: Option<String>,
}

impl Caller {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        self.token.iter().fold(request, RequestBuilder::bearer_auth)
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.get_with(path, &[]).await
    }

    /// Gets a path with these headers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let request = self.request(Method::GET, path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap()
    }

    pub async fn delete(&self, job_id: &str) -> StatusCode {
        self.request(Method::DELETE, &format!("/api/exports/{job_id}")).send().await.unwrap().status()
    }

    /// Submits an export and returns its id.
    pub async fn submit(&self, kind: &str, body: &Value) -> String {
        let (status, answer) = self.answer(kind, body).await;
        assert_eq!(status, 202, "{answer}");
        answer["job_id"].as_str().unwrap().to_owned()
    }

    /// Submits an export and waits for its end, which has to be a good one.
    pub async fn make(&self, kind: &str, body: &Value) -> Value {
        let job_id = self.submit(kind, body).await;
        self.completed(kind, &job_id).await
    }

    /// The file of an export, and its last status.
    pub async fn make_file(&self, kind: &str, body: &Value) -> (Value, Vec<u8>) {
        let status = self.make(kind, body).await;
        let file = self.download(&status).await;
        (status, file)
    }

    /// The status and the body of the answer to an export that is asked for.
    pub async fn answer(&self, kind: &str, body: &Value) -> (u16, Value) {
        answer_of(self.post(&format!("/api/exports/{kind}"), body).await).await
    }

    /// The problem of an export that is refused because of this field.
    #[track_caller]
    pub fn refusal(&self, kind: &str, body: &Value, field: &str) -> impl Future<Output = Value> {
        let caller = Location::caller();
        async move {
            let (status, problem) = self.answer(kind, body).await;
            assert_eq!(status, 422, "{caller}: {body}: {problem}");
            assert_eq!(problem["errors"][0]["field"], field, "{caller}: {body}: {problem}");
            problem
        }
    }

    /// The body of what is at a path.
    #[track_caller]
    pub fn json(&self, path: &str) -> impl Future<Output = Value> {
        let caller = Location::caller();
        async move { check_json(self.get(path).await, 200, caller).await }
    }

    pub async fn status(&self, kind: &str, job_id: &str) -> Value {
        self.json(&format!("/api/exports/{kind}/{job_id}")).await
    }

    /// Waits until the status of a job is as wanted.
    pub async fn status_when(&self, kind: &str, job_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        wait_until("the status of a job", async || {
            last = self.status(kind, job_id).await;
            wanted(&last)
        })
        .await;
        last
    }

    /// Waits for the end of a job, which has to be a good one.
    pub async fn completed(&self, kind: &str, job_id: &str) -> Value {
        let status = self.wait_for_end(kind, job_id).await;
        assert_eq!(status["status"], "completed", "{status}");
        status
    }

    /// Waits for the end of a job, which has to be a failure.
    pub async fn failed(&self, kind: &str, job_id: &str) -> Value {
        let status = self.wait_for_end(kind, job_id).await;
        assert_eq!(status["status"], "failed", "{status}");
        status
    }

    pub async fn wait_for_end(&self, kind: &str, job_id: &str) -> Value {
        self.status_when(kind, job_id, |status| status["status"] != "processing").await
    }

    pub async fn wait_for_running(&self, kind: &str, job_id: &str) -> Value {
        self.status_when(kind, job_id, |status| status["phase"] == "running").await
    }

    /// Waits until a part of an archive is done.
    pub async fn wait_for_progress(&self, job_id: &str) -> Value {
        self.status_when("zip", job_id, |status| status["processed_count"].as_u64() > Some(0)).await
    }

    /// The file of a completed job.
    pub async fn download(&self, status: &Value) -> Vec<u8> {
        let response = self.get(status["download_url"].as_str().unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.unwrap().to_vec()
    }

    /// Listens to events, as a client that has had those up to `last`.
    pub async fn listen(&self, path: &str, last: Option<&str>) -> Events {
        let headers: Vec<_> = last.iter().map(|last| ("last-event-id", *last)).collect();
        let response = self.get_with(path, &headers).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events::new(response)
    }
}

/// The status and the body of an answer.
pub async fn answer_of(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The body of an answer, which has to have this status.
#[track_caller]
pub fn read_json(response: Response, expected: u16) -> impl Future<Output = Value> {
    check_json(response, expected, Location::caller())
}

async fn check_json(response: Response, expected: u16, caller: &Location<'_>) -> Value {
    let address = response.url().clone();
    let (status, body) = answer_of(response).await;
    assert_eq!(status, expected, "{caller}: {address}: {body}");
    body
}

/// Asserts how many detections an archive was asked for and how many are missing, by its status.
#[track_caller]
pub fn assert_counts(status: &Value, total: u64, missing: u64) {
    let counts = ["total_detections", "missing_count"].map(|field| status[field].as_u64());
    assert_eq!(counts, [Some(total), Some(missing)], "{status}");
}
