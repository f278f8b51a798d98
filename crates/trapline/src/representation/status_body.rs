//! A status as the text that is sent, with its entity tag.

use std::hash::{DefaultHasher, Hash, Hasher};

use jobs::{JobRecord, Kind};
use serde_json::{Value, json};

use super::build_status;
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
        Self { etag: compute_etag(&status), text: status.to_string() }
    }
}

/// The entity tag of a status: it changes whenever the job does, and not as time passes.
fn compute_etag(status: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    let fields = status.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| !TIMED_FIELDS.contains(&name.as_str())) {
        (name, value.to_string()).hash(&mut hasher);
    }
    format!("\"{:016x}\"", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_status_does_not_change_with_the_clock() {
        let status =
            |expires: &str, done: u32| json!({"job_id": "a", "processed_count": done, "expires_at": expires});
        assert_eq!(compute_etag(&status("now", 1)), compute_etag(&status("later", 1)));
        assert_ne!(compute_etag(&status("now", 1)), compute_etag(&status("now", 2)));
    }
}
