//! Entity tags (RFC 9110): made of what is sent, so that a client does not get again what it has.

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;
use files::digest::sha256_of;

/// The entity tag of a content: the beginning of its SHA-256, so all processes and versions agree on it.
pub fn compute_etag(content: &str) -> String {
    format!("\"{}\"", &sha256_of(content)[..16])
}

/// Whether the client already has the content with this tag (`If-None-Match`).
pub fn has_current(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}
