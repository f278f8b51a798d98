//! A message: its body and its signature.

use jiff::Timestamp;
use jobs::JobRecord;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

use super::Secret;
use crate::representation::write_json;

/// A message that is ready to be sent.
pub struct Message {
    pub headers: HeaderMap,
    pub body: String,
}

/// The body of a message.
#[derive(Serialize)]
struct Body<'a, T> {
    r#type: String,
    /// When the job ended.
    timestamp: Timestamp,
    data: &'a T,
}

/// Builds the message about the end of a job: its record, and its status.
///
/// It has the same id in each attempt, so a receiver that gets it twice can recognize the second one.
pub fn build_message(
    secrets: &[Secret],
    record: &JobRecord,
    status: &impl Serialize,
    now: Timestamp,
) -> Message {
    let outcome = record.state.name();
    let ended = record.completed_at.unwrap_or(now);
    let body = write_json(&Body { r#type: format!("export.{outcome}"), timestamp: ended, data: status });
    let id = format!("{}.{outcome}", record.job_id);
    let signatures: Vec<String> = secrets
        .iter()
        .map(|Secret(signer)| signer.sign(&id, now.as_second(), body.as_bytes()).expect("JSON is UTF-8"))
        .collect();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut insert = |name, text: &str| {
        headers.insert(name, HeaderValue::from_str(text).expect("an id, a number and Base64"));
    };
    insert(HEADER_WEBHOOK_ID, &id);
    insert(HEADER_WEBHOOK_TIMESTAMP, &now.as_second().to_string());
    // A signature for each secret, so that a receiver can switch from an old secret to a new one.
    insert(HEADER_WEBHOOK_SIGNATURE, &signatures.join(" "));
    Message { headers, body }
}

#[cfg(test)]
mod tests {
    use jobs::JobState;
    use serde_json::{Value, json};

    use super::*;
    use crate::representation::example_record;

    #[test]
    fn a_message_is_signed_with_each_secret() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
            .map(|secret| secret.parse().unwrap());
        let ended = "2025-11-13T04:01:30Z";
        let record = JobRecord {
            job_id: "a".parse().unwrap(),
            completed_at: Some(ended.parse().unwrap()),
            ..example_record(JobState::Completed, 3000)
        };
        let status = json!({"job_id": "a", "status": "completed"});
        let Message { headers, body } = build_message(&secrets, &record, &status, Timestamp::now());
        for Secret(signer) in &secrets {
            signer.verify(body.as_bytes(), &headers).unwrap();
            assert!(signer.verify(body.replace("completed", "failed").as_bytes(), &headers).is_err());
        }
        assert_eq!(headers["webhook-id"], "a.completed");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["type"], "export.completed");
        assert_eq!(body["timestamp"], ended);
        assert_eq!(body["data"], status);
    }
}
