//! The client of a request: who it is, and the jobs that it may see.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Query, Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jobs::{Changes, JobId, JobRecord, JobState, JobStore, NewJob, StoreError, Submission};
use serde::Deserialize;

use super::App;
use super::feed::{OneStatus, queued_jobs, read_queue_positions, read_statuses};
use super::problem::Problem;
use crate::access::{Access, Identity};

/// The query of a signed link.
#[derive(Deserialize)]
struct LinkQuery {
    expires: String,
    signature: String,
}

/// Identifies the client of a request under `/api` or for metrics before anything else is answered, so that a
/// client without a token does not learn which addresses exist. All other addresses are public.
pub async fn authenticate(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path != "/metrics" && path != "/api" && !path.starts_with("/api/") {
        return next.run(request).await;
    }
    match identify(&access, &request) {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
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

/// The client of a request, and the job store as far as that client may see it.
///
/// The store is private, so handlers reach jobs through these methods only. Two of them return jobs of other
/// owners too, since their callers have to know that there is such a job: `read_statuses`, and `changes`,
/// which has ids alone. Statuses from the feed are shared by all viewers. Handlers check both with `may_see`.
pub struct Viewer {
    store: Arc<dyn JobStore>,
    pub identity: Identity,
    pub access: Access,
}

/// A page of the list of jobs as a viewer sees it.
pub struct VisiblePage {
    /// Each place with its job, or with `None` for a job that the viewer may not see.
    pub records: Vec<(u64, Option<JobRecord>)>,
    /// The place from which the next page begins, if there is one.
    pub next: Option<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let App { store, config, .. } = App::from_ref(state);
        let identity = parts.extensions.get::<Identity>().cloned();
        let identity = identity
            .ok_or_else(|| Problem::new(500, "The server did not identify the client; please report it"))?;
        Ok(Self { store, identity, access: config.access })
    }
}

impl Viewer {
    /// Whether the viewer may see a job.
    pub fn may_see(&self, record: &JobRecord) -> bool {
        self.identity.may_see(record)
    }

    /// A job, if there is one that the viewer may see.
    pub async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        Ok(self.store.get(job_id).await?.filter(|record| self.may_see(record)))
    }

    /// A page of the list of jobs, newest first.
    pub async fn list(&self, from: Option<u64>, limit: u32) -> Result<VisiblePage, StoreError> {
        let page = self.store.list(from, limit).await?;
        let hide = |(place, record)| (place, Some(record).filter(|record| self.may_see(record)));
        Ok(VisiblePage { records: page.records.into_iter().map(hide).collect(), next: page.next })
    }

    /// The position of a job in the queue, if it is queued.
    pub async fn queue_position(&self, record: &JobRecord) -> Result<Option<u64>, StoreError> {
        match record.state {
            JobState::Queued => self.store.queue_position(&record.job_id).await,
            _ => Ok(None),
        }
    }

    /// The positions of those of these jobs that are queued.
    pub async fn queue_positions(&self, records: &[JobRecord]) -> Result<HashMap<JobId, u64>, StoreError> {
        read_queue_positions(&*self.store, queued_jobs(records.iter())).await
    }

    /// The statuses of jobs of all owners.
    pub async fn read_statuses(&self, job_ids: &[JobId]) -> Result<Vec<OneStatus>, StoreError> {
        read_statuses(&*self.store, job_ids).await
    }

    /// The ids of jobs of all owners that changed; see [`JobStore::changes`].
    pub async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        self.store.changes(since).await
    }

    /// Submits a job.
    pub async fn submit(&self, job: &NewJob) -> Result<Submission, StoreError> {
        self.store.submit(job).await
    }

    /// Deletes a job and returns its last record; 404 for a job that the viewer may not see.
    pub async fn delete(&self, job_id: &JobId) -> Result<JobRecord, Problem> {
        self.check_may_export()?;
        if !self.identity.may_see_all() {
            self.get(job_id).await?.ok_or_else(Problem::no_job)?;
        }
        self.store.delete(job_id).await?.ok_or_else(Problem::no_job)
    }

    /// 403 for a viewer that may read and not export.
    pub fn check_may_export(&self) -> Result<(), Problem> {
        if self.identity.may_export() {
            return Ok(());
        }
        let detail = "This token is for reading only; ask the server's operator for one with the role export";
        Err(Problem::new(403, detail))
    }
}
