//! The outline of a database, as it was read last.

use std::sync::Arc;

use tokio::time::Instant;

use super::sql::Types;
use crate::model::Dataset;

/// The outline of a database, as it was read last.
#[derive(Debug)]
pub(super) struct CachedOutline {
    pub at: Instant,
    pub types: Types,
    /// The locations with their spans, and the classes, without observations.
    pub outline: Arc<Dataset>,
    /// The number of detections of each class.
    pub class_counts: Vec<(String, u64)>,
}
