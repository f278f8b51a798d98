//! `GET /api/exports/{job_id}/events` and `GET /api/exports/events`: what happens, as it happens
//! (Server-Sent Events).
//!
//! The first event is the present state, each later one a change. Ids are the numbers of the
//! store's changes, the same for all processes on one store, so a client that comes back with its
//! `Last-Event-ID` goes on where it was, at whichever process it ends up.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use jobs::{JobId, JobStore, Record, State as JobState};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::answers::ServerSentEvent;
use super::eyes::Eyes;
use super::feed::{Change, Feed};
use super::list::newest;
use super::path::Path;
use super::polling::etag;
use super::problem::Problem;
use super::responses::{NoJob, NoToken, NotAllowed, Unavailable};

/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a job is looked at of which changes are not told: its place in the queue moves, or
/// another program writes its record.
const LOOK: Duration = Duration::from_secs(1);

/// Jobs that a client may have missed changes of; of more it is told the present state.
const MOST_MISSED: usize = 100;

/// A listener to one job.
struct OfOne {
    eyes: Eyes,
    feed: Feed,
    changes: Receiver<Change>,
    job_id: JobId,
    /// Its state as it was told last.
    state: JobState,
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
    let number = eyes.store.changes(None).await?.now;
    // Before the state is looked at, so that nothing can happen in between.
    let changes = feed.subscribe(number);
    let record = eyes.get(&job_id).await?;
    let over = record.as_ref().is_none_or(|record| record.state.is_final());
    if over && has_heard(&*eyes.store, &headers, &job_id).await? {
        // Tells a browser not to come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let record = record.ok_or_else(Problem::no_job)?;
    let body = eyes.told(&record).await?;
    let listener = OfOne {
        first: Some(event("status", number, &body)),
        ended: record.state.is_final(),
        state: record.state,
        tag: etag(&body),
        eyes,
        feed,
        changes,
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
            let record = tokio::select! {
                () = self.feed.stopping.cancelled() => return None,
                change = self.changes.recv() => match change {
                    Ok(Change::Job { number, job_id, record }) if job_id == self.job_id => {
                        self.number = number;
                        record
                    }
                    Ok(Change::Job { .. }) => continue,
                    Ok(Change::Unknown) | Err(RecvError::Lagged(_)) => self.looked_at().await?,
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep(LOOK), if self.moves_untold() => self.looked_at().await?,
            };
            if let Some(event) = self.change(record.as_deref()).await {
                return Some(event);
            }
        }
        None
    }

    /// Whether its state may change without a word.
    fn moves_untold(&self) -> bool {
        matches!(self.state, JobState::Queued | JobState::Processing)
    }

    /// The record as it is now. A store that does not answer ends the events, and the client comes
    /// back.
    async fn looked_at(&mut self) -> Option<Option<Arc<Record>>> {
        self.number = self.eyes.store.changes(None).await.ok()?.now;
        Some(self.eyes.get(&self.job_id).await.ok()?.map(Arc::new))
    }

    /// The event of a change; nothing when nothing is to be seen of it.
    async fn change(&mut self, record: Option<&Record>) -> Option<Event> {
        let Some(record) = record else {
            self.ended = true;
            return Some(gone(self.number, &self.job_id));
        };
        let body = self.eyes.told(record).await.ok()?;
        let tag = etag(&body);
        if tag == self.tag {
            return None;
        }
        (self.tag, self.state, self.ended) = (tag, record.state, record.state.is_final());
        Some(event("status", self.number, &body))
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
    let changes = feed.subscribe(eyes.store.changes(None).await?.now);
    let mut first = match last_event(&headers) {
        Some(last) => missed(&eyes, last).await?,
        None => None,
    };
    let (first, told) = if let Some(missed) = first.take() {
        (missed, None)
    } else {
        let (event, told) = present(&eyes).await?;
        (vec![event], Some(told))
    };
    let listener = OfAll { eyes, feed, changes, first: first.into_iter(), told };
    Ok(answer(stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })))
}

/// The newest jobs, and which they are.
async fn present(eyes: &Eyes) -> Result<(Event, HashSet<String>), Problem> {
    let number = eyes.store.changes(None).await?.now;
    let newest = json!(newest(eyes).await?);
    let told = newest["exports"].as_array().into_iter().flatten().filter_map(|job| job["job_id"].as_str());
    let told = told.map(str::to_owned).collect();
    Ok((event("exports", number, &newest), told))
}

/// What happened after a change, the latest last; `None` when it is not known.
async fn missed(eyes: &Eyes, last: u64) -> Result<Option<Vec<Event>>, Problem> {
    let changes = eyes.store.changes(Some(last)).await?;
    let Some(jobs) = changes.jobs.filter(|jobs| jobs.len() <= MOST_MISSED) else { return Ok(None) };
    let mut events = Vec::with_capacity(jobs.len());
    for job_id in jobs {
        match eyes.store.get(&job_id).await? {
            Some(record) if eyes.who.sees(&record) => {
                events.push(event("status", changes.now, &eyes.told(&record).await?));
            }
            Some(_) => {}
            None if eyes.who.sees_all() => events.push(gone(changes.now, &job_id)),
            // Whose it was nobody knows any more.
            None => return Ok(None),
        }
    }
    Ok(Some(events))
}

fn gone(number: u64, job_id: &JobId) -> Event {
    event("gone", number, &json!({"job_id": job_id}))
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
                Ok(Change::Job { number, job_id, record: None }) if self.eyes.who.sees_all() => {
                    return Some(gone(number, &job_id));
                }
                // Whose it was nobody knows any more; who was not told of it need not know that it is gone.
                Ok(Change::Job { number, job_id, record: None }) if self.told.is_some() => {
                    let known = self.told.as_mut().is_some_and(|told| told.remove(job_id.as_str()));
                    if known {
                        return Some(gone(number, &job_id));
                    }
                }
                Ok(Change::Job { number, record: Some(record), .. }) if self.eyes.who.sees(&record) => {
                    if let Some(told) = self.told.as_mut().filter(|_| !self.eyes.who.sees_all()) {
                        told.insert(record.job_id.to_string());
                    }
                    return Some(event("status", number, &self.eyes.told(&record).await.ok()?));
                }
                // Somebody else's.
                Ok(Change::Job { record: Some(_), .. }) => {}
                Ok(Change::Job { record: None, .. } | Change::Unknown) | Err(RecvError::Lagged(_)) => {
                    let (event, told) = present(&self.eyes).await.ok()?;
                    self.told = Some(told);
                    return Some(event);
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// The id of the last event that a client that comes back has had.
fn last_event(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

fn event(name: &str, number: u64, data: &Value) -> Event {
    Event::default().event(name).id(number.to_string()).data(data.to_string())
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    // Proxies that would wait for more of it do not.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    response
}
