//! The rows of one period.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::overlap::Estimator;
use crate::ratios::Method;
use crate::resample::Unit;

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassRow {
    /// Its name in requests.
    pub classification: String,
    /// Its everyday name, where the data set has one.
    pub vernacular_name: Option<String>,
    /// An animal that people keep, such as a dog or cattle.
    pub domestic: bool,
    /// `event` or `media`: the level that most of its records were counted on.
    pub level: String,
    /// Independent events.
    pub events: usize,
    /// Individuals in them.
    pub individuals: u64,
    /// Records: files or visits.
    pub records: usize,
    /// Events in 100 camera-days; `null` without effort.
    pub rai: Option<f64>,
    /// Lower end of its 95% interval over places like these; `null` with fewer than two locations.
    pub rai_low: Option<f64>,
    /// Upper end of its 95% interval.
    pub rai_high: Option<f64>,
    /// Locations with at least one event.
    pub locations: usize,
    /// Share of the surveyed locations with at least one event; `null` without any.
    pub naive_occupancy: Option<f64>,
    /// Lower end of its 95% interval (Wilson); `null` without any surveyed location.
    pub occupancy_low: Option<f64>,
    /// Upper end of its 95% interval.
    pub occupancy_high: Option<f64>,
    /// Mean confidence of its observations; `null` when none has one.
    pub mean_confidence: Option<f64>,
}

/// One day, week or month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BucketRow {
    /// First day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Last day, which is inside.
    #[schemars(with = "String")]
    pub end: Date,
    /// Such as `Sep 2018`.
    pub label: String,
    /// Camera-days; 0 means that nothing could be seen, not that nothing was there.
    pub effort_days: f64,
    /// Events of each class that had any.
    pub events: BTreeMap<String, usize>,
}

/// Whether the months, or weeks, of the period differ in the rate of a class, and which was highest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BucketTest {
    /// The class.
    pub classification: String,
    /// Probability of buckets as different as these, were they all alike: their labels are exchanged
    /// within each location.
    pub p_value: f64,
    /// The same after Holm's correction for all classes tested.
    pub p_adjusted: f64,
    /// Whether the buckets differ, at 5% for all classes together.
    pub differs: bool,
    /// Whether the highest bucket stands out: they differ, and its corrected interval lies above 1.
    pub stands_out: bool,
    /// Label of the bucket with the highest rate; of equals the first.
    pub highest: String,
    /// Its first day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Its last day, which is inside.
    #[schemars(with = "String")]
    pub end: Date,
    /// Independent events in it.
    pub events_highest: usize,
    /// Camera-days in it.
    pub effort_highest: f64,
    /// Its events per 100 camera-days.
    pub rai_highest: f64,
    /// Events per 100 camera-days in the rest of the period; `null` without effort there.
    pub rai_rest: Option<f64>,
    /// The one over the other; `null` when there was none in the rest.
    pub rate_ratio: Option<f64>,
    /// Lower end of its interval, at 95% for any bucket that could have been the highest
    /// (Bonferroni).
    pub low: Option<f64>,
    /// Upper end of its interval; `null` when nothing bounds it.
    pub high: Option<f64>,
}

/// One location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LocationRow {
    /// Its name.
    pub location: String,
    /// Camera-days.
    pub effort_days: f64,
    /// Independent events of all classes.
    pub events: usize,
    /// Events in 100 camera-days.
    pub rai: Option<f64>,
    /// Classes recorded.
    pub classes: usize,
    /// Degrees north (WGS 84), as exact as `coordinates` says; `null` where not known.
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    pub longitude: Option<f64>,
}

/// Activity of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRow {
    /// The class.
    pub classification: String,
    /// Records that the curve is made of; those of one event share its weight.
    pub records: usize,
    /// Independent events with a time of day: what the curve rests on.
    pub events: usize,
    /// Relative activity in each of the 24 hours, with mean 1.
    pub density: Vec<f64>,
    /// The same in each of the 96 quarters of an hour, for drawing.
    pub curve: Vec<f64>,
    /// Hour of the day at which the curve is highest.
    pub peak_hour: f64,
    /// Events that began at night; `null` without coordinates.
    pub night: Option<ShareRow>,
}

