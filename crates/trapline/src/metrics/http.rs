//! Requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

use super::{Answered, Route, metrics};

/// Counts a request by its route and its answer.
pub async fn count(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // Not the path itself: everybody may make up another.
    let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let (route, method) = (path.to_owned(), request.method().as_str());
    let method = if method.len() > 7 { "other" } else { method }.to_owned();
    let response = next.run(request).await;
    let metrics = metrics();
    let of_route = Route { method: method.clone(), route: route.clone() };
    metrics.requests.get_or_create(&of_route).observe(begun.elapsed().as_secs_f64());
    metrics.answers.get_or_create(&Answered { method, route, code: response.status().as_u16() }).inc();
    response
}
