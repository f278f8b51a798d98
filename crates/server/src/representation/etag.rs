//! Entity tags (RFC 9110): made of what is sent, so that a client does not get again what it has.

use std::hash::{Hash, Hasher};

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;
use files::digest::sha256_of;

/// The entity tag of a content: the beginning of its SHA-256, so all processes and versions agree on it.
pub fn compute_etag(content: &str) -> String {
    format!("\"{}\"", &sha256_of(content)[..16])
}

/// The entity tag of what a content is made of.
pub fn tag_source(source: impl Hash) -> String {
    let mut hasher = StableHasher::default();
    source.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// A hasher that stays the same, unlike that of the standard library, so that servers of different builds agree.
#[derive(Default)]
struct StableHasher(Vec<u8>);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        u64::from_str_radix(&sha256_of(&self.0)[..16], 16).expect("hexadecimal digits")
    }
}

/// Whether the client already has the content with this tag (`If-None-Match`).
pub fn has_current(headers: &HeaderMap, etag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == etag || tag == "*")
}
