//! `Prefer: wait` (RFC 7240): a request for a status that is held until the job has ended.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use jobs::{JobId, JobRecord, Kind};
use tokio::time::{Instant, sleep_until};

use crate::access::viewer::Viewer;
use crate::feed::{Change, Interest, SharedStatus};
use crate::representation::problem::Problem;

/// The longest that a request is held.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// How long a client wants to wait for the end of a job: `Prefer: wait=N`, in seconds.
pub fn read_preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut waits = preferences.flat_map(|value| value.split([',', ';'])).filter_map(|preference| {
        let (name, seconds) = preference.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| seconds.trim().parse::<u64>().ok())?
    });
    waits.next().map(|seconds| Duration::from_secs(seconds).min(MAX_WAIT))
}

/// Waits for the status of a job: until it has ended or the time is over, or not at all without `wait`.
///
/// 404 at once if the job is another owner's, or of the other kind; a record without a kind matches both.
pub async fn wait_for_status(
    viewer: &Viewer,
    job_id: &JobId,
    kind: Option<Kind>,
    wait: Option<Duration>,
) -> Result<Arc<SharedStatus>, Problem> {
    match wait.filter(|wait| !wait.is_zero()) {
        Some(wait) => wait_for_end(viewer, job_id, kind, Instant::now() + wait).await,
        None => read_status(viewer, job_id, kind).await,
    }
}

async fn read_status(
    viewer: &Viewer,
    job_id: &JobId,
    kind: Option<Kind>,
) -> Result<Arc<SharedStatus>, Problem> {
    let status = viewer.read_now(job_id).await?.filter(|status| is_of_kind(&status.record, kind));
    status.ok_or_else(Problem::no_job)
}

/// Waits until a job has ended, until the time `until`, or until the server stops.
///
/// The store is read once for all waiting requests: the feed reads each change and passes it on to them.
async fn wait_for_end(
    viewer: &Viewer,
    job_id: &JobId,
    kind: Option<Kind>,
    until: Instant,
) -> Result<Arc<SharedStatus>, Problem> {
    let mut watch = viewer.watch(job_id, Interest::End);
    let mut peeked = viewer.peek(job_id).await?;
    while !check_kind(peeked.as_deref(), kind)?.state.is_final() {
        let change = tokio::select! {
            change = watch.next() => change,
            () = sleep_until(until) => break,
            () = viewer.wait_for_stop() => break,
        };
        match change {
            Change::Job { status, .. } => {
                let record = status.as_deref().map(|status| &status.record);
                if let (true, Some(status)) = (check_kind(record, kind)?.state.is_final(), &status) {
                    return Ok(Arc::clone(status));
                }
            }
            // Fails while the store does not answer.
            Change::Unknown { .. } | Change::Unavailable => peeked = viewer.peek(job_id).await?,
        }
    }
    let status = viewer.read(job_id).await?;
    check_kind(status.as_deref().map(|status| &status.record), kind)?;
    status.ok_or_else(Problem::no_job)
}

/// 404 unless there is a record of this kind.
fn check_kind(record: Option<&JobRecord>, kind: Option<Kind>) -> Result<&JobRecord, Problem> {
    record.filter(|record| is_of_kind(record, kind)).ok_or_else(Problem::no_job)
}

/// Whether a record may be of this kind. Records that other programs wrote may have none.
fn is_of_kind(record: &JobRecord, kind: Option<Kind>) -> bool {
    record.kind.zip(kind).is_none_or(|(actual, expected)| actual == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_one_of_several_preferences() {
        let wait = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            read_preferred_wait(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait = 5"), Some(5));
        assert_eq!(wait("wait=3600"), Some(60));
        assert_eq!(wait("return=minimal"), None);
        assert_eq!(wait("wait=soon"), None);
    }
}
