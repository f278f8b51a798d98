//! `If-None-Match` (RFC 9110): what the client has need not be sent again.

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;

/// Whether the client already has the content with this tag.
pub fn has_current(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}
