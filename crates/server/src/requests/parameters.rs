//! Parameters of addresses: how handlers get them, and how the description names them.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jobs::{JobState, Kind};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::representation::KindName;

/// The export that an address is about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct JobPath {
    /// Id of the export.
    #[param(example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e")]
    pub job_id: String,
}

/// The picture that an address is about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PicturePath {
    /// Id of the export.
    #[param(example = "705e6036-0e5a-4d3c-9c3c-3f4f7a8f4b1e")]
    pub job_id: String,
    /// Position of the picture in the list, from 0.
    #[param(value_type = u32)]
    pub number: usize,
}

/// The last event that a client of a stream received.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct LastEvent {
    /// Id of the last event that the client received.
    #[param(rename = "Last-Event-ID", value_type = Option<String>)]
    pub last_event_id: Option<u64>,
}

impl<S: Sync> FromRequestParts<S> for LastEvent {
    type Rejection = Infallible;

    /// An id that is not a number is ignored: the client gets the current state.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        Ok(Self { last_event_id: text.and_then(|id| id.trim().parse().ok()) })
    }
}

/// The query of a download.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DownloadQuery {
    /// Show the file in the browser instead of saving it.
    pub inline: Option<String>,
}

/// The parameters of a request for the list.
#[derive(Debug, PartialEq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only exports with this status.
    pub status: Option<ListedStatus>,
    /// Only reports, or only archives.
    #[param(value_type = Option<KindName>)]
    pub kind: Option<Kind>,
    /// Maximum number of exports; 20 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: u32,
    /// The `next_cursor` of an earlier answer.
    pub cursor: Option<u64>,
}

/// A status by which the list can be filtered.
#[derive(Clone, Copy, Debug, PartialEq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ListedStatus {
    Processing,
    Queued,
    Running,
    Completed,
    Failed,
}

impl ListedStatus {
    /// All of them with their names.
    pub const ALL: [(&str, Self); 5] = [
        ("processing", Self::Processing),
        ("queued", Self::Queued),
        ("running", Self::Running),
        ("completed", Self::Completed),
        ("failed", Self::Failed),
    ];

    /// Whether a job in this state has this status.
    pub fn includes(self, state: JobState) -> bool {
        match self {
            Self::Processing => !state.is_final(),
            Self::Queued => state == JobState::Queued,
            Self::Running => state == JobState::Running,
            Self::Completed => state == JobState::Completed,
            Self::Failed => state == JobState::Failed,
        }
    }
}
