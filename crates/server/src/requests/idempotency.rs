//! `Idempotency-Key`: a client can repeat a submission whose answer was lost without making a second job.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jobs::Idempotency;
use serde_json::Value;

use crate::representation::problem::Problem;
use files::digest::sha256_of;

/// The longest key in characters.
const MAX_KEY: usize = 255;

/// The key of a request, if it has one.
pub struct IdempotencyKey(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len()));
        key.map(|key| Self(Some(key.to_owned()))).ok_or_else(|| {
            let detail = format!("Idempotency-Key must have 1 to {MAX_KEY} printable characters");
            Problem::field(400, "Idempotency-Key", detail)
        })
    }
}

impl IdempotencyKey {
    /// The key with a fingerprint of the stored request and its callback address. The keys of different
    /// owners never collide.
    pub fn into_idempotency(
        self,
        request: &Value,
        callback_url: Option<&str>,
        owner: Option<&str>,
    ) -> Option<Idempotency> {
        self.0.map(|key| {
            let fingerprint = sha256_of(format!("{request}{}", callback_url.unwrap_or_default()));
            let key = owner.map_or_else(|| key.clone(), |owner| format!("{owner}/{key}"));
            Idempotency { key, fingerprint }
        })
    }
}
