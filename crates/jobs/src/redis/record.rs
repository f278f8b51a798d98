//! Records: the JSON at `export_job:{job_id}`, which other programs write too.

use std::borrow::Cow;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::StoreError;
use crate::id::JobId;
use crate::json_object::JsonObject;
use crate::missing_reason::read_reasons;
use crate::record::{FileAddress, JobRecord, JobState};

pub(super) fn record_key(job_id: &JobId) -> String {
    format!("export_job:{job_id}")
}

/// Where the server provides files.
const DOWNLOADS: &str = "/api/static/exports/";

/// The `download_url` of a file in its record, for programs that read the record itself.
pub(super) fn download_url(filename: &str) -> String {
    format!("{DOWNLOADS}{filename}")
}

fn parse_address(url: &str, filename: Option<&str>) -> FileAddress {
    if filename.is_some_and(|filename| url.strip_prefix(DOWNLOADS) == Some(filename)) {
        FileAddress::ByName
    } else {
        FileAddress::Other(url.into())
    }
}

/// Parses the text of a record. `left` is the time to live in milliseconds, negative without an expiry.
///
/// Other programs may write only a status and an id. Missing and malformed fields count as absent; only a
/// malformed status makes a record unreadable.
pub(crate) fn parse_record(job_id: &JobId, text: &str, left: i64) -> Result<JobRecord, StoreError> {
    let unreadable =
        |why: &dyn std::fmt::Display| StoreError::from_damage(format!("export_job:{job_id} {why}"));
    let fields: KnownFields<'_> = serde_json::from_str(text)
        .map_err(|error| unreadable(&format_args!("is not a JSON object: {error}")))?;
    let (status, phase) = (read_text(fields.status), read_text(fields.phase));
    let state = match (status.as_deref(), phase.as_deref()) {
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
    let filename = read_text(fields.filename);
    let file_address = read_text(fields.download_url).map(|url| parse_address(&url, filename.as_deref()));
    let missing_reasons: Option<Value> = read_json(fields.missing_reasons);
    Ok(JobRecord {
        job_id: job_id.clone(),
        kind: read_text(fields.kind).and_then(|kind| kind.parse().ok()),
        title: read_text(fields.title).map(Cow::into_owned),
        state,
        attempt: read_count(fields.attempt).and_then(|attempt| attempt.try_into().ok()).unwrap_or(0),
        created_at: read_time(fields.created_at),
        started_at: read_time(fields.started_at),
        completed_at: read_time(fields.completed_at),
        expires_at: expires,
        file_address,
        filename: filename.map(Cow::into_owned),
        file_size_bytes: read_count(fields.file_size_bytes),
        error: read_text(fields.error).map(Cow::into_owned),
        total_detections: read_count(fields.total_detections),
        processed_count: read_count(fields.processed_count),
        missing_count: read_count(fields.missing_count),
        missing_reasons: missing_reasons.as_ref().map_or_else(Vec::new, read_reasons),
        remote_pictures: read_count(fields.remote_pictures),
        sha256: read_text(fields.sha256).map(Cow::into_owned),
        details: fields.details.and_then(JsonObject::from_raw),
        owner: read_text(fields.owner).map(Cow::into_owned),
    })
}

/// Reads a field, if it is there and of this type.
fn read_json<'a, T: Deserialize<'a>>(field: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

fn read_text(field: Option<&RawValue>) -> Option<Cow<'_, str>> {
    read_json(field).map(|Text(text)| text)
}

fn read_time(field: Option<&RawValue>) -> Option<Timestamp> {
    parse_time(&read_text(field)?)
}

fn read_count(field: Option<&RawValue>) -> Option<u64> {
    parse_count(&read_json(field)?)
}

/// Declares the known fields of a record, each with its JSON. Fields of other programs are skipped, however deep
/// they are nested; of a field that stands twice the last one counts.
macro_rules! known_fields {
    ($($name:ident),* $(,)?) => {
        #[derive(Default)]
        struct KnownFields<'a> {
            $($name: Option<&'a RawValue>,)*
        }

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = KnownFields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<KnownFields<'de>, A::Error> {
                let mut known = KnownFields::default();
                while let Some(Text(name)) = fields.next_key()? {
                    match &*name {
                        $(stringify!($name) => known.$name = Some(fields.next_value()?),)*
                        _ => {
                            fields.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(known)
            }
        }
    };
}

known_fields! {
    status, phase, kind, title, attempt, created_at, started_at, completed_at, filename, download_url,
    file_size_bytes, error, total_detections, processed_count, missing_count, missing_reasons, remote_pictures,
    details, owner, sha256,
}

/// The name of a field or a text, which is copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct FieldsVisitor;

impl<'de> Deserialize<'de> for KnownFields<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FieldsVisitor)
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
