//! The folders of cameras: each becomes a deployment that spans its first to last picture.

use std::collections::HashMap;

use super::metadata::ImageCoordinates;
use crate::builder::Builder;
use crate::clock::{LocalTime, WrittenTime, whole_days};
use crate::location_builder::LocationKeys;
use crate::model::Deployment;

/// The location of a camera, under the name of the camera.
fn name_location(name: &str, coordinates: Option<ImageCoordinates>) -> LocationKeys<'_> {
    LocationKeys { id: name, name, deployment: name, coordinates }
}

/// The cameras that were read so far.
#[derive(Debug, Default)]
pub(super) struct CameraFolders {
    /// Deployments by the name of their camera.
    by_place: HashMap<String, u32>,
    /// Times of the first and last picture of each deployment.
    spans: Vec<Option<(LocalTime, LocalTime)>>,
}

impl CameraFolders {
    /// Finds the deployment of a camera, or adds it. Its clock comes from the first picture, and its
    /// coordinates from the first picture that has any.
    pub fn find_or_add_deployment(
        &mut self,
        builder: &mut Builder,
        camera: String,
        time: Option<WrittenTime>,
        place: Option<ImageCoordinates>,
    ) -> u32 {
        let name = if camera.is_empty() { "all pictures".to_owned() } else { camera };
        let (latitude, longitude) = place.unzip();
        let next = u32::try_from(builder.deployments.len()).expect("fewer than 2^32 folders");
        let number = *self.by_place.entry(name.clone()).or_insert(next);
        if number == next {
            let location = builder.locations.find_or_add(name_location(&name, place));
            let clock = builder.choose_clock(time);
            builder.deployments.push(Deployment {
                id: name.clone(),
                location,
                latitude,
                longitude,
                clock,
                ..Deployment::default()
            });
            self.spans.push(None);
        }
        let deployment = &mut builder.deployments[number as usize];
        if deployment.latitude.is_none() && latitude.is_some() {
            (deployment.latitude, deployment.longitude) = (latitude, longitude);
            builder.locations.find_or_add(name_location(&name, place));
        }
        number
    }

    /// Extends the span of a deployment by the time of a picture.
    pub fn extend_span(&mut self, deployment: u32, time: LocalTime) {
        let (first, last) = self.spans[deployment as usize].get_or_insert((time, time));
        (*first, *last) = ((*first).min(time), (*last).max(time));
    }

    /// Sets the start and end of all deployments to whole days, since the hour at which a camera was set
    /// up is not known.
    pub fn set_spans(&self, deployments: &mut [Deployment]) {
        for (deployment, span) in deployments.iter_mut().zip(&self.spans) {
            (deployment.start, deployment.end) = span.map(|(first, last)| whole_days(first, last)).unzip();
        }
    }
}
