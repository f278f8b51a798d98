//! Building the status that clients see from the record of a job.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use jobs::{FileAddress, JobReader, JobRecord, JobState, Kind, MissingReason, StoreError};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::status::{AnyStatus, ArchiveStatus, Phase, Status};
use crate::access::Access;
use exports::condition::condition;

/// Seconds that a report usually takes.
const REPORT_SECONDS: i64 = 2;
/// A cautious guess of how many detections an archive processes in a second.
const DETECTIONS_A_SECOND: i64 = 200;

/// Builds the status of a job, reading its position in the queue from the store.
pub async fn read_status<'a>(
    store: &dyn JobReader,
    record: &'a JobRecord,
    access: &Access,
) -> Result<AnyStatus<'a>, StoreError> {
    let queue_position = match record.state {
        JobState::Queued => store.queue_position(&record.job_id).await?,
        _ => None,
    };
    Ok(build_status(record, infer_kind(record), queue_position, access))
}

/// Writes a status as JSON. Parts of records that other programs wrote are passed on as they are: not every program
/// that reads JSON takes them, so they are never read as values here.
pub fn write_json(status: &impl Serialize) -> String {
    serde_json::to_string(status).expect("a status has no keys that are not text")
}

/// Builds the status of a job as one of this kind.
pub fn build_status<'a>(
    record: &'a JobRecord,
    kind: Kind,
    queue_position: Option<u64>,
    access: &Access,
) -> AnyStatus<'a> {
    let details = Details::read(record);
    let status = Status {
        job_id: record.job_id.as_str(),
        kind,
        title: record.title.as_deref(),
        status: record.state.into(),
        phase: match record.state {
            JobState::Queued => Some(Phase::Queued),
            JobState::Running => Some(Phase::Running),
            JobState::Processing | JobState::Completed | JobState::Failed => None,
        },
        queue_position,
        waiting_for: if record.state == JobState::Queued { condition().waiting_for() } else { None },
        attempt: record.attempt,
        filename: record.filename.as_deref(),
        download_url: find_file(record).map(|path| sign_address(access, path, record)),
        file_size_bytes: record.file_size_bytes,
        sha256: record.sha256.as_deref(),
        error_message: record.error.as_deref(),
        dataset: read_json(details.dataset),
        request: details.request,
        warnings: read_json(details.warnings).unwrap_or_default(),
        created_at: record.created_at,
        completed_at: record.completed_at,
        expires_at: record.expires_at,
    };
    match kind {
        Kind::Pdf => AnyStatus::Report(status),
        Kind::Zip => AnyStatus::Archive(ArchiveStatus {
            status,
            total_detections: record.total_detections,
            processed_count: record.processed_count,
            missing_count: record.missing_count,
            missing_reasons: list_missing_reasons(record),
            remote_pictures: record.remote_pictures,
            progress_percent: compute_progress(record),
            estimated_completion: estimate_end(record),
        }),
    }
}

/// The parts of the details of a record.
#[derive(Default)]
struct Details<'a> {
    dataset: Option<&'a RawValue>,
    request: Option<&'a RawValue>,
    warnings: Option<&'a RawValue>,
}

/// Reads them. Of a part that stands twice the last one counts, as in the record.
impl<'de> Deserialize<'de> for Details<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(DetailsVisitor)
    }
}

struct DetailsVisitor;

impl<'de> Visitor<'de> for DetailsVisitor {
    type Value = Details<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Details<'de>, A::Error> {
        let mut details = Details::default();
        while let Some(PartName(name)) = parts.next_key()? {
            let part = match &*name {
                "dataset" => &mut details.dataset,
                "request" => &mut details.request,
                "warnings" => &mut details.warnings,
                _ => {
                    parts.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *part = Some(parts.next_value()?);
        }
        Ok(details)
    }
}

/// The name of a part, which is copied only if it has escapes.
#[derive(Deserialize)]
struct PartName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Details<'a> {
    /// Takes apart the details of a record. Records of other programs and of earlier versions have none.
    fn read(record: &'a JobRecord) -> Self {
        let details = record.details.as_ref();
        details.and_then(|details| serde_json::from_str(details.as_str()).ok()).unwrap_or_default()
    }
}

/// Reads a part, if it is there and of this type.
fn read_json<T: DeserializeOwned>(part: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(part?.get()).ok()
}

/// The path of the file of a job on the server, or the address that another program wrote.
fn find_file(record: &JobRecord) -> Option<Cow<'_, str>> {
    match record.file_address.as_ref()? {
        FileAddress::ByName => Some(format!("/api/static/exports/{}", record.filename.as_ref()?).into()),
        FileAddress::Other(address) => Some(address.into()),
    }
}

/// Why detections are missing; `None` when the record has their number and no reasons.
fn list_missing_reasons(record: &JobRecord) -> Option<&[MissingReason]> {
    let is_known = !record.missing_reasons.is_empty() || record.missing_count == Some(0);
    is_known.then_some(&record.missing_reasons)
}

/// The kind of a job. Records that other programs wrote may have none: then a count of detections means an
/// archive.
pub fn infer_kind(record: &JobRecord) -> Kind {
    let inferred = if record.total_detections.is_some() { Kind::Zip } else { Kind::Pdf };
    record.kind.unwrap_or(inferred)
}

