//! What the measures of one period are computed from, gathered once.

use detections::{Dataset, Group, LocalTime};
use tokio_util::sync::CancellationToken;

use crate::base::SurveyBase;
use crate::data::ExcludedCounts;
use crate::effort::{Span, WatchedTimes};
use crate::events::{Event, Independence, find_events};
use crate::intervals::LocationSample;
use crate::period::{GroupBy, Period};
use crate::records::{Record, Records};
use crate::request::{Cameras, Request};

/// The visits of all days of a data set, of the requested classes; every period is cut from them.
pub(crate) struct Visits<'a> {
    pub data: &'a Dataset,
    pub request: &'a Request,
    pub base: &'a SurveyBase,
    /// Whether the animals of each class are males, females or young, by its number.
    pub groups: Vec<Option<Group>>,
    pub found: Records,
    pub events: Vec<Event>,
    pub watched: WatchedTimes,
    /// The same for deployments whose clock is not known to be wrong.
    pub watched_on_time: WatchedTimes,
    /// Asked for each class.
    pub cancellation: &'a CancellationToken,
}

impl<'a> Visits<'a> {
    /// `is_counted` says for each class, by its number, whether it was requested.
    pub fn new(
        data: &'a Dataset,
        request: &'a Request,
        base: &'a SurveyBase,
        is_counted: &[bool],
        cancellation: &'a CancellationToken,
    ) -> Self {
        let groups: Vec<Option<Group>> =
            data.classes.iter().map(|class| data.groups.group_of(&class.name)).collect();
        let found = Records::collect(data, base, &groups, is_counted, request.cameras);
        let events = find_events(&found.records, base, independence_of(request));
        let watched_by = |is_counted: &dyn Fn(usize) -> bool| {
            WatchedTimes::new(&base.spans, &base.locations, request.cameras, is_counted)
        };
        let has_clock = |row: usize| !data.deployments[row].has_timestamp_issues;
        let (watched, watched_on_time) = (watched_by(&|_| true), watched_by(&has_clock));
        Self { data, request, base, groups, found, events, watched, watched_on_time, cancellation }
    }

    /// The records of an event.
    pub fn records_of(&self, event: &Event) -> &[Record] {
        &self.found.records[event.records.start as usize..event.records.end as usize]
    }

    /// Whether the times of day of a deployment can be used: its source does not say that the clock was wrong.
    pub fn has_clock(&self, deployment: u32) -> bool {
        !self.data.deployments[deployment as usize].has_timestamp_issues
    }

    /// Whether cameras at one location count separately.
    pub fn has_independent_cameras(&self) -> bool {
        self.request.cameras == Cameras::Independent
    }
}

/// When a record is an event of its own.
pub(crate) fn independence_of(request: &Request) -> Independence {
    Independence {
        minutes: request.independence_minutes,
        since: request.independence_since,
        cameras: request.cameras,
    }
}

/// The events and effort of one period.
pub(crate) struct Survey<'a> {
    pub visits: &'a Visits<'a>,
    pub period: Period,
    /// Events that begin in the period, at locations with effort in it.
    pub events: Vec<Event>,
    pub excluded: ExcludedCounts,
    pub buckets: Vec<Period>,
    /// First moment after each bucket.
    pub bucket_ends: Vec<LocalTime>,
    /// Camera-days of each deployment inside the period.
    pub effort: Vec<f64>,
    /// Locations with effort in the period, in the order of their keys: the units of all intervals and
    /// tests.
    pub locations: Vec<u32>,
    /// Camera-days of each location of the data set inside the period.
    pub effort_by_location: Vec<f64>,
}

impl<'a> Survey<'a> {
    pub fn new(visits: &'a Visits<'a>, period: Period) -> Self {
        let effort_by_location = visits.watched.days_in(period);
        let mut excluded = visits.found.excluded_from(period);
        let mut events = Vec::new();
        let span = period.start_time()..period.end_time();
        for event in &visits.events {
            let rows = || visits.records_of(event).iter().map(|record| u64::from(record.rows)).sum::<u64>();
            if !span.contains(&event.time) {
                excluded.outside_period += rows();
            } else if effort_by_location[event.location as usize] > 0.0 {
                events.push(event.clone());
            } else {
                excluded.no_effort += rows();
            }
        }
        let days = |span: &Option<Span>| span.map_or(0.0, |span| span.days_in(period));
        let buckets = period.buckets(visits.request.group_by);
        let surveyed = (0..).zip(&effort_by_location).filter(|(_, days)| **days > 0.0);
        let mut locations: Vec<u32> = surveyed.map(|(location, _)| location).collect();
        locations.sort_unstable_by_key(|location| visits.base.location_ranks[*location as usize]);
        Self {
            visits,
            period,
            events,
            excluded,
            bucket_ends: buckets.iter().map(|bucket| bucket.end_time()).collect(),
            buckets,
            effort: visits.base.spans.iter().map(days).collect(),
            locations,
            effort_by_location,
        }
    }

    pub fn data(&self) -> &'a Dataset {
        self.visits.data
    }

    pub fn request(&self) -> &'a Request {
        self.visits.request
    }

    /// Camera-days of all locations.
    pub fn effort_days(&self) -> f64 {
        self.effort_by_location.iter().sum()
    }

    /// Deployments with effort in the period.
    pub fn deployments_active(&self) -> usize {
        self.effort.iter().filter(|days| **days > 0.0).count()
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

    /// Events and effort of each location with effort in the whole period.
    pub fn samples(&self, class: u32) -> Vec<LocationSample> {
        self.samples_at(&self.locations, &self.count_events(class))
    }

    /// Events of a class at each location of the data set.
    pub fn count_events(&self, class: u32) -> Vec<f64> {
        let mut events = vec![0.0; self.effort_by_location.len()];
        for event in self.events_of(class) {
            events[event.location as usize] += 1.0;
        }
        events
    }

    /// Effort of some locations, with counts that are of each location of the data set.
    pub fn samples_at(&self, locations: &[u32], counts: &[f64]) -> Vec<LocationSample> {
        let effort = &self.effort_by_location;
        let sample = |at: &u32| LocationSample { events: counts[*at as usize], effort: effort[*at as usize] };
        locations.iter().map(sample).collect()
    }

    /// The effort of buckets: those shorter than a month leave out deployments with a wrong clock.
    pub fn watched_in_buckets(&self) -> &WatchedTimes {
        match self.request().group_by {
            GroupBy::Month => &self.visits.watched,
            GroupBy::Day | GroupBy::Week => &self.visits.watched_on_time,
        }
    }

    /// Whether an event counts in its bucket.
    pub fn is_in_buckets(&self, event: &Event) -> bool {
        self.request().group_by == GroupBy::Month || self.visits.has_clock(event.deployment)
    }
}
