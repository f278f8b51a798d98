//! The periods of a comparison, and what came of holding them against each other.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ActivityRow, BucketRow, ClassRow, Excluded};
use crate::overlap::Estimator;
use crate::ratios::Method;

/// One of the periods of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedPeriod {
    /// What it is called.
    pub label: String,
    /// First day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Last day, which is inside.
    #[schemars(with = "String")]
    pub end: Date,
    /// Both in words.
    pub words: String,
    /// Days in it.
    pub days: i64,
    /// Labels of other periods with days in common.
    pub overlapping: Vec<String>,
    /// Camera-days.
    pub effort_days: f64,
    /// Locations with effort.
    pub locations_surveyed: usize,
    /// Deployments with effort.
    pub deployments_active: usize,
    /// Independent events.
    pub events: usize,
    /// Individuals in them.
    pub individuals: u64,
    /// A row for each class that was recorded in it, in the order of the whole report.
    pub classes: Vec<ClassRow>,
    /// Its days, weeks or months.
    pub buckets: Vec<BucketRow>,
    /// Activity by hour of its classes.
    pub activity: Vec<ActivityRow>,
    /// Observations left out, by reason.
    pub excluded: Excluded,
}

/// The rates of one class in two periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonRow {
    /// The class.
    pub classification: String,
    /// Label of the one period.
    pub a: String,
    /// Label of the other.
    pub b: String,
    /// Independent events in the one.
    pub events_a: usize,
    /// Independent events in the other.
    pub events_b: usize,
    /// Events in 100 camera-days in the one.
    pub rai_a: f64,
    /// Events in 100 camera-days in the other.
    pub rai_b: f64,
    /// The rate in `b` over the rate in `a`; `null` when there is none in `a`.
    pub rate_ratio: Option<f64>,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval; `null` when nothing bounds it.
    pub high: Option<f64>,
    /// Lower end of its interval after correction for all comparisons.
    pub corrected_low: f64,
    /// Upper end of its interval after correction; `null` when nothing bounds it.
    pub corrected_high: Option<f64>,
    /// Holm's p-value; `null` for a class with too few events to be compared.
    pub p_value: Option<f64>,
    /// Whether it is a difference, at 5 % for all comparisons together.
    pub differs: bool,
    /// How the interval was found.
    pub method: Method,
}

/// How far the activity of a class in one period overlaps that in another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodOverlapRow {
    /// The class.
    pub classification: String,
    /// Label of the one period.
    pub a: String,
    /// Label of the other.
    pub b: String,
    /// Records in the one.
    pub records_a: usize,
    /// Records in the other.
    pub records_b: usize,
    /// How it was estimated.
    pub estimator: Estimator,
    /// From 0, never about at the same hour, to 1, the same curve.
    pub estimate: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
}
