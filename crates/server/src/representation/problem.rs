//! Errors as `application/problem+json` (RFC 9457).

use std::any::Any;

use artifacts::ArtifactError;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use detections::DatabaseError;
use jobs::{StoreError, SubmitError};
use serde::Serialize;
use utoipa::ToSchema;

pub use exports::requests::{FieldError, shorten};

/// The media type of errors.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// `Retry-After` when the queue is full.
const RETRY_WHEN_FULL: u32 = 30;
/// An error as it is sent.
#[derive(Debug, PartialEq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u32>,
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: the title says what kind of error it is.
    pub r#type: &'static str,
    /// The HTTP status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, and what to do about it.
    pub detail: String,
    /// All errors of a request, with their fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// An error with this status.
    ///
    /// # Panics
    /// When `status` is not an HTTP status.
    pub fn new(status: u16, detail: impl ToString) -> Self {
        let status = StatusCode::from_u16(status).expect("an HTTP status");
        Self { status, detail: detail.to_string(), errors: Vec::new(), retry_after: None }
    }

    /// A 404 with this detail.
    pub fn not_found(detail: impl ToString) -> Self {
        Self::new(404, detail)
    }

    /// The status of the answer.
    #[cfg(test)]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The errors of fields.
    #[cfg(test)]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// An error that the same request may not have after so many seconds.
    fn temporary(status: u16, detail: impl ToString, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(status, detail) }
    }

    /// The disk has no room for further files.
    pub fn disk_full() -> Self {
        let detail = "The disk of the server is full; try again later, or ask its operator to free space";
        Self::temporary(503, detail, 60)
    }

    /// The server is processing as many slow requests as it may at once.
    pub fn busy() -> Self {
        Self::temporary(503, "The server is busy with other requests; try again in a moment", 2)
    }

    /// The file of a completed job cannot be read: for now if the object store does not answer, else for
    /// good.
    pub fn unreadable(error: &ArtifactError) -> Self {
        if matches!(error, ArtifactError::Unavailable(_)) {
            let detail = "The server's file storage does not answer; try again in a moment";
            return Self::temporary(503, detail, 2);
        }
        Self::new(500, "The file cannot be read on the server; submit the export again")
    }

    /// The job is unknown or expired.
    pub fn no_job() -> Self {
        Self::not_found("Job not found or expired")
    }

    /// An error of one field.
    pub fn field(status: u16, field: impl Into<String>, detail: impl ToString) -> Self {
        Self::fields(status, vec![FieldError::new(field, detail)])
    }

    /// All errors of the fields of a request; `detail` is the first of them.
    ///
    /// # Panics
    /// When there are no errors.
    pub fn fields(status: u16, errors: Vec<FieldError>) -> Self {
        let first = errors.first().expect("at least one error");
        Self { errors: errors.clone(), ..Self::new(status, &first.detail) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the job store did not answer a request");
        match error {
            StoreError::Damaged(_) => {
                Self::new(500, "The job store of the server is damaged; please tell its operator")
            }
            StoreError::Unavailable(_) => {
                let detail = "The job store of the server does not answer; try again in a moment";
                Self::temporary(503, detail, 2)
            }
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::KeyTaken => {
                let detail = "Idempotency-Key was used for another request; use a new key for a new request";
                Self::field(422, "Idempotency-Key", detail)
            }
            SubmitError::Full => {
                Self::temporary(503, "The queue is full; try again in 30 seconds", RETRY_WHEN_FULL)
            }
            SubmitError::OwnerFull => {
                let detail = "Too many of your exports are waiting; try again in 30 seconds, or delete some";
                Self::temporary(429, detail, RETRY_WHEN_FULL)
            }
            // Ids are random, so the store must have repeated a submission.
            SubmitError::Exists(_) => StoreError::Unavailable(error.to_string()).into(),
            SubmitError::Store(error) => error.into(),
        }
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Refused(_) => Self::new(500, error),
            DatabaseError::TooLarge(_) | DatabaseError::Unusable(_) => Self::new(422, error),
            error => Self::temporary(503, error, 5),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let json = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        let body = serde_json::to_vec(&json).expect("texts and numbers have a JSON form");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The answer to a request whose handler panicked.
pub fn answer_panic(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    tracing::error!(panic = text, "a request handler panicked");
    Problem::new(500, "The server failed on this request because of a bug; please report it").into_response()
}
