//! The job store as the one who asks sees it.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jobs::{JobId, JobStore, Record, StoreError};
use serde::Deserialize;

use super::App;
use super::problem::Problem;
use crate::access::{Access, Who};

/// What makes a link good.
#[derive(Deserialize)]
struct Signed {
    expires: String,
    signature: String,
}

/// Finds out who asks, before anything is answered.
pub async fn known(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    match who(&access, &request) {
        Ok(who) => {
            request.extensions_mut().insert(who);
            next.run(request).await
        }
        Err(problem) => {
            let mut response = problem.into_response();
            if response.status() == 401 {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

fn who(access: &Access, request: &Request) -> Result<Who, Problem> {
    let header = request.headers().get(AUTHORIZATION).map(|header| header.to_str().unwrap_or_default());
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    if let (None, true, Some(link)) = (header, looks, access.link()) {
        let signed = axum::extract::Query::<Signed>::try_from_uri(request.uri());
        if let Ok(axum::extract::Query(Signed { expires, signature })) = signed {
            let path = request.uri().path();
            return match link.check(path, &expires, &signature, Timestamp::now()) {
                Ok(()) => Ok(Who::Bearer),
                Err(bad) => Err(Problem::new(403, bad)),
            };
        }
    }
    access.who(header).map_err(|_| {
        let detail = if header.is_some() {
            "The token is not known here; ask the server's operator for one"
        } else {
            "A token is needed: send it as Authorization: Bearer TOKEN"
        };
        Problem::new(401, detail)
    })
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| Problem::new(500, "The server does not know who asks; please report it"))
    }
}

/// The job store through the eyes of the one who asks.
pub struct Eyes {
    pub store: Arc<dyn JobStore>,
    pub who: Who,
    pub access: Access,
}

impl<S: Send + Sync> FromRequestParts<S> for Eyes
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let App { store, front, .. } = App::from_ref(state);
        Ok(Self { store, access: front.access, who: Who::from_request_parts(parts, state).await? })
    }
}

impl Eyes {
    /// A job that is there, and that the one who asks may see.
    pub async fn get(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        Ok(self.store.get(job_id).await?.filter(|record| self.who.sees(record)))
    }

    /// The address of something of a job, good without a token for as long as the job is known.
    pub fn address(&self, path: String, record: &Record) -> String {
        address(&self.access, path, record)
    }

    /// 403 for who may look and not export.
    pub fn may_export(&self) -> Result<(), Problem> {
        if self.who.may_export() {
            return Ok(());
        }
        let detail =
            "This token may look and not export; ask the server's operator for one with the role export";
        Err(Problem::new(403, detail))
    }
}

/// The address of something of a job, good without a token for as long as the job is known.
pub fn address(access: &Access, path: String, record: &Record) -> String {
    let day = jiff::SignedDuration::from_hours(24);
    let end =
        record.expires_at.unwrap_or_else(|| Timestamp::now().saturating_add(day).unwrap_or(Timestamp::MAX));
    access.link().map_or_else(|| path.clone(), |link| link.to(&path, end))
}
