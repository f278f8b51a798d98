//! Statuses of jobs.

use jobs::Kind;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Ref, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Where a job is.
// Its values are written from the job store's states, by `status_name`.
#[allow(dead_code)]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    /// It waits or runs.
    Processing,
    /// Its file can be had.
    Completed,
    /// It is given up.
    Failed,
}

/// More about a job that is processing.
#[allow(dead_code)]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
}

/// What a job waits for besides its turn.
#[allow(dead_code)]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitingFor {
    /// No worker is running.
    Worker,
    /// There is no room for files.
    Disk,
}

/// How a job is doing. What is not known (yet) is `null`.
// As clients know it.
#[allow(clippy::struct_field_names)]
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "job_id": "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e",
    "kind": "pdf",
    "title": "Seasonal activity, 1 September 2018 to 31 January 2019",
    "status": "completed",
    "phase": null,
    "queue_position": null,
    "waiting_for": null,
    "attempt": 1,
    "filename": "report_705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e_1.pdf",
    "download_url": "/api/static/exports/report_705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e_1.pdf",
    "file_size_bytes": 123_456,
    "sha256": "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099",
    "error_message": null,
    "created_at": "2025-11-13T04:00:00Z",
    "completed_at": "2025-11-13T04:00:01.5Z",
    "expires_at": "2025-11-13T05:00:01.5Z"
})))]
pub struct Status {
    /// The job.
    pub job_id: String,
    /// What it makes: a report (`pdf`) or an archive (`zip`).
    #[schema(value_type = KindName)]
    pub kind: Kind,
    /// What it is, in a few words for people.
    pub title: Option<String>,
    /// Where it is.
    #[schema(value_type = StatusName)]
    pub status: &'static str,
    /// Whether it waits or runs, while it is processing.
    #[schema(value_type = Option<Phase>)]
    pub phase: Option<&'static str>,
    /// Its place among those that wait, 1 for the next.
    pub queue_position: Option<u64>,
    /// What it waits for besides its turn: `worker` when none is running, `disk` when there is no room
    /// for files.
    #[schema(value_type = Option<WaitingFor>)]
    pub waiting_for: Option<&'static str>,
    /// How many times it was begun.
    pub attempt: u32,
    /// The name of its file, once it is completed.
    pub filename: Option<String>,
    /// Where its file can be had, once it is completed.
    pub download_url: Option<String>,
    /// The size of its file.
    pub file_size_bytes: Option<u64>,
    /// The SHA-256 of its file, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Why it failed, and what can be done about it.
    pub error_message: Option<String>,
    /// When it was submitted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<String>,
    /// When it was completed or failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<String>,
    /// When it and its file are removed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<String>,
}

/// What a job makes.
#[allow(dead_code)]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KindName {
    /// A report.
    Pdf,
    /// An archive.
    Zip,
}

/// A reason why detections are not in an archive.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "reason": "remote",
    "count": 327,
    "message": "327 pictures are on the web only",
    "hint": "add --fetch-media"
})))]
pub struct MissingReason {
    /// The reason as one word, as in `missing.csv`.
    pub reason: String,
    /// How many detections are missing for this reason.
    pub count: u64,
    /// The same as a sentence, with the count.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

impl From<jobs::MissingReason> for MissingReason {
    fn from(reason: jobs::MissingReason) -> Self {
        let jobs::MissingReason { reason, count, message, hint } = reason;
        Self { reason, count, message, hint }
    }
}

/// How an archive is doing.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "job_id": "4f3f1c9e-5d0c-4f52-8a5a-0c8f0c7b7a11",
    "kind": "zip",
    "title": "1,000 detections",
    "status": "processing",
    "phase": "running",
    "queue_position": null,
    "waiting_for": null,
    "attempt": 1,
    "filename": null,
    "download_url": null,
    "file_size_bytes": null,
    "sha256": null,
    "error_message": null,
    "created_at": "2025-11-13T04:00:00Z",
    "completed_at": null,
    "expires_at": "2025-11-13T05:00:00Z",
    "total_detections": 1000,
    "processed_count": 400,
    "missing_count": null,
    "missing_reasons": null,
    "remote_pictures": null,
    "progress_percent": 40.0,
    "estimated_completion": "2025-11-13T04:00:05Z"
})))]
pub struct ArchiveStatus {
    #[serde(flatten)]
    pub status: Status,
    /// How many detections it goes through.
    pub total_detections: Option<u64>,
    /// How many of them are done.
    pub processed_count: Option<u64>,
    /// How many of them are not in the file with all that was asked for, once it is completed; its
    /// `missing.csv` says which, and why.
    pub missing_count: Option<u64>,
    /// Why they are not, the most frequent reason first; at most ten reasons, and empty when nothing is
    /// missing.
    #[schema(max_items = 10)]
    pub missing_reasons: Option<Vec<MissingReason>>,
    /// How many pictures stay on the web and are named in a Camtrap DP package by their addresses. They are
    /// not missing.
    pub remote_pictures: Option<u64>,
    /// How far it is, with one decimal; 100 only when it is completed.
    #[schema(minimum = 0, maximum = 100)]
    pub progress_percent: f64,
    /// When it is probably done, while it is processing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub estimated_completion: Option<String>,
}

/// The status of a report or of an archive.
#[derive(Serialize)]
#[serde(untagged)]
pub enum AnyStatus {
    /// Of an archive.
    Archive(ArchiveStatus),
    /// Of a report.
    Report(Status),
}

/// What is a status of an archive is one of a report as well, so it is any of them, not one.
impl PartialSchema for AnyStatus {
    fn schema() -> RefOr<Schema> {
        let any = AnyOfBuilder::new()
            .item(Ref::from_schema_name(ArchiveStatus::name()))
            .item(Ref::from_schema_name(Status::name()))
            .description(Some("The status of a report or of an archive."));
        Schema::AnyOf(any.build()).into()
    }
}

impl ToSchema for AnyStatus {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ArchiveStatus::name().into(), ArchiveStatus::schema()));
        schemas.push((Status::name().into(), Status::schema()));
        ArchiveStatus::schemas(schemas);
    }
}