/// The progress of an archive, 0 to 100 with one decimal; 100 only when it is completed.
fn compute_progress(record: &JobRecord) -> f64 {
    if record.state == JobState::Completed {
        return 100.0;
    }
    match (record.processed_count, record.total_detections) {
        (Some(done), Some(total)) if total > 0 => {
            ((done as f64 / total as f64 * 1000.0).round() / 10.0).min(99.9)
        }
        _ => 0.0,
    }
}

/// When a job will probably end: at its pace so far once detections are counted, else by the usual pace.
fn estimate_end(record: &JobRecord) -> Option<Timestamp> {
    if record.state.is_final() {
        return None;
    }
    let running = record.started_at.filter(|_| record.state == JobState::Running);
    match (running, record.processed_count, record.total_detections) {
        (Some(started), Some(done), Some(total)) if done > 0 && total >= done => {
            let so_far = Timestamp::now().duration_since(started).as_secs_f64();
            let all = SignedDuration::try_from_secs_f64(so_far * total as f64 / done as f64).ok()?;
            started.checked_add(all).ok()
        }
        (_, _, total) => Some(estimate_completion(record.created_at?, total)),
    }
}

/// When an export that begins at `from` will probably end, by the usual pace.
pub fn estimate_completion(from: Timestamp, total_detections: Option<u64>) -> Timestamp {
    let detections = i64::try_from(total_detections.unwrap_or(0)).unwrap_or(0);
    let seconds = REPORT_SECONDS + detections / DETECTIONS_A_SECOND;
    from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(from)
}

/// Signs the address of a file or picture of a job. The link works without a token until the job expires.
pub fn sign_address<'a>(access: &Access, path: Cow<'a, str>, record: &JobRecord) -> Cow<'a, str> {
    let Some(signer) = access.link_signer() else { return path };
    let day = SignedDuration::from_hours(24);
    let end =
        record.expires_at.unwrap_or_else(|| Timestamp::now().saturating_add(day).unwrap_or(Timestamp::MAX));
    signer.sign(&path, end).into()
}

/// The record of an archive of 3,000 detections.
#[cfg(test)]
pub fn example_record(state: JobState, done: u64) -> JobRecord {
    JobRecord {
        job_id: jobs::JobId::random(),
        kind: Some(Kind::Zip),
        title: None,
        state,
        attempt: 1,
        created_at: Some(Timestamp::UNIX_EPOCH),
        started_at: Some(Timestamp::UNIX_EPOCH),
        completed_at: None,
        expires_at: Some(Timestamp::UNIX_EPOCH),
        filename: None,
        file_address: None,
        file_size_bytes: None,
        error: None,
        total_detections: Some(3000),
        processed_count: Some(done),
        missing_count: None,
        missing_reasons: Vec::new(),
        remote_pictures: None,
        sha256: None,
        details: None,
        owner: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::example_record as record;
    use super::*;

    #[test]
    fn progress_has_one_decimal_and_is_100_only_at_the_end() {
        let percent = |state, done| compute_progress(&record(state, done));
        assert!((percent(JobState::Running, 1000) - 33.3).abs() < 1e-9);
        assert!((percent(JobState::Running, 2999) - 99.9).abs() < 1e-9);
        assert!((percent(JobState::Completed, 3000) - 100.0).abs() < 1e-9);
        assert!(percent(JobState::Queued, 0).abs() < 1e-9);
    }

    #[test]
    fn absent_values_are_null() {
        let body = json!(build_status(&record(JobState::Queued, 0), Kind::Zip, Some(1), &Access::open()));
        for field in ["filename", "download_url", "file_size_bytes", "error_message", "completed_at"] {
            assert_eq!(body.get(field), Some(&Value::Null), "{field}");
        }
        assert_eq!(body["phase"], "queued");
    }

    #[test]
    fn of_a_part_that_stands_twice_the_last_one_counts() {
        let details = r#"{"dataset":"d","dataset":"e","other":[1],"request":{"a":1}}"#;
        let record = JobRecord { details: jobs::JsonObject::parse(details), ..record(JobState::Queued, 0) };
        let body = json!(build_status(&record, Kind::Zip, None, &Access::open()));
        assert_eq!((&body["dataset"], &body["request"]), (&json!("e"), &json!({"a": 1})));
    }

    #[test]
    fn reasons_are_listed_when_they_are_known() {
        let reason = MissingReason {
            reason: "remote".into(),
            count: 3,
            message: "3 pictures are on the web only".into(),
            hint: None,
        };
        let listed = |missing_count, missing_reasons| {
            let record = JobRecord { missing_count, missing_reasons, ..record(JobState::Completed, 3000) };
            let body = json!(build_status(&record, Kind::Zip, None, &Access::open()));
            body["missing_reasons"].clone()
        };
        assert_eq!(listed(Some(3), vec![reason.clone()]), json!([reason]));
        assert_eq!(listed(Some(0), Vec::new()), json!([]));
        // The record of an earlier version, and of an archive that is not finished.
        assert_eq!(listed(Some(3), Vec::new()), Value::Null);
        assert_eq!(listed(None, Vec::new()), Value::Null);
    }
}