/// A share of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShareRow {
    /// Events that are counted.
    pub events: usize,
    /// Of so many.
    pub of: usize,
    /// The one over the other.
    pub share: f64,
    /// Lower end of its 95% interval; `null` with one location.
    pub low: Option<f64>,
    /// Upper end of its 95% interval.
    pub high: Option<f64>,
}

/// When it is night.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NightRow {
    /// For each of the 48 half hours of the day, the share of the camera-days on which the sun was
    /// down at its middle; on the clock that `time_of_day` names.
    pub shares: Vec<f64>,
    /// Mean hour of sunrise on the camera's clock; `null` where the sun never rose or set.
    pub sunrise: Option<f64>,
    /// Mean hour of sunset on the camera's clock.
    pub sunset: Option<f64>,
    /// The cameras' offset from UTC was estimated from their longitude.
    pub clock_estimated: bool,
}

/// How far the activity of two classes overlaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverlapRow {
    /// One class.
    pub a: String,
    /// The other.
    pub b: String,
    /// Independent events of the one.
    pub events_a: usize,
    /// Independent events of the other.
    pub events_b: usize,
    /// How it was estimated.
    pub estimator: Estimator,
    /// From 0, never about at the same hour, to 1, the same curve.
    pub estimate: f64,
    /// Lower end of its 95% interval.
    pub low: f64,
    /// Upper end of its 95% interval.
    pub high: f64,
    /// What was drawn for the interval.
    pub resampled: Unit,
    /// Probability of samples that overlap as little, were both of one curve.
    pub p_value: f64,
    /// The same after Holm's correction for all pairs.
    pub p_adjusted: f64,
    /// Whether the curves differ, at 5% for all pairs together.
    pub differs: bool,
}

/// What a ratio counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Independent events.
    Events,
    /// Animals: the group sizes of events.
    Animals,
}

/// Males, females and young held against each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RatioRow {
    /// Of classes that tell males, females and young apart: `bucks per doe`, `share of does seen with
    /// fawns`, `events with fawns per event of does`, `fawns per doe`. By sex and life stage, and of
    /// classes of other names: `males per female`, `share of females seen with young`, `events with young
    /// per event of females`, `young per female`. A share is of the events with a female those in which
    /// young were seen too. The events with young of the third are of any, whether or not the sex of
    /// their mother was noted.
    pub ratio: String,
    /// The class whose animals they are; `null` where classes themselves tell them apart.
    pub classification: Option<String>,
    /// What is counted.
    pub unit: Counted,
    /// What is above the line, in that unit.
    pub count: u64,
    /// What is below it.
    pub base: u64,
    /// Independent events of the first kind.
    pub events: usize,
    /// Independent events of the second.
    pub base_events: usize,
    /// The one over the other.
    pub estimate: f64,
    /// Lower end of its 95% interval; `null` with fewer than two locations.
    pub low: Option<f64>,
    /// Upper end of its 95% interval; `null` when nothing bounds it.
    pub high: Option<f64>,
    /// How the interval was found; `null` where there is none.
    pub method: Option<Method>,
}

/// Species found against effort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccumulationRow {
    /// Species found.
    pub observed: usize,
    /// Classes that are no species and count for none: coarser names of which a species was found,
    /// and those of which that is not known.
    pub not_counted: Vec<String>,
    /// Camera-days, each a location on a civil day: the sampling units.
    pub units: u32,
    /// Expected number of species against camera-days, from few to all.
    pub curve: Vec<AccumulationPoint>,
    /// Chao2: at least so many species there are.
    pub chao2: f64,
    /// Lower end of its 95% interval.
    pub chao2_low: f64,
    /// Upper end of its 95% interval.
    pub chao2_high: f64,
    /// Species on one camera-day only.
    pub uniques: u32,
    /// Species on two camera-days.
    pub duplicates: u32,
}

/// A point of the accumulation curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccumulationPoint {
    /// Camera-days.
    pub camera_days: u32,
    /// Species expected in them.
    pub classes: f64,
    /// Lower end of the 95% interval.
    pub low: f64,
    /// Upper end of the 95% interval.
    pub high: f64,
}
