//! What the minutes of independence are counted from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From what the time between two events is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SinceName)]
pub enum IndependenceSince {
    /// The record before: an event lasts as long as records follow each other
    /// (`deltaTimeComparedTo = "lastRecord"`).
    #[default]
    LastRecord,
    /// The record that started the event, so that none lasts longer than the minutes
    /// (`"lastIndependentRecord"`).
    LastEvent,
}
