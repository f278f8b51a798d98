//! `GET /api/exports/{job_id}/events` and `GET /api/exports/events`: streams of Server-Sent Events.
//!
//! The first event is the current state, each later one a change. Event ids are the numbers of the store's
//! changes, which all processes on one store share. So a client that reconnects with its `Last-Event-ID`
//! continues where it was, whichever process it reaches.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use jobs::JobId;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::access::viewer::Viewer;
use crate::access::visible_changes::{AllChanges, JobChanges};
use crate::endpoints::list::list_newest;
use crate::feed::{Change, Interest, SharedStatus};
use crate::representation::answers::ServerSentEvent;
use crate::representation::problem::Problem;
use crate::representation::responses::{NoJob, NoToken, NotAllowed, Unavailable};
use crate::representation::write_json;
use crate::requests::parameters::{JobPath, LastEvent};
use crate::requests::path::Path;

/// Interval between comments that keep a silent connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A client that missed changes of more jobs than this gets the current state instead.
const MAX_MISSED: usize = 100;

/// The event stream of one job.
struct JobEvents {
    viewer: Viewer,
    changes: JobChanges,
    job_id: JobId,
    /// The entity tag of the last status that was sent.
    etag: String,
    /// The number of the latest known change.
    number: u64,
    /// The current state, to be sent before any change.
    first: Option<Event>,
    has_ended: bool,
}

/// Follow an export
///
/// Server-Sent Events: the first, `status`, is the current state, each later one a change, until the export
/// has ended. All processes of a service use the same event ids.
#[utoipa::path(
    get, path = "/api/exports/{job_id}/events", operation_id = "export_events", tag = "Exports",
    params(
        JobPath,
        LastEvent
    ),
    responses(
        (status = 200, description = "Events.", content((ServerSentEvent = "text/event-stream",
            example = "event: status\nid: 1763006400123\ndata: {\"job_id\":\"705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e\",\"status\":\"completed\"}\n\n"))),
        (status = 204, description = "The export has ended, and the client has received the last event."),
        NoToken, NotAllowed, NoJob, Unavailable
    )
)]
pub async fn follow_job(
    viewer: Viewer,
    Path(JobPath { job_id }): Path<JobPath>,
    LastEvent { last_event_id }: LastEvent,
) -> Result<Response, Problem> {
    let job_id: JobId = job_id.parse().map_err(|_| Problem::no_job())?;
    // Begins to watch before it reads the status, so that no change in between is lost.
    let changes = viewer.watch(&job_id, Interest::Changes);
    let number = viewer.begin().await?;
    let status = viewer.read(&job_id).await?;
    let has_ended = status.as_ref().is_none_or(|status| status.record.state.is_final());
    let visible = status.as_ref().map(|status| &status.record.job_id);
    if let Some(last) = last_event_id.filter(|_| has_ended)
        && viewer.has_received(last, visible).await?
    {
        // Without content, since a browser would reconnect after any other answer.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let status = status.ok_or_else(Problem::no_job)?;
    let body = status.body(&viewer.access);
    let events = JobEvents {
        first: Some(build_event("status", number, body.text())),
        has_ended,
        etag: body.etag.clone(),
        viewer,
        changes,
        job_id,
        number,
    };
    Ok(stream_events(stream::unfold(events, |mut events| async move {
        let event = events.next().await?;
        Some((Ok(event), events))
    })))
}

impl JobEvents {
    /// The next event, or `None` after the last.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        while !self.has_ended {
            let change = tokio::select! {
                () = self.viewer.wait_for_stop() => return None,
                change = self.changes.next() => change,
            };
            let (number, status) = match change {
                Change::Job { number, status, .. } => (number, status),
                // If the store does not answer, the stream ends and the client reconnects.
                Change::Unknown { number } => (number, self.viewer.read(&self.job_id).await.ok()?),
                // The feed sends the changes when the store answers again.
                Change::Unavailable => continue,
            };
            // A change from before the status was read may arrive after it.
            self.number = self.number.max(number);
            if let Some(event) = self.event_for(status.as_deref()) {
                return Some(event);
            }
        }
        None
    }

    /// The event for a changed job; `None` if the client already has this status.
    fn event_for(&mut self, status: Option<&SharedStatus>) -> Option<Event> {
        let Some(status) = status else {
            self.has_ended = true;
            return Some(build_gone_event(self.number, &self.job_id));
        };
        let body = status.body(&self.viewer.access);
        if body.etag == self.etag {
            return None;
        }
        self.etag.clone_from(&body.etag);
        self.has_ended = status.record.state.is_final();
        Some(build_event("status", self.number, body.text()))
    }
}

/// The event stream of all jobs.
struct AllEvents {
    viewer: Viewer,
    changes: AllChanges,
    first: std::vec::IntoIter<Event>,
    /// The number of the latest known change.
    number: u64,
    /// The jobs that the client knows from this stream; `None` for a client that reconnected, of which the
    /// server does not know what it received before.
    announced: Option<HashSet<String>>,
}

