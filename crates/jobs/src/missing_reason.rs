//! The reasons in a record why detections are missing from the file of a job.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The most reasons in a record.
const MAX_REASONS: usize = 10;
/// The longest JSON of the reasons in a record, in bytes.
const MAX_BYTES: usize = 4 << 10;

/// A reason why detections are missing from a file, and how many are missing for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MissingReason {
    /// The reason as one word, for programs.
    pub reason: String,
    /// How many detections are missing for this reason.
    pub count: u64,
    /// The reason and the count as a sentence.
    pub message: String,
    /// What can be done about it.
    #[serde(default)]
    pub hint: Option<String>,
}

/// The JSON of as many reasons as fit into a record, from the first on; `None` if none does.
pub(crate) fn write_reasons(reasons: &[MissingReason]) -> Option<String> {
    let most = reasons.len().min(MAX_REASONS);
    let mut texts = (1..=most).rev().map(|count| json!(reasons[..count]).to_string());
    texts.find(|text| text.len() <= MAX_BYTES)
}

/// Reads the reasons in a record. Malformed ones are skipped, since other programs may write records.
pub(crate) fn read_reasons(value: &Value) -> Vec<MissingReason> {
    let each = value.as_array().into_iter().flatten().take(MAX_REASONS);
    each.filter_map(|reason| MissingReason::deserialize(reason).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(message: &str) -> MissingReason {
        MissingReason { reason: "remote".into(), count: 3, message: message.into(), hint: None }
    }

    #[test]
    fn as_many_reasons_are_kept_as_fit() {
        assert_eq!(write_reasons(&[]), None);
        assert_eq!(write_reasons(&[reason(&"ü".repeat(3000))]), None);
        let many = vec![reason(&"x".repeat(1000)); 8];
        let text = write_reasons(&many).unwrap();
        assert!(text.len() <= MAX_BYTES);
        assert_eq!(read_reasons(&serde_json::from_str(&text).unwrap()), many[..3]);
        let short = vec![reason("x"); 12];
        let kept = read_reasons(&serde_json::from_str(&write_reasons(&short).unwrap()).unwrap());
        assert_eq!(kept.len(), MAX_REASONS);
    }

    #[test]
    fn malformed_reasons_are_skipped() {
        let good = json!({"reason": "remote", "count": 3, "message": "x", "more": 1});
        assert_eq!(read_reasons(&json!([7, {"reason": "no_file"}, good])), [reason("x")]);
        for other in [json!(null), json!("x"), json!({"reason": "remote"})] {
            assert_eq!(read_reasons(&other), [], "{other}");
        }
    }
}
