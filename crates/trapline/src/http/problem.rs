//! Errors as `application/problem+json` (RFC 9457).

use std::any::Any;
use std::error::Error;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use detections::DatabaseError;
use jobs::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of errors.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// Seconds after which there may be room for another export.
const AFTER_TOO_MANY: u32 = 30;
/// Longest part of what a client sent that a message or a line of the log repeats, in characters.
const MAX_REPEATED: usize = 200;
/// What is said of a job that is not there.
const NO_JOB: &str = "Job not found or expired";

/// An error, as it is sent.
#[derive(Debug, PartialEq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u32>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, such as `filter.start_date`.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// The beginning of a text that a client made up, for messages and the log.
pub fn shorten(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_REPEATED).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

impl FieldError {
    pub fn new(field: impl Into<String>, detail: impl ToString) -> Self {
        Self { field: field.into(), detail: detail.to_string() }
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    /// # Panics
    /// When `status` is no HTTP status.
    /// The status of the answer.
    #[cfg(test)]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub fn new(status: u16, detail: impl ToString) -> Self {
        let status = StatusCode::from_u16(status).expect("an HTTP status");
        Self { status, detail: detail.to_string(), errors: Vec::new(), retry_after: None }
    }

    pub fn not_found(detail: impl ToString) -> Self {
        Self::new(404, detail)
    }

    /// Everything that is wrong.
    #[cfg(test)]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// As many exports wait as may.
    fn too_many(own: bool) -> Self {
        let (status, detail) = if own {
            (429, "As many of your exports wait as may; wait for some to end, or delete some")
        } else {
            (503, "As many exports wait as this server takes; try again in a while")
        };
        Self { retry_after: Some(AFTER_TOO_MANY), ..Self::new(status, detail) }
    }

    /// The disk has no room for further files.
    pub fn no_room() -> Self {
        let detail =
            "The server has no room for further exports; ask its operator to make some, and try again later";
        Self { retry_after: Some(60), ..Self::new(503, detail) }
    }

    /// More requests of a kind that takes its time have come than the server works on at once.
    pub fn busy() -> Self {
        let detail = "The server works on many requests like this; try again in a moment";
        Self { retry_after: Some(2), ..Self::new(503, detail) }
    }

    /// The file of a completed job cannot be read: now, when an object store does not answer, or ever.
    pub fn unreadable(error: &std::io::Error) -> Self {
        let of_store = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<object_store::Error>);
        if of_store && error.kind() != std::io::ErrorKind::NotFound {
            let detail = "The server's store of files does not answer; try again in a moment";
            return Self { retry_after: Some(2), ..Self::new(503, detail) };
        }
        Self::new(500, "The file cannot be read on the server; submit the export again")
    }

    /// The job is unknown or expired.
    pub fn no_job() -> Self {
        Self::not_found(NO_JOB)
    }

    /// Everything that is wrong with a request; the first is the one that is told on its own.
    ///
    /// # Panics
    /// When nothing is wrong.
    pub fn fields(status: u16, errors: Vec<FieldError>) -> Self {
        let first = errors.first().expect("something that is wrong");
        Self { errors: errors.clone(), ..Self::new(status, &first.detail) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::KeyTaken) {
            let detail = "Idempotency-Key was used for another request; use a new key for a new request";
            return Self::fields(422, vec![FieldError::new("Idempotency-Key", detail)]);
        }
        if let StoreError::Full | StoreError::OwnerFull = error {
            return Self::too_many(matches!(error, StoreError::OwnerFull));
        }
        tracing::error!(%error, "the job store did not answer a request");
        match error {
            StoreError::Damaged(_) => {
                Self::new(500, "The server's job store is damaged; please tell its operator")
            }
            _ => Self {
                retry_after: Some(2),
                ..Self::new(503, "The server's job store does not answer; try again in a moment")
            },
        }
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Refused(_) => Self::new(500, error),
            DatabaseError::TooLarge(_) | DatabaseError::Unusable(_) => Self::new(422, error),
            error => Self { retry_after: Some(5), ..Self::new(503, error) },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let wire = Wire {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        };
        let body = serde_json::to_vec(&wire).expect("texts and numbers have a JSON form");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The answer to a request that met a fault of the program.
pub fn after_a_panic(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    tracing::error!(panic = text, "a request met a fault of the program");
    Problem::new(500, "The server met a fault of its own; please report it").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_made_up_is_repeated_in_part() {
        assert_eq!(shorten("/nowhere"), "/nowhere");
        assert_eq!(shorten(&"é".repeat(MAX_REPEATED + 1)).chars().count(), MAX_REPEATED);
    }
}
