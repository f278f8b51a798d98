//! A job, as it is asked for, worked on and looked at.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::JobId;
use crate::missing_reason::MissingReason;

/// What a job makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A report.
    Pdf,
    /// An archive.
    Zip,
}

impl Kind {
    /// Its name in addresses and records.
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

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// Has not ended, by the word of another program that wrote its record; whether it waits or
    /// runs is not told.
    Processing,
    /// Done; its file can be had. Final.
    Completed,
    /// Given up, with a reason. Final.
    Failed,
}

impl State {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Nothing changes it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let all = [Self::Queued, Self::Running, Self::Processing, Self::Completed, Self::Failed];
        all.into_iter().find(|state| state.name() == name).ok_or(())
    }
}

/// A job that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Its id, which no other job has.
    pub job_id: JobId,
    /// What it makes.
    pub kind: Kind,
    /// What it is, in a few words for people.
    pub title: String,
    /// What is asked for. Only the worker reads it.
    pub request: Value,
    /// How many detections it goes through, when it counts them.
    pub total_detections: Option<u64>,
    /// Whose it is, where that matters.
    pub owner: Option<String>,
    /// Where the end of the job is told to, when somebody asked for that.
    pub callback_url: Option<String>,
    /// What tells a submission that is sent again from a new one.
    pub idempotency: Option<Idempotency>,
}

/// What a client sends so that a submission whose answer was lost can be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The client's key. It is taken for as long as the job's record lives.
    pub key: String,
    /// What the request was, in any form that is the same for the same request only.
    pub fingerprint: String,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Submitted {
    /// A job was made.
    New(Record),
    /// The same request was submitted before with the same key: this is its job.
    Before(Record),
}

impl Submitted {
    /// The job, new or not.
    pub fn into_record(self) -> Record {
        match self {
            Self::New(record) | Self::Before(record) => record,
        }
    }
}

/// The right to work on a job: its id and the attempt, which is the fencing token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The job.
    pub job_id: JobId,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
}

/// A job that was given to a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The right to work on it.
    pub held: Held,
    /// What it makes.
    pub kind: Kind,
    /// What is asked for.
    pub request: Value,
}

/// A file that a job made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// Its name, without a folder.
    pub filename: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many of the detections asked for are not in it whole; `None` when it counts none.
    pub missing: Option<u64>,
    /// Why they are not, the most frequent reason first. A record keeps as many as fit into 4 KiB.
    pub missing_reasons: Vec<MissingReason>,
    /// How many pictures stay on the web and are named in it by their addresses; `None` when it counts
    /// none.
    pub remote_pictures: Option<u64>,
    /// The SHA-256 of its content, 64 hexadecimal digits; `None` in records that do not tell.
    pub sha256: Option<String>,
}

impl Artifact {
    /// The path at which a server hands it out.
    pub fn download_url(&self) -> String {
        format!("/api/static/exports/{}", self.filename)
    }
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was wrong, where, and what to do about it: for the person who asked.
    pub message: String,
    /// The fault may pass (storage, network), so that another attempt is worth its while. A
    /// wrong input fails at once.
    pub may_pass: bool,
}

impl Failure {
    /// Of a job whose request the store has and cannot read. Another attempt would meet the same.
    pub(crate) fn unreadable_request() -> Self {
        Self { message: "the request of this job cannot be read; submit it again".into(), may_pass: false }
    }
}

/// The end of a job that somebody asked to be told of, and has not been told of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The job, which has ended.
    pub job_id: JobId,
    /// Where it is told to.
    pub url: String,
    /// Which attempt at telling this is, from 1.
    pub attempt: u32,
}

/// The status of a job.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Record {
    /// The job.
    pub job_id: JobId,
    /// What it makes; records that other programs wrote may not tell.
    pub kind: Option<Kind>,
    /// What it is, in a few words for people; records that other programs wrote may not tell.
    pub title: Option<String>,
    /// Where it is in its life.
    pub state: State,
    /// Attempts so far; 0 while no worker has had it, or when the record does not tell.
    pub attempt: u32,
    /// When it was submitted. Set once; records that other programs wrote may not tell.
    pub created_at: Option<Timestamp>,
    /// When the current or last attempt began.
    pub started_at: Option<Timestamp>,
    /// When it was completed or failed.
    pub completed_at: Option<Timestamp>,
    /// When the record and its file will be gone, unless the status is written again. `None`
    /// when another program wrote it to stay.
    pub expires_at: Option<Timestamp>,
    /// The name of the file, once there is one.
    pub filename: Option<String>,
    /// Where the file can be had, once there is one.
    pub download_url: Option<String>,
    /// The size of the file, once there is one.
    pub file_size_bytes: Option<u64>,
    /// Why it failed; only of a failed job.
    pub error: Option<String>,
    /// How many detections it goes through, when it counts them.
    pub total_detections: Option<u64>,
    /// How many of them are done.
    pub processed_count: Option<u64>,
    /// How many of them are not in the file whole, once there is one.
    pub missing_count: Option<u64>,
    /// Why they are not, the most frequent reason first; empty when nothing is missing, or when the
    /// record does not tell.
    pub missing_reasons: Vec<MissingReason>,
    /// How many pictures stay on the web and are named in the file by their addresses, once there is one.
    pub remote_pictures: Option<u64>,
    /// The SHA-256 of the file, 64 hexadecimal digits, once there is one.
    pub sha256: Option<String>,
    /// Whose it is; of some nobody is told to be.
    pub owner: Option<String>,
}

impl Record {
    /// The file of a completed job, when its record tells all about it.
    pub fn artifact(&self) -> Option<Artifact> {
        // Other programs may not say it, and the file has its own.
        let (filename, size) = (self.filename.clone()?, self.file_size_bytes.unwrap_or(0));
        (self.state == State::Completed).then(|| Artifact {
            filename,
            size,
            missing: self.missing_count,
            missing_reasons: self.missing_reasons.clone(),
            remote_pictures: self.remote_pictures,
            sha256: self.sha256.clone(),
        })
    }
}
