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
    /// Its entity tag, of the record and what else is in the status. It changes whenever the job does, and not as
    /// time passes.
    pub etag: String,
}

impl StatusBody {
    /// Writes the status of a job as one of this kind.
    pub fn new(record: &JobRecord, kind: Kind, queue_position: Option<u64>, access: &Access) -> Self {
        let status = build_status(record, kind, queue_position, access);
        let json = write_json(&status);
        // What the status shows beside the record, in the form of this version.
        let waiting_for = status.common().waiting_for;
        let ends = (round_expiry(record), identify_link(record, access));
        let etag = tag_source((env!("CARGO_PKG_VERSION"), record, kind, queue_position, waiting_for, ends));
        Self { json: json.into(), etag }
    }

    /// The JSON as text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.json).expect("JSON is UTF-8")
    }
}

/// The minute in which a record expires. Redis tells how long that is from now, so that the moment itself differs by
/// some milliseconds from read to read.
fn round_expiry(record: &JobRecord) -> Option<i64> {
    record.expires_at.map(|expires_at| expires_at.as_second() / 60)
}

/// What a signed link depends on beside the record: the key, and for a record without an end the half day in which it
/// was made, since such a link works for a day.
fn identify_link(record: &JobRecord, access: &Access) -> Option<(u64, i64)> {
    const HALF_DAY: i64 = 43_200;
    let signer = access.link_signer().filter(|_| record.state == JobState::Completed)?;
    let made = if record.expires_at.is_none() { Timestamp::now().as_second() / HALF_DAY } else { 0 };
    Some((signer.key_id(), made))
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
        assert_ne!(tag(1, 1), tag(1000, 1), "it is kept longer");
    }

    #[test]
    fn a_tag_changes_with_the_key_of_the_link() {
        let record =
            JobRecord { job_id: "job".parse().unwrap(), ..example_record(JobState::Completed, 3000) };
        let grants = [format!("alice:export:{}", "0".repeat(64)).parse().unwrap()];
        let tag = |secret: &str| {
            StatusBody::new(&record, Kind::Zip, None, &Access::new(&grants, Some(secret))).etag
        };
        assert_eq!(tag("one"), tag("one"));
        assert_ne!(tag("one"), tag("two"));
    }
}
