//! Requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::{Answered, Route, metrics};

/// Counts a request by its route and its answer.
pub async fn count(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // Not the path itself: everybody may make up another.
    let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let (route, method) = (path.to_owned(), method_label(request.method()));
    let response = next.run(request).await;
    let metrics = metrics();
    let of_route = Route { method, route: route.clone() };
    metrics.requests.get_or_create(&of_route).observe(begun.elapsed().as_secs_f64());
    metrics.answers.get_or_create(&Answered { method, route, code: response.status().as_u16() }).inc();
    response
}

/// The method of a request. Those that a client made up share one label, since each label is kept for
/// as long as the process lives.
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
