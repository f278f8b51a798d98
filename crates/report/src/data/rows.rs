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
    /// A domestic animal, such as a dog or cattle.
    pub domestic: bool,
    /// `event` or `media`: the level that most of its records were counted on.
    pub level: String,
    /// Independent events.
    pub events: usize,
    /// Individuals in them.
    pub individuals: u64,
    /// Records: files or visits.
    pub records: usize,
    /// Events per 100 camera-days; `null` without effort.
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
    /// Last day (inclusive).
    #[schemars(with = "String")]
    pub end: Date,
    /// Such as `Sep 2018`.
    pub label: String,
    /// Camera-days; with 0 the events are unknown, not zero.
    pub effort_days: f64,
    /// Events of each class that had any.
    pub events: BTreeMap<String, usize>,
}

/// Whether the months, or weeks, of the period differ in the rate of a class, and which was highest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BucketTest {
    /// The class.
    pub classification: String,
    /// Probability of buckets as different as these if all were alike: their labels are exchanged within
    /// each location.
    pub p_value: f64,
    /// The same after Holm's correction for all classes tested.
    pub p_adjusted: f64,
    /// Whether the buckets differ, at 5% for all classes together.
    pub differs: bool,
    /// Whether the highest bucket stands out: they differ, and its corrected interval lies above 1.
    pub stands_out: bool,
    /// Label of the bucket with the highest rate; the first of equals.
    pub highest: String,
    /// Its first day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Its last day (inclusive).
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
    /// The highest rate over that of the rest; `null` without events in the rest.
    pub rate_ratio: Option<f64>,
    /// Lower end of its 95% interval, corrected for the choice of the highest bucket (Bonferroni).
    pub low: Option<f64>,
    /// Upper end of its interval; `null` where it is open.
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
    /// Events per 100 camera-days.
    pub rai: Option<f64>,
    /// Classes recorded.
    pub classes: usize,
    /// Degrees north (WGS 84), with the precision of `coordinates`; `null` where not known.
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    pub longitude: Option<f64>,
}

/// Activity of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRow {
    /// The class.
    pub classification: String,
    /// Records behind the curve; those of one event share its weight.
    pub records: usize,
    /// Independent events with a time of day.
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
    /// Events that have the property.
    pub events: usize,
    /// All events.
    pub of: usize,
    /// The share of the first among all.
    pub share: f64,
    /// Lower end of its 95% interval; `null` with one location.
    pub low: Option<f64>,
    /// Upper end of its 95% interval.
    pub high: Option<f64>,
}

/// Night, sunrise and sunset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NightRow {
    /// For each of the 48 half hours of the day, the share of camera-days on which it was night in its
    /// middle, on the clock of `time_of_day`.
    pub shares: Vec<f64>,
    /// Mean hour of sunrise on the camera's clock; `null` where the sun never rose or set.
    pub sunrise: Option<f64>,
    /// Mean hour of sunset on the camera's clock.
    pub sunset: Option<f64>,
    /// The cameras' offset from UTC was estimated from their longitude.
    pub clock_estimated: bool,
}

/// The overlap of the activity of two classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverlapRow {
    /// The first class.
    pub a: String,
    /// The second class.
    pub b: String,
    /// Independent events of `a`.
    pub events_a: usize,
    /// Independent events of `b`.
    pub events_b: usize,
    /// How far the curves overlap.
    #[serde(flatten)]
    pub test: OverlapTest,
}

/// The overlap of two curves of activity, and whether they differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverlapTest {
    /// The estimator.
    pub estimator: Estimator,
    /// From 0 (never active at the same hour) to 1 (the same curve).
    pub estimate: f64,
    /// Lower end of its 95% interval.
    pub low: f64,
    /// Upper end of its 95% interval.
    pub high: f64,
    /// What was resampled for the interval.
    pub resampled: Unit,
    /// Probability of samples that overlap this little if both had the same curve.
    pub p_value: f64,
    /// The same after Holm's correction for all rows.
    pub p_adjusted: f64,
    /// Whether the curves differ, at 5% for all rows together.
    pub differs: bool,
}

/// What a ratio counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountUnit {
    /// Independent events.
    Events,
    /// Animals: the group sizes of events.
    Animals,
}

/// A ratio of males, females or young.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RatioRow {
    /// Of classes that tell males, females and young apart: `bucks per doe`, `share of does seen with
    /// fawns`, `events with fawns per event of does`, `fawns per doe`. By sex and life stage, and of
    /// classes of other names: `males per female`, `share of females seen with young`, `events with young
    /// per event of females`, `young per female`. A share is of the events with a female those in which
    /// young were seen too. The events with young of the third are of any, whether or not the sex of
    /// their mother was noted.
    pub ratio: String,
    /// The class; `null` where classes themselves tell males, females and young apart.
    pub classification: Option<String>,
    /// What is counted.
    pub unit: CountUnit,
    /// The numerator, in that unit.
    pub count: u64,
    /// The denominator.
    pub base: u64,
    /// Independent events in the numerator.
    pub events: usize,
    /// Independent events in the denominator.
    pub base_events: usize,
    /// The ratio.
    pub estimate: f64,
    /// Lower end of its 95% interval; `null` with fewer than two locations.
    pub low: Option<f64>,
    /// Upper end of its 95% interval; `null` where it is open.
    pub high: Option<f64>,
    /// How the interval was found; `null` without one.
    pub method: Option<Method>,
}

/// Species accumulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccumulationRow {
    /// Species found.
    pub observed: usize,
    /// Classes that do not count as a species: coarser names within which a species was found, and names
    /// for which that is not known.
    pub not_counted: Vec<String>,
    /// Camera-days, each a location on a civil day: the sampling units.
    pub units: u32,
    /// Expected number of species against camera-days, from few to all.
    pub curve: Vec<AccumulationPoint>,
    /// Chao2, a lower bound of the number of species.
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
