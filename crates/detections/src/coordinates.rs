//! How precisely coordinates are shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How places are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlacesName)]
pub enum Coordinates {
    /// To a tenth of a degree, about 11 km, which does not reveal a den or a nest.
    #[default]
    Rounded,
    /// As in the data.
    Exact,
}
