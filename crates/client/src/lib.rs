//! A client of the HTTP interface, for `trapline job` and the demo.
//!
//! Requests without an answer are sent again. That is safe: submissions carry an `Idempotency-Key`, and all
//! other requests are idempotent.

mod download;
mod error;
mod events;
mod terminal_text;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, Url};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use uuid::Uuid;

pub use download::{Existing, export_name};
pub use error::ClientError;
pub use events::JobEvent;
pub use terminal_text::{printable, printable_json};

/// Waits before a request that was not answered is sent again.
const PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];
/// How long a server may send nothing while an answer is not complete.
const READ_TIMEOUT: Duration = Duration::from_secs(40);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client of one server.
pub struct Client {
    http: reqwest::Client,
    server: Url,
    token: Option<String>,
}

impl Client {
    /// A client of the server at `server`, such as `http://localhost:8080`, that sends `token`.
    pub fn new(server: &Url, token: Option<String>) -> Result<Self, ClientError> {
        let unusable = |error: &dyn std::fmt::Display| ClientError::Setup(error.to_string());
        // TLS needs an implementation of its cryptography.
        let provider = rustls::crypto::ring::default_provider();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("trapline/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT);
        let builder = if server.scheme() == "http" {
            // No certificate is needed, so none has to be installed.
            let tls = ClientConfig::builder_with_provider(Arc::new(provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| unusable(&error))?
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            builder.tls_backend_preconfigured(tls)
        } else {
            let _ = provider.install_default();
            builder
        };
        let http = builder.build().map_err(|error| unusable(&error))?;
        Ok(Self { http, server: server.clone(), token })
    }

    /// Submits a report (`pdf`) or an archive (`zip`), and returns the answer. A field that the server does
    /// not know is refused, since the user can correct it at once.
    pub async fn submit(&self, kind: &str, request: &Value) -> Result<Value, ClientError> {
        let key = Uuid::new_v4().to_string();
        let path = format!("api/exports/{kind}");
        let call = || {
            let post = self.request(Method::POST, &path)?.header("idempotency-key", &key);
            Ok(post.header("prefer", "handling=strict").json(request))
        };
        self.json(self.send_with_retries(call).await?).await
    }

    /// Gets the status of a job.
    pub async fn status(&self, job_id: &str) -> Result<Value, ClientError> {
        let path = format!("api/exports/{job_id}");
        self.json(self.send_with_retries(|| self.request(Method::GET, &path)).await?).await
    }

    /// Deletes a job, which stops if it runs.
    pub async fn delete(&self, job_id: &str) -> Result<(), ClientError> {
        let path = format!("api/exports/{job_id}");
        self.send_with_retries(|| self.request(Method::DELETE, &path)).await.map(|_| ())
    }

    /// Starts a request to a path of the server, or to an address that the server gave.
    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ClientError> {
        let url = self.server.join(path).map_err(|error| ClientError::Setup(error.to_string()))?;
        // The token is sent to this server only.
        let token = self.token.as_ref().filter(|_| url.origin() == self.server.origin());
        let request = self.http.request(method, url);
        Ok(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// Sends a request, and repeats it when the error is temporary.
    async fn send_with_retries(
        &self,
        request: impl Fn() -> Result<RequestBuilder, ClientError>,
    ) -> Result<Response, ClientError> {
        for pause in PAUSES {
            match self.send_once(request()?).await {
                Err(error) if error.is_temporary() => tokio::time::sleep(pause).await,
                settled => return settled,
            }
        }
        self.send_once(request()?).await
    }

    async fn send_once(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let answer = request.send().await.map_err(|error| ClientError::unreachable(&self.server, &error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body: Value = answer.json().await.unwrap_or_default();
        Err(ClientError::parse_refusal(&self.server, status, &body))
    }

    async fn json(&self, answer: Response) -> Result<Value, ClientError> {
        answer.json().await.map_err(|_| ClientError::NotOurs(self.server.clone()))
    }
}
