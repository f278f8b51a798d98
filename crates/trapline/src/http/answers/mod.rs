//! What is answered, as it goes over the wire and into the description of the interface.

mod data;
mod status;

use serde::Serialize;
use utoipa::ToSchema;

pub use data::{ClassAnswer, DatasetAnswer, DatasetsAnswer, SummaryAnswer};
pub use status::{AnyStatus, ArchiveStatus, KindName, MissingReason, Status, StatusName};

/// A job was taken.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "job_id": "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e",
    "status": "processing",
    "message": "PDF report export has been queued",
    "estimated_completion": "2025-11-13T04:00:02Z"
})))]
pub struct SubmittedAnswer {
    /// The job; its status is at the address in the header `Location`.
    pub job_id: String,
    /// `processing`, unless the same request was sent before and its job has ended.
    #[schema(value_type = StatusName)]
    pub status: &'static str,
    /// What happened, for people.
    pub message: &'static str,
    /// When the file is probably there.
    #[schema(format = DateTime)]
    pub estimated_completion: String,
    /// How many detections an archive goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_detections: Option<u64>,
}

/// What a stream of events tells, one after the other.
#[derive(ToSchema)]
// `events` writes them.
#[allow(dead_code)]
pub struct ServerSentEvent {
    /// `status`, the status of a job; `exports`, the newest of all; or `gone`, a job that was deleted
    /// or has expired.
    pub event: String,
    /// What a client that comes back sends as `Last-Event-ID`.
    pub id: String,
    /// JSON.
    pub data: String,
}

/// Jobs, newest first.
#[derive(Serialize, ToSchema)]
pub struct Listing {
    /// As many as were asked for, or the last.
    #[schema(value_type = Vec<AnyStatus>)]
    pub exports: Vec<serde_json::Value>,
    /// The `cursor` of the next part, when there may be more.
    pub next_cursor: Option<String>,
}

/// Pictures of an archive, in its order.
#[derive(Serialize, ToSchema)]
pub struct Pictures {
    pub pictures: Vec<Picture>,
}

/// A picture of an archive.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "name": "crops/Ardea cinerea/0a1b2c3d.jpg",
    "url": "/api/exports/zip/4f3f1c9e-5d0c-4f52-8a5a-0c8f0c7b7a11/pictures/0"
})))]
pub struct Picture {
    /// Its name in the archive.
    pub name: String,
    /// Where it can be had.
    pub url: String,
}

/// The process is well.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"status": "ok"})))]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// Exports can be taken and files can be written.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "status": "degraded",
    "problems": ["Exports wait and no worker is running: start trapline worker, or trapline serve with --workers"]
})))]
pub struct Readiness {
    /// `ready`, or `degraded` when there are problems.
    pub status: &'static str,
    /// What an operator has to look at, for people.
    pub problems: Vec<String>,
}
