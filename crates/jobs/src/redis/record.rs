//! Records: the JSON at `export_job:{job_id}`, which other programs write too.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::StoreError;
use crate::id::JobId;
use crate::missing_reason::read_reasons;
use crate::record::{FileAddress, JobRecord, JobState};

pub(super) fn record_key(job_id: &JobId) -> String {
    format!("export_job:{job_id}")
}

/// The `download_url` of a file in its record, for programs that read the record itself.
pub(super) fn download_url(filename: &str) -> String {
    format!("/api/static/exports/{filename}")
}

fn parse_address(url: String, filename: Option<&str>) -> FileAddress {
    if filename.is_some_and(|filename| download_url(filename) == url) {
        FileAddress::ByName
    } else {
        FileAddress::Other(url)
    }
}

/// Parses the text of a record. `left` is the time to live in milliseconds, negative without an expiry.
///
/// Other programs may write only a status and an id. Missing and malformed fields count as absent; only a
/// malformed status makes a record unreadable.
pub(super) fn parse_record(job_id: &JobId, text: &str, left: i64) -> Result<JobRecord, StoreError> {
    let unreadable =
        |why: &dyn std::fmt::Display| StoreError::from_damage(format!("export_job:{job_id} {why}"));
    let KnownFields(fields) = serde_json::from_str(text)
        .map_err(|error| unreadable(&format_args!("is not a JSON object: {error}")))?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = text("status");
    let state = match (status.as_deref(), text("phase").as_deref()) {
        (Some("completed"), _) => JobState::Completed,
        (Some("failed"), _) => JobState::Failed,
        (Some("processing"), Some("queued")) => JobState::Queued,
        (Some("processing"), Some("running")) => JobState::Running,
        (Some("processing"), _) => JobState::Processing,
        _ => return Err(unreadable(&"has no status out of processing, completed and failed")),
    };
    let left = u64::try_from(left).ok().map(Duration::from_millis);
    let expires =
        left.and_then(|left| Timestamp::now().checked_add(SignedDuration::try_from(left).ok()?).ok());
    let time = |name: &str| text(name).as_deref().and_then(parse_time);
    let number = |name: &str| fields.get(name).and_then(parse_count);
    let filename = text("filename");
    let missing_reasons = fields.get("missing_reasons").map_or_else(Vec::new, read_reasons);
    Ok(JobRecord {
        job_id: job_id.clone(),
        kind: text("kind").and_then(|kind| kind.parse().ok()),
        title: text("title"),
        state,
        attempt: number("attempt").and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(0),
        created_at: time("created_at"),
        started_at: time("started_at"),
        completed_at: time("completed_at"),
        expires_at: expires,
        file_address: text("download_url").map(|url| parse_address(url, filename.as_deref())),
        filename,
        file_size_bytes: number("file_size_bytes"),
        error: text("error"),
        total_detections: number("total_detections"),
        processed_count: number("processed_count"),
        missing_count: number("missing_count"),
        missing_reasons,
        remote_pictures: number("remote_pictures"),
        sha256: text("sha256"),
        details: fields.get("details").filter(|details| details.is_object()).cloned(),
        owner: text("owner"),
    })
}

/// The known fields of a record. Fields of other programs are skipped, however deep they are nested.
struct KnownFields(Map<String, Value>);

const KNOWN: [&str; 20] = [
    "status",
    "phase",
    "kind",
    "title",
    "attempt",
    "created_at",
    "started_at",
    "completed_at",
    "filename",
    "download_url",
    "file_size_bytes",
    "error",
    "total_detections",
    "processed_count",
    "missing_count",
    "missing_reasons",
    "remote_pictures",
    "details",
    "owner",
    "sha256",
];

impl<'de> Deserialize<'de> for KnownFields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = KnownFields;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<KnownFields, A::Error> {
        let mut known = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if KNOWN.contains(&name.as_str()) {
                known.insert(name, fields.next_value()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(KnownFields(known))
    }
}

/// A substitute for a record that cannot be read.
pub(super) fn unreadable_record(job_id: &JobId) -> JobRecord {
    let text = r#"{"status":"processing"}"#;
    parse_record(job_id, text, -1).expect("a valid record")
}

/// Parses a time in RFC 3339. Without an offset it is UTC.
fn parse_time(text: &str) -> Option<Timestamp> {
    let without_offset = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(without_offset)
}

/// Parses a count, which some programs write as 400.0.
fn parse_count(value: &Value) -> Option<u64> {
    // Fractions are cut off. Negative numbers and other values are not counts.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rounded = |number: f64| (number >= 0.0 && number < 2_f64.powi(53)).then_some(number as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<JobRecord, StoreError> {
        parse_record(&"job".parse().unwrap(), text, 1000)
    }

    #[test]
    fn as_little_as_a_status_and_an_id_is_a_record() {
        let record = read(r#"{"status":"processing","job_id":"job"}"#).unwrap();
        assert_eq!((record.state, record.kind, record.attempt), (JobState::Processing, None, 0));
        assert_eq!((record.created_at, record.filename), (None, None));
        assert!(record.expires_at.is_some());
    }

    #[test]
    fn a_file_is_at_its_name_unless_another_program_wrote_another_address() {
        let address =
            |fields: &str| read(&format!(r#"{{"status":"completed",{fields}}}"#)).unwrap().file_address;
        let other = |url: &str| Some(FileAddress::Other(url.into()));
        let own = r#""filename":"a.pdf","download_url":"/api/static/exports/a.pdf""#;
        assert_eq!(address(own), Some(FileAddress::ByName));
        assert_eq!(address(r#""filename":"a.pdf","download_url":"/files/a.pdf""#), other("/files/a.pdf"));
        assert_eq!(address(r#""download_url":"/files/a.pdf""#), other("/files/a.pdf"));
        assert_eq!(address(r#""filename":"a.pdf""#), None);
    }

    #[test]
    fn fields_of_other_programs_may_be_nested_as_deep_as_they_like() {
        let deep = format!(r#"{{"theirs":{}{},"status":"failed"}}"#, "[".repeat(900), "]".repeat(900));
        assert_eq!(read(&deep).unwrap().state, JobState::Failed);
    }

    #[test]
    fn a_time_without_an_offset_is_utc() {
        let at: Timestamp = "2025-11-13T04:00:00Z".parse().unwrap();
        for text in [
            "2025-11-13T04:00:00",
            "2025-11-13 04:00:00",
            "2025-11-13T05:00:00+01:00",
            "2025-11-13T04:00:00Z",
        ] {
            assert_eq!(parse_time(text), Some(at), "{text}");
        }
        assert_eq!(
            parse_time("2025-11-13T04:00:00.123456").map(Timestamp::as_microsecond),
            Some(at.as_microsecond() + 123_456)
        );
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn malformed_fields_count_as_absent() {
        let text =
            r#"{"status":"failed","attempt":"x","processed_count":400.0,"error":7,"file_size_bytes":-1}"#;
        let record = read(text).unwrap();
        assert_eq!((record.attempt, record.processed_count), (0, Some(400)));
        assert_eq!((record.error, record.file_size_bytes), (None, None));
    }

    #[test]
    fn a_malformed_status_makes_a_record_unreadable() {
        for text in ["", "[]", "{}", r#"{"status":"done"}"#, r#"{"status":1}"#, "\u{1}"] {
            assert!(matches!(read(text), Err(StoreError::Damaged(_))), "{text}");
        }
    }
}
