//! Picking the detections that an archive is made of.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::clock::LocalTime;
use crate::model::Dataset;
use crate::names::UnknownNames;
use crate::observations::{Level, Observation, ObservationType, Review};

/// Which detections are wanted. The default wants all of them.
///
/// A detection is an observation of an animal, on one media file, with a bounding box. People who set up a
/// camera are none, whatever the data call them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// First day, on the camera's clock.
    pub start: Option<Date>,
    /// Last day, which is inside.
    pub end: Option<Date>,
    /// Names of classes, as people may type them; empty for all.
    pub classes: Vec<String>,
    /// Names or ids of locations; empty for all.
    pub locations: Vec<String>,
    /// Smallest confidence, 0 to 1. A detection without one is not below it: a person made it.
    pub min_confidence: Option<f32>,
    /// People and vehicles too.
    pub humans: bool,
    /// Observations of a file without a bounding box too.
    pub without_box: bool,
}

impl Dataset {
    /// Rows of the detections that `selection` wants, in the order of the table.
    pub fn select(&self, selection: &Selection) -> Result<Vec<u32>, UnknownNames> {
        let classes = self.classes_named(&selection.classes)?;
        let locations = self.locations_named(&selection.locations)?;
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
