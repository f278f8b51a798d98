//! A job as clients submit it, as workers claim it, and as its record describes it.

use std::str::FromStr;

use jiff::Timestamp;
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

impl FromStr for Kind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::Pdf, Self::Zip].into_iter().find(|kind| kind.name() == name).ok_or(())
    }
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker is processing it.
    Running,
    /// It has not ended, according to another program that wrote the record without saying whether it is
    /// queued or running.
    Processing,
    /// Its file can be downloaded. Final.
    Completed,
    /// It failed with an error message. Final.
    Failed,
}

impl JobState {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether the state never changes again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl FromStr for JobState {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let all = [Self::Queued, Self::Running, Self::Processing, Self::Completed, Self::Failed];
        all.into_iter().find(|state| state.name() == name).ok_or(())
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

/// The result of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Submission {
    /// A new job was created.
    New(JobRecord),
    /// The same request was submitted before with the same key, and this is its job.
    Repeated(JobRecord),
}

impl Submission {
    /// The job, whether new or not.
    pub fn into_record(self) -> JobRecord {
        match self {
            Self::New(record) | Self::Repeated(record) => record,
        }
    }
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

impl Artifact {
    /// The path at which the server provides the file.
    pub fn download_url(&self) -> String {
        format!("/api/static/exports/{}", self.filename)
    }
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

/// The record of a job. Other programs may write records without some of the optional fields.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct JobRecord {
    /// The job.
    pub job_id: JobId,
    /// The kind, if the record has it.
    pub kind: Option<Kind>,
    /// A short description for people, if the record has one.
    pub title: Option<String>,
    /// The state.
    pub state: JobState,
    /// Number of the current or last attempt; 0 before the first, or if the record does not have it.
    pub attempt: u32,
    /// When it was submitted, if the record has it. It never changes.
    pub created_at: Option<Timestamp>,
    /// When the current or last attempt began.
    pub started_at: Option<Timestamp>,
    /// When it was completed or failed.
    pub completed_at: Option<Timestamp>,
    /// When the record and its file expire, unless the record is written again. `None` if another program
    /// wrote it without an expiry.
    pub expires_at: Option<Timestamp>,
    /// The name of the file, once it exists.
    pub filename: Option<String>,
    /// The path of the file on the server, once it exists.
    pub download_url: Option<String>,
    /// The size of the file, once it exists.
    pub file_size_bytes: Option<u64>,
    /// The error message of a failed job.
    pub error: Option<String>,
    /// Number of detections to process, if the job counts them.
    pub total_detections: Option<u64>,
    /// Number of processed detections.
    pub processed_count: Option<u64>,
    /// Number of detections that are missing from the file or incomplete in it, once it exists.
    pub missing_count: Option<u64>,
    /// Why they are missing, the most frequent reason first; empty if nothing is missing or the record has
    /// none.
    pub missing_reasons: Vec<MissingReason>,
    /// Number of pictures that stay on the web, whose addresses the file lists, once it exists.
    pub remote_pictures: Option<u64>,
    /// The SHA-256 of the file, 64 hexadecimal digits, once it exists.
    pub sha256: Option<String>,
    /// The part of the request that clients see, if the job was submitted with it.
    pub details: Option<Value>,
    /// The owner, if any.
    pub owner: Option<String>,
}

impl JobRecord {
    /// The file of a completed job.
    pub fn artifact(&self) -> Option<Artifact> {
        // Records of other programs may lack the size. It is then read from the file.
        let (filename, size) = (self.filename.clone()?, self.file_size_bytes.unwrap_or(0));
        (self.state == JobState::Completed).then(|| Artifact {
            filename,
            size,
            missing: self.missing_count,
            missing_reasons: self.missing_reasons.clone(),
            remote_pictures: self.remote_pictures,
            sha256: self.sha256.clone(),
        })
    }
}
