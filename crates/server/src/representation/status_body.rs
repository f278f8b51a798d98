//! A status as the text that is sent, with its entity tag.

use jobs::{JobRecord, Kind};
use serde_json::{Value, json};

use super::build_status;
use super::etag::compute_etag;
use crate::access::Access;

/// Fields that change with time although the job does not: two times, and a link that expires.
const TIMED_FIELDS: [&str; 3] = ["expires_at", "estimated_completion", "download_url"];

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
        let status = json!(build_status(record, kind, queue_position, access));
        Self { etag: compute_tag(&status), text: status.to_string() }
    }
}

/// The entity tag of a status: it changes whenever the job does, and not as time passes.
fn compute_tag(status: &Value) -> String {
    let fields = status.as_object().into_iter().flatten();
    let lasting = fields.filter(|(name, _)| !TIMED_FIELDS.contains(&name.as_str()));
    compute_etag(&lasting.map(|(name, value)| format!("{name}:{value},")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_status_does_not_change_with_the_clock() {
        let status =
            |expires: &str, done: u32| json!({"job_id": "a", "processed_count": done, "expires_at": expires});
        assert_eq!(compute_tag(&status("now", 1)), compute_tag(&status("later", 1)));
        assert_ne!(compute_tag(&status("now", 1)), compute_tag(&status("now", 2)));
    }
}
