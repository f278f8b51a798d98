//! The status of a job as clients read it: the types that JSON and the OpenAPI description are made from.

use std::borrow::Cow;

use jiff::Timestamp;
use jobs::{JobState, Kind};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Ref, Schema};
use utoipa::{PartialSchema, ToSchema};

use exports::condition::WaitingFor;

/// The status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    /// The job is queued or running.
    Processing,
    /// The file can be downloaded.
    Completed,
    /// The job failed for good.
    Failed,
}

impl From<JobState> for StatusName {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued | JobState::Running | JobState::Processing => Self::Processing,
            JobState::Completed => Self::Completed,
            JobState::Failed => Self::Failed,
        }
    }
}

/// The phase of a job that is processing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The job waits for a worker.
    Queued,
    /// A worker makes the file.
    Running,
}

/// The status of an export. Values that are not known (yet) are `null`.
// The names are those of the JSON.
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
pub struct Status<'a> {
    /// Id of the job.
    pub job_id: &'a str,
    /// The kind of export: a report (`pdf`) or an archive (`zip`).
    #[schema(value_type = KindName)]
    pub kind: Kind,
    /// A short description for people.
    pub title: Option<&'a str>,
    /// The status.
    pub status: StatusName,
    /// `queued` or `running` while the export is processing.
    pub phase: Option<Phase>,
    /// Position in the queue; 1 is next.
    pub queue_position: Option<u64>,
    /// What holds up the whole queue: `worker` when no worker is running, `disk` when the disk is full.
    pub waiting_for: Option<WaitingFor>,
    /// Number of the current or last attempt; 0 before the first.
    pub attempt: u32,
    /// Name of the file, once the export is completed.
    pub filename: Option<&'a str>,
    /// Address of the file, once the export is completed.
    pub download_url: Option<Cow<'a, str>>,
    /// Size of the file.
    pub file_size_bytes: Option<u64>,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: Option<&'a str>,
    /// Why the export failed, and what can be done about it.
    pub error_message: Option<&'a str>,
    /// Name of the data set.
    pub dataset: Option<String>,
    /// The request, with defaults filled in, dates in place of a season, and names as the data set spells
    /// them. A list of more than 100 items is cut after the first 100 and ends with the number of the others.
    #[schema(value_type = Option<Object>)]
    pub request: Option<&'a RawValue>,
    /// What may not be as intended: unknown fields in the request, or no data set named although the server
    /// has several.
    pub warnings: Vec<String>,
    /// When the export was submitted.
    #[schema(value_type = Option<&'a str>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// When the export was completed or failed.
    #[schema(value_type = Option<&'a str>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
    /// When the export and its file are removed.
    #[schema(value_type = Option<&'a str>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// The kind of an export.
// `jobs::Kind` does not know OpenAPI, so this enum describes it.
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
// `jobs::MissingReason` does not know OpenAPI, so this struct describes it.
#[allow(dead_code)]
#[derive(ToSchema)]
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
    /// The reason and the count as a sentence.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

/// The status of an archive.
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
pub struct ArchiveStatus<'a> {
    #[serde(flatten)]
    pub status: Status<'a>,
    /// Number of detections to process.
    pub total_detections: Option<u64>,
    /// Number of detections processed.
    pub processed_count: Option<u64>,
    /// Number of detections that are missing from the file, or incomplete in it, once the archive is
    /// completed; its `missing.csv` lists them with reasons.
    pub missing_count: Option<u64>,
    /// Why detections are missing, the most frequent reason first; at most ten reasons, and empty when
    /// nothing is missing.
    #[schema(max_items = 10, value_type = Option<Vec<MissingReason>>)]
    pub missing_reasons: Option<&'a [jobs::MissingReason]>,
    /// Number of pictures that stay on the web; a Camtrap DP package lists their addresses. They do not count
    /// as missing.
    pub remote_pictures: Option<u64>,
    /// Progress in percent, with one decimal; 100 only when the archive is completed.
    #[schema(minimum = 0, maximum = 100)]
    pub progress_percent: f64,
    /// Estimated time of completion, while the archive is processing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub estimated_completion: Option<Timestamp>,
}

impl<'a> AnyStatus<'a> {
    /// What reports and archives have in common.
    pub fn common(&self) -> &Status<'a> {
        match self {
            Self::Archive(archive) => &archive.status,
            Self::Report(report) => report,
        }
    }
}

/// The status of a report or of an archive.
#[derive(Serialize)]
#[serde(untagged)]
pub enum AnyStatus<'a> {
    /// The status of an archive.
    Archive(ArchiveStatus<'a>),
    /// The status of a report.
    Report(Status<'a>),
}

/// `anyOf` and not `oneOf`: the status of an archive has all fields of a report's, so it matches both.
impl PartialSchema for AnyStatus<'_> {
    fn schema() -> RefOr<Schema> {
        let any = AnyOfBuilder::new()
            .item(Ref::from_schema_name(ArchiveStatus::name()))
            .item(Ref::from_schema_name(Status::name()))
            .description(Some("The status of a report or of an archive."));
        Schema::AnyOf(any.build()).into()
    }
}

impl ToSchema for AnyStatus<'_> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ArchiveStatus::name().into(), ArchiveStatus::schema()));
        schemas.push((Status::name().into(), Status::schema()));
        ArchiveStatus::schemas(schemas);
    }
}