/// Follow all exports
///
/// Server-Sent Events: first `exports`, the newest exports, or the missed events for a client that reconnects
/// with its `Last-Event-ID`; then each change of each export.
#[utoipa::path(
    get, path = "/api/exports/events", operation_id = "all_events", tag = "Exports",
    params(LastEvent),
    responses(
        (status = 200, description = "Events.", content((ServerSentEvent = "text/event-stream",
            example = "event: exports\nid: 1763006400123\ndata: {\"exports\":[],\"next_cursor\":null}\n\n"))),
        NoToken, NotAllowed, Unavailable
    )
)]
pub async fn follow_all(viewer: Viewer, LastEvent { last_event_id }: LastEvent) -> Result<Response, Problem> {
    let changes = viewer.watch_all();
    let number = viewer.begin().await?;
    let missed = match last_event_id {
        Some(last) => build_missed_events(&viewer, last).await?,
        None => None,
    };
    let (first, announced) = if let Some(missed) = missed {
        (missed, None)
    } else {
        let (event, announced) = build_exports_event(&viewer, number).await?;
        (vec![event], Some(announced))
    };
    let events = AllEvents { viewer, changes, first: first.into_iter(), number, announced };
    Ok(stream_events(stream::unfold(events, |mut events| async move {
        let event = events.next().await?;
        Some((Ok(event), events))
    })))
}

/// The event with the newest jobs after the change numbered `number`, and the ids of these jobs.
async fn build_exports_event(viewer: &Viewer, number: u64) -> Result<(Event, HashSet<String>), Problem> {
    let (newest, announced) = list_newest(viewer).await?;
    Ok((build_event("exports", number, &write_json(&newest)), announced))
}

/// The events after a change, the latest last; `None` when the store does not know all of them.
async fn build_missed_events(viewer: &Viewer, last: u64) -> Result<Option<Vec<Event>>, Problem> {
    let Some(missed) = viewer.read_missed(last, MAX_MISSED).await? else { return Ok(None) };
    let event = |(job_id, status): &(JobId, Option<Arc<SharedStatus>>)| match status {
        Some(status) => build_event("status", missed.now, status.body(&viewer.access).text()),
        None => build_gone_event(missed.now, job_id),
    };
    Ok(Some(missed.jobs.iter().map(event).collect()))
}

fn build_gone_event(number: u64, job_id: &JobId) -> Event {
    build_event("gone", number, &json!({"job_id": job_id}).to_string())
}

impl AllEvents {
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.next() {
            return Some(event);
        }
        loop {
            let change = tokio::select! {
                () = self.viewer.wait_for_stop() => return None,
                change = self.changes.next() => change,
            };
            match change {
                Ok(Change::Job { number, job_id, status: None }) if self.viewer.identity.may_see_all() => {
                    return Some(build_gone_event(self.advance_to(number), &job_id));
                }
                // The owner's name is gone with the record. The event goes to clients that know the job.
                Ok(Change::Job { number, job_id, status: None }) if self.announced.is_some() => {
                    if self.announced.as_mut().is_some_and(|announced| announced.remove(job_id.as_str())) {
                        return Some(build_gone_event(self.advance_to(number), &job_id));
                    }
                }
                Ok(Change::Job { number, status: Some(status), .. }) => {
                    let sees_all = self.viewer.identity.may_see_all();
                    if let Some(announced) = self.announced.as_mut().filter(|_| !sees_all) {
                        announced.insert(status.record.job_id.to_string());
                    }
                    let number = self.advance_to(number);
                    return Some(build_event("status", number, status.body(&self.viewer.access).text()));
                }
                // The store does not answer, and the feed sends its changes later.
                Ok(Change::Unavailable) => {}
                Ok(Change::Job { number, status: None, .. } | Change::Unknown { number }) => {
                    return self.restart(number).await;
                }
                Err(RecvError::Lagged(_)) => return self.restart(self.number).await,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The current state as an event, in place of changes that were lost.
    async fn restart(&mut self, number: u64) -> Option<Event> {
        let number = self.advance_to(number);
        let (event, announced) = build_exports_event(&self.viewer, number).await.ok()?;
        self.announced = Some(announced);
        Some(event)
    }

    /// Notes the number of a change, and returns the id of its event. The id never goes back: a change from
    /// before the state was read may arrive after it.
    fn advance_to(&mut self, number: u64) -> u64 {
        self.number = self.number.max(number);
        self.number
    }
}

/// An event whose data is JSON.
fn build_event(name: &str, number: u64, data: &str) -> Event {
    Event::default().event(name).id(number.to_string()).data(data)
}

fn stream_events(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // Asks proxies such as nginx not to buffer the stream.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    response
}
