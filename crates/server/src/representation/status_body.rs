//! A status as the text that is sent, with its entity tag.

use axum::body::Bytes;
use jiff::Timestamp;
use jobs::{JobRecord, JobState, Kind};

use super::build_status::{build_status, write_json};
use super::etag::tag_source;
use crate::access::Access;

/// A status as it is sent. It is the same for every viewer who may see the job.
#[derive(Debug)]
pub struct StatusBody {
    /// The JSON, shared by all answers that have it.
    pub json: Bytes,
    /// Its entity tag, of the record and what else is in the status. It changes whenever the job or its link does,
    /// and not as time passes.
    pub etag: String,
}

impl StatusBody {
    /// Writes the status of a job as one of this kind.
    pub fn new(record: &JobRecord, kind: Kind, queue_position: Option<u64>, access: &Access) -> Self {
        let status = build_status(record, kind, queue_position, access);
        let json = write_json(&status);
        // What the status shows beside the record, in the form of this version.
        let waiting_for = status.common().waiting_for;
        let link = identify_link(record, access);
        let etag = tag_source((env!("CARGO_PKG_VERSION"), record, kind, queue_position, waiting_for, link));
        Self { json: json.into(), etag }
    }

    /// The JSON as text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.json).expect("JSON is UTF-8")
    }
}

/// What a signed link depends on beside the record, coarse enough not to change from read to read: the key, and when the
/// link ends. Redis tells the time that is left, so the end differs by some milliseconds between two reads. A record
/// without an end gets a link for a day, which counts as new twice a day.
fn identify_link(record: &JobRecord, access: &Access) -> Option<([u8; 32], i64)> {
    const TEN_MINUTES: i64 = 600;
    const HALF_DAY: i64 = 43_200;
    let signer = access.link_signer().filter(|_| record.state == JobState::Completed)?;
    let end = match record.expires_at {
        Some(expires_at) => expires_at.as_second() / TEN_MINUTES,
        None => Timestamp::now().as_second() / HALF_DAY,
    };
    Some((signer.key_id(), end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::representation::build_status::example_record;

    #[test]
    fn the_tag_of_a_status_does_not_change_with_the_clock() {
        let tag = |expires: i64, done: u64| {
            let expires_at = Some(Timestamp::from_second(expires).unwrap());
            let record = JobRecord {
                expires_at,
                job_id: "job".parse().unwrap(),
                ..example_record(JobState::Running, done)
            };
            StatusBody::new(&record, Kind::Zip, None, &Access::open()).etag
        };
        assert_eq!(tag(1, 1), tag(2, 1));
        assert_ne!(tag(1, 1), tag(1, 2));
    }

    #[test]
    fn a_tag_changes_with_the_key_and_the_end_of_the_link() {
        let grants = [format!("alice:export:{}", "0".repeat(64)).parse().unwrap()];
        let tag = |secret: &str, expires: i64| {
            let record = JobRecord {
                job_id: "job".parse().unwrap(),
                expires_at: Some(Timestamp::from_second(expires).unwrap()),
                ..example_record(JobState::Completed, 3000)
            };
            StatusBody::new(&record, Kind::Zip, None, &Access::new(&grants, Some(secret))).etag
        };
        assert_eq!(tag("one", 1), tag("one", 2));
        assert_ne!(tag("one", 1), tag("two", 1));
        assert_ne!(tag("one", 1), tag("one", 3600));
    }
}
