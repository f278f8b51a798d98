//! `GET /api/exports/{job_id}/events` and `GET /api/exports/events`: what happens, as it happens
//! (Server-Sent Events).
//!
//! The first event is the present state, each later one a change. Ids are the numbers of the
//! store's changes, the same for all processes on one store, so a client that comes back with its
//! `Last-Event-ID` goes on where it was, at whichever process it ends up.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use jobs::{JobId, JobStore};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::answers::ServerSentEvent;
use super::eyes::Eyes;
use super::feed::{Change, Feed, Interest, SharedStatus, Watch, read_statuses};
use super::list::newest;
use super::path::Path;
use super::problem::Problem;
use super::responses::{NoJob, NoToken, NotAllowed, Unavailable};

/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Jobs that a client may have missed changes of; of more it is told the present state.
const MOST_MISSED: usize = 100;

/// A listener to one job.
struct OfOne {
    eyes: Eyes,
    feed: Feed,
    watch: Watch,
    job_id: JobId,
    tag: String,
    /// The number of the last change that is known.
    number: u64,
    /// Told before anything else.
    first: Option<Event>,
    ended: bool,
}

/// Follow an export
///
/// Server-Sent Events: the first, `status`, is the present state, each one after it a change, until
/// the job has ended. The ids are the same at all processes of a service.
#[utoipa::path(
    get, path = "/api/exports/{job_id}/events", operation_id = "export_events", tag = "Exports",
    params(
        ("job_id" = String, Path, description = "The job.", example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that the client had.")
    ),
    responses(
        (status = 200, description = "Events.", content((ServerSentEvent = "text/event-stream",
            example = "event: status\nid: 1763006400123\ndata: {\"job_id\":\"705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e\",\"status\":\"completed\"}\n\n"))),
        (status = 204, description = "The job has ended, and the client has heard of it."),
        NoToken, NotAllowed, NoJob, Unavailable
    )
)]
pub async fn of_one(
    eyes: Eyes,
    State(feed): State<Feed>,
    Path(job_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    // Before the state is looked at, so that nothing can happen in between.
    let watch = feed.watch(&job_id, Interest::Changes);
    let number = eyes.store.changes(None).await?.now;
    feed.begin_at(number);
    let status = feed.read(&job_id).await?.filter(|status| eyes.who.sees(&status.record));
    let over = status.as_ref().is_none_or(|status| status.record.state.is_final());
    if over && has_heard(&*eyes.store, &headers, &job_id).await? {
        // Tells a browser not to come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let status = status.ok_or_else(Problem::no_job)?;
    let body = status.body(&eyes.access);
    let listener = OfOne {
        first: Some(event("status", number, &body.text)),
        ended: over,
        tag: body.etag.clone(),
        eyes,
        feed,
        watch,
        job_id,
        number,
    };
    Ok(answer(stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })))
}

impl OfOne {
    /// The next event, or `None` after the last.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        while !self.ended {
            let change = tokio::select! {
                () = self.feed.stopping.cancelled() => return None,
                change = self.watch.next() => change,
            };
            let (number, status) = match change {
                Change::Job { number, status, .. } => (number, status),
                // When the store does not answer the events end, and the client comes back.
                Change::Unknown { number } => (number, self.feed.read(&self.job_id).await.ok()?),
                // What happens meanwhile is told when it answers again.
                Change::Unavailable => continue,
            };
            // One that was on its way when the state was looked at is an older one.
            self.number = self.number.max(number);
            let status = status.filter(|status| self.eyes.who.sees(&status.record));
            if let Some(event) = self.note(status.as_deref()) {
                return Some(event);
            }
        }
        None
    }

    /// Notes a change. Returns its event; nothing when nothing is to be seen of it.
    fn note(&mut self, status: Option<&SharedStatus>) -> Option<Event> {
        let Some(status) = status else {
            self.ended = true;
            return Some(gone(self.number, &self.job_id));
        };
        let body = status.body(&self.eyes.access);
        if body.etag == self.tag {
            return None;
        }
        self.tag.clone_from(&body.etag);
        self.ended = status.record.state.is_final();
        Some(event("status", self.number, &body.text))
    }
}

/// Whether nothing happened to a job since the last event that a client has had.
async fn has_heard(store: &dyn JobStore, headers: &HeaderMap, job_id: &JobId) -> Result<bool, Problem> {
    let Some(last) = last_event(headers) else { return Ok(false) };
    let changes = store.changes(Some(last)).await?;
    Ok(changes.jobs.is_some_and(|jobs| !jobs.contains(job_id)))
}

/// A listener to all jobs.
struct OfAll {
    eyes: Eyes,
    feed: Feed,
    changes: Receiver<Change>,
    first: std::vec::IntoIter<Event>,
    /// The number of the last change that is known.
    number: u64,
    /// The jobs that it was told of; `None` for one that was told before, by whomever.
    told: Option<HashSet<String>>,
}

