//! Authentication: who sends a request.

use axum::extract::{Query, Request};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use crate::access::{Access, Identity};
use crate::representation::problem::Problem;

/// The query of a signed link.
#[derive(Deserialize)]
struct LinkQuery {
    expires: String,
    signature: String,
}

/// Identifies the client of a request under `/api` or for metrics before anything else is answered, so that a
/// client without a token does not learn which addresses exist. All other addresses are public. The error is the
/// answer to a client that is not known.
// An answer is large, and it is an error for few requests.
#[allow(clippy::result_large_err)]
pub fn authenticate(access: &Access, request: &mut Request) -> Result<(), Response> {
    let path = request.uri().path();
    if path != "/metrics" && path != "/api" && !path.starts_with("/api/") {
        return Ok(());
    }
    match identify(access, request) {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            Ok(())
        }
        Err(problem) => {
            let mut response = problem.into_response();
            if response.status() == 401 {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Err(response)
        }
    }
}

fn identify(access: &Access, request: &Request) -> Result<Identity, Problem> {
    let header = request.headers().get(AUTHORIZATION).map(|header| header.to_str().unwrap_or_default());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if let (None, true, Some(signer)) = (header, is_read, access.link_signer())
        && let Ok(Query(LinkQuery { expires, signature })) = Query::try_from_uri(request.uri())
    {
        return match signer.check(request.uri().path(), &expires, &signature, Timestamp::now()) {
            Ok(()) => Ok(Identity::Link),
            Err(error) => Err(Problem::new(403, error)),
        };
    }
    access.authenticate(header).map_err(|_| {
        let detail = if header.is_some() {
            "This token is not valid; ask the server's operator for one"
        } else {
            "Send an access token: Authorization: Bearer TOKEN"
        };
        Problem::new(401, detail)
    })
}
