//! The bodies of answers, for JSON and for the OpenAPI description.

mod data;

use serde::Serialize;
use utoipa::ToSchema;

use serde_json::value::RawValue;

use crate::representation::{AnyStatus, StatusName};

pub use data::{ClassAnswer, DatasetAnswer, DatasetsAnswer, SummaryAnswer};

/// An export was accepted.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "job_id": "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e",
    "status": "processing",
    "message": "PDF report export has been queued",
    "estimated_completion": "2025-11-13T04:00:02Z"
})))]
pub struct SubmittedAnswer {
    /// Id of the export; the header `Location` has the address of its status.
    pub job_id: String,
    /// `processing`, unless this is a repeated request whose export has ended already.
    pub status: StatusName,
    /// A message for people.
    pub message: &'static str,
    /// Estimated time of completion.
    #[schema(format = DateTime)]
    pub estimated_completion: String,
    /// Number of detections that the archive processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_detections: Option<u64>,
    /// What may not be as intended: unknown fields, or no data set named although the server has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// An event of a stream.
#[derive(ToSchema)]
// `events` writes them; this struct describes them.
#[allow(dead_code)]
pub struct ServerSentEvent {
    /// `status`: the status of an export; `exports`: the newest exports; `gone`: an export that was deleted
    /// or has expired.
    pub event: String,
    /// The id that a client sends as `Last-Event-ID` when it reconnects.
    pub id: String,
    /// JSON.
    pub data: String,
}

/// Exports, newest first.
#[derive(Serialize, ToSchema)]
pub struct Listing {
    /// The exports of this page.
    #[schema(value_type = Vec<AnyStatus>)]
    pub exports: Vec<Box<RawValue>>,
    /// The `cursor` of the next page, if there may be one.
    pub next_cursor: Option<String>,
}

/// Pictures of an archive, in the order of the archive.
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
    /// Name in the archive.
    pub name: String,
    /// Address of the picture.
    pub url: String,
}

/// The process is alive.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"status": "ok"})))]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// Exports can be accepted and files can be written.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "status": "degraded",
    "problems": ["Exports are waiting and no worker is running: start trapline worker, or trapline serve with --workers"]
})))]
pub struct Readiness {
    /// `ready`, or `degraded` when there are problems.
    pub status: &'static str,
    /// Problems that an operator should look at, for people.
    pub problems: Vec<String>,
}
