//! Parts of an address. One that cannot be read is an address at which there is nothing.

use axum::extract::{FromRequestParts, Path as Parts};
use axum::http::request;
use serde::de::DeserializeOwned;

use super::problem::{Problem, shorten};

/// What an address names.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        match Parts::from_request_parts(parts, state).await {
            Ok(Parts(named)) => Ok(Self(named)),
            Err(_) => Err(Problem::not_found(format!("There is nothing at {}", shorten(parts.uri.path())))),
        }
    }
}
