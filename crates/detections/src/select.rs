//! Selecting detections for an archive.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::LocalTime;
use crate::model::Dataset;
use crate::names::UnknownNamesError;
use crate::observations::{Level, Observation, ObservationType, Review};

/// Detections that fit all of these conditions.
///
/// The default selects all of them. A detection is an observation of an animal on one media
/// file with a bounding box. People who set up a
/// camera are not included, whatever the data call them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = Filter, description = "Detections that fit all of these conditions.")]
pub struct Selection {
    /// First day, in local time of the cameras.
    #[serde(rename = "start_date", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub start: Option<Date>,
    /// Last day (inclusive).
    #[serde(rename = "end_date", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub end: Option<Date>,
    /// Only these species, by scientific or common name; all of them when it is empty or missing.
    #[serde(rename = "classifications", skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Only these locations, by name or id; all of them when it is empty or missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// Only detections of at least this confidence, and those that people made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1)]
    pub min_confidence: Option<f32>,
    /// People and vehicles too.
    #[serde(skip)]
    pub humans: bool,
    /// Observations of a file without a bounding box too.
    #[serde(skip)]
    pub without_box: bool,
}

impl Dataset {
    /// The rows of the selected detections, in the order of the table.
    pub fn select(&self, selection: &Selection) -> Result<Vec<u32>, UnknownNamesError> {
        let classes = self.find_classes(&selection.classes)?;
        let locations = self.find_locations(&selection.locations)?;
        let from = selection.start.map(LocalTime::start_of);
        let until = selection.end.map(|end| LocalTime::start_of(end).plus_days(1));
        let wanted = |o: &Observation<'_>| {
            let location = self.deployments[o.deployment as usize].location;
            (if o.has_people() { selection.humans } else { o.kind == ObservationType::Animal })
                && (o.level == Level::Media || selection.without_box)
                && o.review != Review::Replaced
                && (o.bbox.is_some() || selection.without_box)
                && (classes.is_empty() || o.class.is_some_and(|class| classes.contains(&class)))
                && (locations.is_empty() || locations.contains(&location))
                && from.is_none_or(|from| o.time.is_some_and(|time| time >= from))
                && until.is_none_or(|until| o.time.is_some_and(|time| time < until))
                && selection.min_confidence.is_none_or(|least| o.confidence.is_none_or(|c| c >= least))
        };
        Ok((0..).zip(self.observations.iter()).filter(|(_, o)| wanted(o)).map(|(row, _)| row).collect())
    }
}
