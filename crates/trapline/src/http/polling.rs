//! What makes polling cheap: `Prefer: wait` (RFC 7240) and `ETag` (RFC 9110).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;
use jobs::{JobId, Kind, Record, State};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::eyes::Eyes;
use super::feed::{Change, Feed, Interest, SharedStatus};
use super::problem::Problem;

/// Longest time that a request is held.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// Fields that change by themselves while nothing happens to the job: times, and a link that is good
/// until such a time.
const OF_THE_CLOCK: [&str; 3] = ["expires_at", "estimated_completion", "download_url"];

/// How long a client wants to wait for the end of a job: `Prefer: wait=N`, in seconds.
pub fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut waits = preferences.flat_map(|value| value.split([',', ';'])).filter_map(|preference| {
        let (name, seconds) = preference.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| seconds.trim().parse::<u64>().ok())?
    });
    waits.next().map(|seconds| Duration::from_secs(seconds).min(MAX_WAIT))
}

/// The status of a job: at once, or when it has ended or the time is over.
///
/// An archive that is asked for as a report is 404 at once, and so is somebody else's job; a record
/// that does not say what it makes is either.
pub async fn status_within(
    eyes: &Eyes,
    feed: &Feed,
    job_id: &JobId,
    kind: Option<Kind>,
    wait: Option<Duration>,
) -> Result<Arc<SharedStatus>, Problem> {
    match wait.filter(|wait| !wait.is_zero()) {
        Some(wait) => wait_for_end(eyes, feed, job_id, kind, Instant::now() + wait).await,
        None => read_status(eyes, job_id, kind).await,
    }
}

/// The status of a job as it is now.
async fn read_status(eyes: &Eyes, job_id: &JobId, kind: Option<Kind>) -> Result<Arc<SharedStatus>, Problem> {
    let record = eyes.store.get(job_id).await?;
    let place = match find_visible(eyes, record.as_ref(), kind)?.state {
        State::Queued => eyes.store.queue_position(job_id).await?,
        _ => None,
    };
    Ok(Arc::new(SharedStatus::new(record.ok_or_else(Problem::no_job)?, place)))
}

/// The status of a job when it has ended, or as it is at `until`, or when the server stops.
///
/// However many wait, the store is asked once: the feed reads what changed, and tells all of them.
async fn wait_for_end(
    eyes: &Eyes,
    feed: &Feed,
    job_id: &JobId,
    kind: Option<Kind>,
    until: Instant,
) -> Result<Arc<SharedStatus>, Problem> {
    let mut watch = feed.watch(job_id, Interest::End);
    let mut peeked = feed.peek(job_id).await?;
    while !find_visible(eyes, peeked.as_deref(), kind)?.state.is_final() {
        let change = tokio::select! {
            change = watch.next() => change,
            () = sleep_until(until) => break,
            () = feed.stopping.cancelled() => break,
        };
        match change {
            Change::Job { status, .. } => {
                let record = status.as_deref().map(|status| &status.record);
                if let (true, Some(status)) = (find_visible(eyes, record, kind)?.state.is_final(), &status) {
                    return Ok(Arc::clone(status));
                }
            }
            // While the store does not answer, this says so.
            Change::Unknown { .. } | Change::Unavailable => peeked = feed.peek(job_id).await?,
        }
    }
    let status = feed.read(job_id).await?;
    find_visible(eyes, status.as_deref().map(|status| &status.record), kind)?;
    status.ok_or_else(Problem::no_job)
}

/// A record that the one who asks may see, and that is of the kind that is asked for; else 404.
fn find_visible<'a>(
    eyes: &Eyes,
    record: Option<&'a Record>,
    kind: Option<Kind>,
) -> Result<&'a Record, Problem> {
    let is_meant = |record: &&Record| record.kind.zip(kind).is_none_or(|(actual, asked)| actual == asked);
    record.filter(|record| eyes.who.sees(record)).filter(is_meant).ok_or_else(Problem::no_job)
}

/// The tag of a status, which is another as soon as anything happened to the job.
pub fn etag(status: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    let fields = status.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| !OF_THE_CLOCK.contains(&name.as_str())) {
        (name, value.to_string()).hash(&mut hasher);
    }
    format!("\"{:016x}\"", hasher.finish())
}

/// Whether the client has what is tagged `etag` already.
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_one_of_several_preferences() {
        let wait = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            preferred_wait(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait = 5"), Some(5));
        assert_eq!(wait("wait=3600"), Some(60));
        assert_eq!(wait("return=minimal"), None);
        assert_eq!(wait("wait=soon"), None);
    }

    #[test]
    fn the_tag_of_a_status_does_not_change_with_the_clock() {
        let status = |expires: &str, done: u32| serde_json::json!({"job_id": "a", "processed_count": done, "expires_at": expires});
        assert_eq!(etag(&status("now", 1)), etag(&status("later", 1)));
        assert_ne!(etag(&status("now", 1)), etag(&status("now", 2)));
    }
}
