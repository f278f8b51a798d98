//! A job as clients submit it and as workers claim it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::JobId;
use crate::missing_reason::MissingReason;

/// The kind of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A report.
    Pdf,
    /// An archive.
    Zip,
}

impl Kind {
    /// The name in addresses and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Zip => "zip",
        }
    }
}

/// The text is not the name of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kind of a job is pdf or zip")]
pub struct KindError;

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(name: &str) -> Result<Self, KindError> {
        [Self::Pdf, Self::Zip].into_iter().find(|kind| kind.name() == name).ok_or(KindError)
    }
}

/// A job to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// A unique id.
    pub job_id: JobId,
    /// The kind.
    pub kind: Kind,
    /// A short description for people.
    pub title: String,
    /// The request. Only the worker reads it.
    pub request: Value,
    /// The part of the request that clients see in the status, as a small JSON object.
    pub details: Option<Value>,
    /// Number of detections to process, if the job counts them.
    pub total_detections: Option<u64>,
    /// The owner, if the server has tokens.
    pub owner: Option<String>,
    /// The address of the callback about the end of the job, if there is one.
    pub callback_url: Option<String>,
    /// Identifies a repeated submission.
    pub idempotency: Option<Idempotency>,
}

/// Identifies a submission, so that a client whose answer was lost can repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key of the client, which is reserved for as long as the job's record exists.
    pub key: String,
    /// A fingerprint of the request, different for every request.
    pub fingerprint: String,
}

/// The right to work on a job: its id and the attempt, which is the fencing token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job_id: JobId,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
}

/// A job that a worker has claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The right to work on the job.
    pub held: Lease,
    /// The kind.
    pub kind: Kind,
    /// The request.
    pub request: Value,
}

/// The file of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// The name without a folder.
    pub filename: String,
    /// The size in bytes.
    pub size: u64,
    /// Number of requested detections that are missing or incomplete; `None` if the job counts none.
    pub missing: Option<u64>,
    /// Why they are missing, the most frequent reason first. A record keeps as many as fit into 4 KiB.
    pub missing_reasons: Vec<MissingReason>,
    /// Number of pictures that stay on the web, whose addresses the file lists; `None` if the job counts
    /// none.
    pub remote_pictures: Option<u64>,
    /// The SHA-256 of the content, 64 hexadecimal digits; `None` in records without it.
    pub sha256: Option<String>,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was wrong, where, and what to do about it, for the person who submitted the job.
    pub message: String,
    /// Whether the error is temporary (storage, network), so that another attempt may succeed. With wrong
    /// input the job fails at once.
    pub may_pass: bool,
}

impl Failure {
    /// The failure of a job whose stored request cannot be read.
    pub(crate) fn unreadable_request() -> Self {
        Self { message: "the request of this job cannot be read; submit it again".into(), may_pass: false }
    }
}

/// A message about the end of a job that has not been sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The job, which has ended.
    pub job_id: JobId,
    /// The address to send it to.
    pub url: String,
    /// The number of this attempt to send it, from 1.
    pub attempt: u32,
}
