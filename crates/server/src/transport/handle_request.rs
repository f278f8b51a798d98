//! What is done for every request, around its handler.
//!
//! It is one function and not a stack of layers: each layer of a router costs every request an allocation and a
//! copy of all layers below it.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use metrics::observe_request;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;
use tracing::{Instrument, Span};

use crate::access::Access;
use crate::access::authenticate::authenticate;
use crate::config::Config;
use crate::representation::problem::{answer_panic, shorten};
use crate::transport::host::AllowedHosts;
use crate::transport::origins::build_cors_layer;
use crate::transport::request_checks::RequestChecks;
use crate::transport::request_id::{REQUEST_ID, choose_id};

/// The headers that make browsers respect the media type, refuse to show an answer in frames of other sites, and
/// send no referrer.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// The settings of what is done for every request.
pub struct RequestHandling {
    access: Access,
    checks: RequestChecks,
    /// Answers preflight requests, and allows pages of other origins to read answers.
    cors: CorsLayer,
}

impl RequestHandling {
    /// Takes from the settings of a server what concerns every request.
    pub fn new(config: &Config) -> Self {
        let Config { access, origins, hosts, .. } = config;
        let hosts = if access.is_open() { AllowedHosts::Local(hosts.clone()) } else { AllowedHosts::Any };
        let cors = build_cors_layer(origins);
        Self { access: access.clone(), checks: RequestChecks { hosts, origins: origins.clone() }, cors }
    }

    /// Checks a request before anything else, and answers it.
    async fn answer(&self, request: Request, next: Next) -> Response {
        if let Err(problem) = self.checks.check(&request) {
            return problem.into_response();
        }
        // Without origins of other sites, answers do not depend on the origin of a request.
        if self.checks.origins.is_empty() && request.method() != Method::OPTIONS {
            return answer_identified(self.access.clone(), request, next).await;
        }
        // Every answer gets its headers, so that a page can read why it was refused.
        let mut next = Some(next);
        let answer = service_fn(move |request| {
            let (access, next) = (self.access.clone(), next.take());
            async move {
                let next = next.expect("a service for one request");
                Ok::<_, Infallible>(answer_identified(access, request, next).await)
            }
        });
        let Ok(response) = self.cors.layer(answer).oneshot(request).await;
        response
    }
}

/// Answers a request of a client that is identified first. A handler that panics becomes an answer as well.
async fn answer_identified(access: Access, mut request: Request, next: Next) -> Response {
    if let Err(refusal) = authenticate(&access, &mut request) {
        return refusal;
    }
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(answer_panic)
}

/// Answers a request: checks it, identifies the client, runs the handler, and counts and logs the answer. The
/// answer has the id of the request, so that an operator finds the log lines of a request that a client reports.
pub async fn handle_request(
    State(handling): State<Arc<RequestHandling>>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = choose_id(request.headers());
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = create_span(&request, &id);
    let mut response = handling.answer(request, next).instrument(span.clone()).await;
    let (took, status) = (begun.elapsed(), response.status());
    // The route and not the path, since clients could make up any number of paths.
    observe_request(method, route.as_ref().map_or("other", MatchedPath::as_str), status.as_u16(), took);
    span.in_scope(|| log_response(status, took));
    add_headers(response.headers_mut(), id);
    response
}

/// Logs failures and, if an operator wants to see all of them (`RUST_LOG=tower_http=debug`), other responses.
fn log_response(status: StatusCode, took: Duration) {
    let took_ms = took.as_millis();
    if status.is_server_error() {
        tracing::error!(target: "tower_http", %status, took_ms, "response failed");
    } else {
        tracing::debug!(target: "tower_http", %status, took_ms, "finished processing request");
    }
}

/// The fields of a request in the log. The query is left out, since it may be the signature of a link.
fn create_span(request: &Request, id: &HeaderValue) -> Span {
    let (method, path) = (method_label(request.method()), shorten(request.uri().path()));
    tracing::info_span!("request", %method, path, request_id = id.to_str().unwrap_or_default())
}

fn add_headers(headers: &mut HeaderMap, id: HeaderValue) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(REQUEST_ID).or_insert(id);
}

/// The label of a method. Unknown methods share one label, since labels are kept for as long as the process
/// lives.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}
