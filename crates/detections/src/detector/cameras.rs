//! Cameras: each is one deployment, from the first to the last of its pictures.

use std::collections::HashMap;

use super::metadata::Place;
use crate::builder::Builder;
use crate::clock::{LocalTime, Written, whole_days};
use crate::location_builder;
use crate::model::Deployment;

/// A location that is called as its camera is.
fn named(name: &str, coordinates: Option<Place>) -> location_builder::Place<'_> {
    location_builder::Place { id: name, name, deployment: name, coordinates }
}

/// The cameras of results so far.
#[derive(Debug, Default)]
pub(super) struct Cameras {
    /// Deployments by the place of their camera.
    by_place: HashMap<String, u32>,
    /// First and last picture of each deployment.
    spans: Vec<Option<(LocalTime, LocalTime)>>,
}

impl Cameras {
    /// The deployment of the camera at a place, which is new when no earlier picture is of it. Its clock is
    /// that of the first picture, its coordinates those of the first that has any.
    pub fn deployment_of(
        &mut self,
        builder: &mut Builder,
        camera: String,
        time: Option<Written>,
        place: Option<Place>,
    ) -> u32 {
        let name = if camera.is_empty() { "all pictures".to_owned() } else { camera };
        let (latitude, longitude) = place.unzip();
        let next = u32::try_from(builder.deployments.len()).expect("fewer than 2^32 folders");
        let number = *self.by_place.entry(name.clone()).or_insert(next);
        if number == next {
            let location = builder.locations.place(named(&name, place));
            let clock = builder.clock(time);
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
            builder.locations.place(named(&name, place));
        }
        number
    }

    /// Takes the time of a picture into account.
    pub fn extend_span(&mut self, deployment: u32, time: LocalTime) {
        let (first, last) = self.spans[deployment as usize].get_or_insert((time, time));
        (*first, *last) = ((*first).min(time), (*last).max(time));
    }

    /// Sets the start and end of all deployments: whole days, since nobody knows when on the first of them
    /// the camera was set up.
    pub fn set_spans(&self, deployments: &mut [Deployment]) {
        for (deployment, span) in deployments.iter_mut().zip(&self.spans) {
            (deployment.start, deployment.end) = span.map(|(first, last)| whole_days(first, last)).unzip();
        }
    }
}
