//! What the measures of one period are computed from, gathered once.

use std::collections::BTreeMap;

use detections::Dataset;

use crate::bootstrap::Bootstrap;
use crate::effort::Span;
use crate::events::Event;
use crate::intervals::Sample;
use crate::period::{Bucket, Period};
use crate::records::{self, Ground, Records};
use crate::request::Request;

/// Resamples behind the intervals of rates. Enough that the ends of a corrected interval rest on
/// several.
const RESAMPLES: usize = 2000;

/// The records, events and effort of one period.
pub(crate) struct Survey<'a> {
    pub data: &'a Dataset,
    pub request: &'a Request,
    pub ground: &'a Ground,
    /// Numbers of the classes asked for; empty for all.
    pub wanted: &'a [u32],
    pub period: Period,
    pub found: Records,
    pub events: Vec<Event>,
    pub buckets: Vec<Bucket>,
    /// Camera-days of each deployment inside the period.
    pub effort: Vec<f64>,
    /// Of the deployments at work, in their order.
    pub bootstrap: Bootstrap,
    /// Whether anybody still waits, asked for each class of thousands.
    pub stop: &'a dyn Fn() -> bool,
}

impl<'a> Survey<'a> {
    pub fn new(
        data: &'a Dataset,
        request: &'a Request,
        ground: &'a Ground,
        wanted: &'a [u32],
        period: Period,
        stop: &'a dyn Fn() -> bool,
    ) -> Self {
        let found = records::collect(data, ground, period, wanted);
        let events = request.independent(&found.records, data);
        let effort = days_in(&ground.spans, period);
        let at_work = effort.iter().filter(|days| **days > 0.0).count();
        Self {
            data,
            request,
            ground,
            wanted,
            period,
            found,
            events,
            buckets: period.buckets(request.group_by),
            effort,
            bootstrap: Bootstrap::new(&vec![0; at_work], RESAMPLES),
            stop,
        }
    }

    pub fn effort_days(&self) -> f64 {
        self.effort.iter().sum()
    }

    /// Deployments with effort in the period.
    pub fn deployments_active(&self) -> usize {
        self.bootstrap.units()
    }

    pub fn individuals(&self) -> u64 {
        self.events.iter().map(|event| u64::from(event.group_size)).sum()
    }

    /// Events of a class, which are in order of location and time.
    pub fn events_of(&self, class: u32) -> &[Event] {
        let from = self.events.partition_point(|event| event.class < class);
        let until = self.events.partition_point(|event| event.class <= class);
        &self.events[from..until]
    }

    /// Events and effort of each deployment, of the class and the time asked for.
    pub fn samples(&self, class: u32, period: Period) -> Vec<Sample> {
        let mut samples: Vec<Sample> = days_in(&self.ground.spans, period)
            .into_iter()
            .map(|effort| Sample { events: 0.0, effort })
            .collect();
        let span = period.from()..period.until();
        for event in self.events_of(class).iter().filter(|event| span.contains(&event.time)) {
            samples[event.deployment as usize].events += 1.0;
        }
        samples
    }

    /// Deployments that worked in the period: the ones that a bootstrap may draw.
    pub fn at_work<T: Copy>(&self, samples: &[T]) -> Vec<T> {
        samples.iter().zip(&self.effort).filter(|(_, days)| **days > 0.0).map(|(sample, _)| *sample).collect()
    }

    /// Locations with effort in the period, with their camera-days.
    pub fn surveyed(&self) -> BTreeMap<u32, f64> {
        let mut effort = BTreeMap::new();
        for (deployment, days) in self.data.deployments.iter().zip(&self.effort) {
            if *days > 0.0 {
                *effort.entry(deployment.location).or_default() += days;
            }
        }
        effort
    }
}

/// Camera-days of each deployment in a period.
pub(crate) fn days_in(spans: &[Option<Span>], period: Period) -> Vec<f64> {
    spans.iter().map(|span| span.map_or(0.0, |span| span.days_in(period))).collect()
}