/// Follow all exports
///
/// Server-Sent Events: first `exports`, the newest jobs, or for a client that comes back with its
/// `Last-Event-ID` what happened in the meantime; then each change of each job.
#[utoipa::path(
    get, path = "/api/exports/events", operation_id = "all_events", tag = "Exports",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that the client had.")),
    responses(
        (status = 200, description = "Events.", content((ServerSentEvent = "text/event-stream",
            example = "event: exports\nid: 1763006400123\ndata: {\"exports\":[],\"next_cursor\":null}\n\n"))),
        NoToken, NotAllowed, Unavailable
    )
)]
pub async fn of_all(eyes: Eyes, State(feed): State<Feed>, headers: HeaderMap) -> Result<Response, Problem> {
    let changes = feed.watch_all();
    let number = eyes.store.changes(None).await?.now;
    feed.begin_at(number);
    let mut first = match last_event(&headers) {
        Some(last) => missed(&eyes, last).await?,
        None => None,
    };
    let (first, told) = if let Some(missed) = first.take() {
        (missed, None)
    } else {
        let (event, told) = present(&eyes, number).await?;
        (vec![event], Some(told))
    };
    let listener = OfAll { eyes, feed, changes, first: first.into_iter(), number, told };
    Ok(answer(stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })))
}

/// The newest jobs as they are after the change numbered `number`, and which they are.
async fn present(eyes: &Eyes, number: u64) -> Result<(Event, HashSet<String>), Problem> {
    let newest = json!(newest(eyes).await?);
    let told = newest["exports"].as_array().into_iter().flatten().filter_map(|job| job["job_id"].as_str());
    let told = told.map(str::to_owned).collect();
    Ok((event("exports", number, &newest.to_string()), told))
}

/// What happened after a change, the latest last; `None` when it is not known.
async fn missed(eyes: &Eyes, last: u64) -> Result<Option<Vec<Event>>, Problem> {
    let changes = eyes.store.changes(Some(last)).await?;
    let Some(jobs) = changes.jobs.filter(|jobs| jobs.len() <= MOST_MISSED) else { return Ok(None) };
    let mut events = Vec::with_capacity(jobs.len());
    let statuses = read_statuses(&*eyes.store, &jobs).await?;
    for (job_id, status) in jobs.iter().zip(statuses) {
        match status? {
            Some(status) if eyes.who.sees(&status.record) => {
                events.push(event("status", changes.now, &status.body(&eyes.access).text));
            }
            Some(_) => {}
            None if eyes.who.sees_all() => events.push(gone(changes.now, job_id)),
            // Whose it was nobody knows any more.
            None => return Ok(None),
        }
    }
    Ok(Some(events))
}

fn gone(number: u64, job_id: &JobId) -> Event {
    event("gone", number, &json!({"job_id": job_id}).to_string())
}

impl OfAll {
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.next() {
            return Some(event);
        }
        loop {
            let change = tokio::select! {
                () = self.feed.stopping.cancelled() => return None,
                change = self.changes.recv() => change,
            };
            match change {
                Ok(Change::Job { number, job_id, status: None }) if self.eyes.who.sees_all() => {
                    return Some(gone(self.number_of(number), &job_id));
                }
                // Whose it was nobody knows any more; who was not told of it need not know that it is gone.
                Ok(Change::Job { number, job_id, status: None }) if self.told.is_some() => {
                    let known = self.told.as_mut().is_some_and(|told| told.remove(job_id.as_str()));
                    if known {
                        return Some(gone(self.number_of(number), &job_id));
                    }
                }
                Ok(Change::Job { number, status: Some(status), .. })
                    if self.eyes.who.sees(&status.record) =>
                {
                    if let Some(told) = self.told.as_mut().filter(|_| !self.eyes.who.sees_all()) {
                        told.insert(status.record.job_id.to_string());
                    }
                    let number = self.number_of(number);
                    return Some(event("status", number, &status.body(&self.eyes.access).text));
                }
                // Somebody else's; or nobody can say anything now, and what happens meanwhile is told later.
                Ok(Change::Job { status: Some(_), .. } | Change::Unavailable) => {}
                Ok(Change::Job { number, status: None, .. } | Change::Unknown { number }) => {
                    return self.begin_again(number).await;
                }
                Err(RecvError::Lagged(_)) => return self.begin_again(self.number).await,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The present state, in place of changes that are not known.
    async fn begin_again(&mut self, number: u64) -> Option<Event> {
        let number = self.number_of(number);
        let (event, told) = present(&self.eyes, number).await.ok()?;
        self.told = Some(told);
        Some(event)
    }

    /// The id of the event of a change. A change that was on its way when the state was looked at is
    /// an older one.
    fn number_of(&mut self, number: u64) -> u64 {
        self.number = self.number.max(number);
        self.number
    }
}

/// The id of the last event that a client that comes back has had.
fn last_event(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// An event whose data is JSON.
fn event(name: &str, number: u64, data: &str) -> Event {
    Event::default().event(name).id(number.to_string()).data(data)
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    // Proxies that would wait for more of it do not.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    response
}
