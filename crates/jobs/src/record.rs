//! The state of a job and its record.

use std::hash::{Hash, Hasher};
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::JobId;
use crate::job::{Artifact, Kind};
use crate::json_object::JsonObject;
use crate::missing_reason::MissingReason;

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

/// The text is not the name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an unknown state")]
pub struct JobStateError;

impl FromStr for JobState {
    type Err = JobStateError;

    fn from_str(name: &str) -> Result<Self, JobStateError> {
        let all = [Self::Queued, Self::Running, Self::Processing, Self::Completed, Self::Failed];
        all.into_iter().find(|state| state.name() == name).ok_or(JobStateError)
    }
}

/// Where clients download the file of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileAddress {
    /// Where the server provides files, under its name.
    ByName,
    /// The address that another program wrote.
    Other(String),
}

/// The record of a job. Other programs may write records without some of the optional fields.
#[derive(Clone, Debug, PartialEq)]
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
    /// Where clients download the file, once it exists.
    pub file_address: Option<FileAddress>,
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
    pub details: Option<JsonObject>,
    /// The owner, if any.
    pub owner: Option<String>,
}

/// Everything but the time until it expires, which moves although nothing else of the job changes.
impl Hash for JobRecord {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self { job_id, kind, title, state, attempt, created_at, started_at, completed_at, .. } = self;
        (job_id, kind, title, state, attempt, created_at, started_at, completed_at).hash(hasher);
        let Self { filename, file_address, file_size_bytes, error, sha256, details, owner, .. } = self;
        (filename, file_address, file_size_bytes, error, sha256, details, owner).hash(hasher);
        let Self {
            total_detections, processed_count, missing_count, missing_reasons, remote_pictures, ..
        } = self;
        (total_detections, processed_count, missing_count, missing_reasons, remote_pictures).hash(hasher);
    }
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
