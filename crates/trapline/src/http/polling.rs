//! What makes polling cheap: `Prefer: wait` (RFC 7240) and `ETag` (RFC 9110).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;
use jobs::{JobId, Kind, Record};
use serde_json::Value;
use tokio::time::Instant;

use super::eyes::Eyes;
use super::problem::Problem;

/// Longest time that a request is held.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// How often a held request looks.
const LOOK: Duration = Duration::from_millis(100);
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

/// The record of a job: at once, or when it has ended or the time is over.
///
/// An archive asked for as a report is not there, unless its record does not tell; nobody waits
/// for that.
pub async fn record_within(
    eyes: &Eyes,
    job_id: &JobId,
    kind: Option<Kind>,
    wait: Option<Duration>,
) -> Result<Record, Problem> {
    let until = Instant::now() + wait.unwrap_or_default();
    loop {
        let record = eyes.get(job_id).await?.ok_or_else(Problem::no_job)?;
        if record.kind.zip(kind).is_some_and(|(actual, wanted)| actual != wanted) {
            return Err(Problem::no_job());
        }
        if record.state.is_final() || Instant::now() >= until {
            return Ok(record);
        }
        tokio::time::sleep(LOOK).await;
    }
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
