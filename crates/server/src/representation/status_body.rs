//! A status as the text that is sent, with its entity tag.

use jobs::{JobRecord, Kind};
use serde::Serialize;

use super::build_status;
use super::etag::compute_etag;
use crate::access::Access;

/// A status as it is sent. It is the same for every viewer who may see the job.
#[derive(Debug)]
pub struct StatusBody {
    /// JSON.
    pub text: String,
    pub etag: String,
}

impl StatusBody {
    /// Writes the status of a job as one of this kind.
    pub fn new(record: &JobRecord, kind: Kind, queue_position: Option<u64>, access: &Access) -> Self {
        let mut status = build_status(record, kind, queue_position, access);
        let text = write_json(&status);
        // The tag changes whenever the job does, and not as time passes.
        status.remove_timed_fields();
        Self { etag: compute_etag(&write_json(&status)), text }
    }
}

fn write_json(status: &impl Serialize) -> String {
    serde_json::to_string(status).expect("a status has no keys that are not text")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jobs::JobState;

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
}
