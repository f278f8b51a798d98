//! A message: its body and its signature.

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

use super::Secret;

/// A message that is ready to be sent.
pub struct Message {
    pub headers: HeaderMap,
    pub body: String,
}

/// Builds the message about the end of a job with this status.
///
/// It has the same id in each attempt, so a receiver that gets it twice can recognize the second one.
pub fn build_message(secrets: &[Secret], status: &Value, now: Timestamp) -> Message {
    let outcome = status["status"].as_str().unwrap_or_default();
    let ended = status["completed_at"].as_str().map_or_else(|| now.to_string(), str::to_owned);
    let body = json!({"type": format!("export.{outcome}"), "timestamp": ended, "data": status}).to_string();
    let id = format!("{}.{outcome}", status["job_id"].as_str().unwrap_or_default());
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
    use super::*;

    #[test]
    fn a_message_is_signed_with_each_secret() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
            .map(|secret| secret.parse().unwrap());
        let status = json!({"job_id": "a", "status": "completed", "completed_at": "2025-11-13T04:01:30Z"});
        let Message { headers, body } = build_message(&secrets, &status, Timestamp::now());
        for Secret(signer) in &secrets {
            signer.verify(body.as_bytes(), &headers).unwrap();
            assert!(signer.verify(body.replace("completed", "failed").as_bytes(), &headers).is_err());
        }
        assert_eq!(headers["webhook-id"], "a.completed");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["type"], "export.completed");
        assert_eq!(body["timestamp"], status["completed_at"]);
        assert_eq!(body["data"], status);
    }
}
