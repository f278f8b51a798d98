//! Parameters in the path of a request. A path whose parameters cannot be parsed is 404.

use axum::extract::{FromRequestParts, Path as Parts};
use axum::http::request;
use serde::de::DeserializeOwned;

use crate::representation::problem::{Problem, shorten};

/// Extracts the parameters of a path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        match Parts::from_request_parts(parts, state).await {
            Ok(Parts(parameters)) => Ok(Self(parameters)),
            Err(_) => Err(Problem::not_found(format!("There is nothing at {}", shorten(parts.uri.path())))),
        }
    }
}
