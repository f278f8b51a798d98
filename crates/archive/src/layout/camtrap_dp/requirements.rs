//! The requirements of the standard for an observation.

use detections::{Dataset, Level, Observation};

use super::super::times::find_offset;
use crate::missing::Missing;

/// Checks that the standard can hold an observation: it requires times with an offset, and coordinates.
pub(crate) fn check_observation(data: &Dataset, observation: &Observation<'_>) -> Result<(), Missing> {
    let deployment = &data.deployments[observation.deployment as usize];
    let of_file = observation.media.filter(|_| observation.level == Level::Media);
    let time = match of_file {
        Some(media) => data.media.time(media),
        None => observation.time.map(|time| (time, observation.offset)),
    };
    let (time, offset) = time.ok_or(Missing::NoTime)?;
    if offset.or_else(|| find_offset(&deployment.clock, time)).is_none() {
        return Err(Missing::NoTimeZone);
    }
    match (deployment.latitude, deployment.longitude) {
        (Some(_), Some(_)) => Ok(()),
        _ => Err(Missing::NoCoordinates),
    }
}
