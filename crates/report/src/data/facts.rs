//! Facts that only sentences state: what was requested, how observations were counted, and how much data a
//! statement needs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The clock that times of day are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// The requested time zone.
    TimeZone,
    /// The offset from UTC that the start of each deployment was written with.
    DeploymentOffset,
    /// The camera's, as written.
    AsWritten,
}

/// Where the beginning and end of deployments come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffortSource {
    /// The data set lists deployments.
    Deployments,
    /// The first and the last picture of each folder.
    FolderRecords,
    /// The first and the last picture of each location of a database.
    LocationRecords,
}

/// What `methods` state that stands in no other field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MethodFacts {
    /// The clock that times of day are on.
    pub clock: ClockSource,
    /// Where the beginning and end of deployments come from.
    pub effort_source: EffortSource,
    /// Deployments with effort whose visits were counted.
    pub event_level_deployments: usize,
    /// Deployments with effort whose files were counted.
    pub media_level_deployments: usize,
    /// Detections that the database says not to count, by its reason.
    pub marked_in_database: BTreeMap<String, u64>,
    /// Records without a sunrise on their day, which `activity` in solar time leaves out.
    pub without_sunrise: usize,
    /// The same of the activity of `periods`.
    pub periods_without_sunrise: usize,
    /// Deployments with effort whose coordinates are not known, where others' are.
    pub without_coordinates: usize,
}

/// How much data a statement needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementLimits {
    /// Events for a sentence about a class, and for a curve of its activity on a page.
    pub statement_events: usize,
    /// Events on each side for an overlap of activity on a page.
    pub overlap_events: usize,
    /// Events in two periods together for a test of their rates.
    pub test_events: usize,
    /// Locations with effort in each of two periods for a test.
    pub test_locations: usize,
    /// Locations at which a class has to be for a test.
    pub test_occupied: usize,
}
