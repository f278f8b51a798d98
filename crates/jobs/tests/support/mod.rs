//! What the tests of all stores need.

use jobs::{JobId, Kind, NewJob};

/// A report for which nothing is asked.
pub fn new_job() -> NewJob {
    NewJob {
        job_id: JobId::random(),
        kind: Kind::Pdf,
        title: "A report".into(),
        request: serde_json::json!({}),
        total_detections: None,
        details: None,
        owner: None,
        callback_url: None,
        idempotency: None,
    }
}
