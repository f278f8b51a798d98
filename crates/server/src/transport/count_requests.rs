//! Counting HTTP requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use metrics::metrics;

/// Counts and times a request, by its route and its answer.
pub async fn count_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // The route and not the path, since clients could make up any number of paths.
    let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let route = [("method", method_label(request.method()).to_owned()), ("route", path.to_owned())];
    let response = next.run(request).await;
    metrics().requests.get_or_create(&route).observe(begun.elapsed().as_secs_f64());
    let [method, route] = route;
    metrics().answers.get_or_create(&[method, route, ("code", response.status().as_u16().to_string())]).inc();
    response
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
