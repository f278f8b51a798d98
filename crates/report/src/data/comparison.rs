//! The periods of a comparison, and its results.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ActivityRow, BucketRow, ClassRow, ExcludedCounts, OverlapTest};
use crate::ratios::Method;

/// One of the periods of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedPeriod {
    /// Its label.
    pub label: String,
    /// First day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Last day (inclusive).
    #[schemars(with = "String")]
    pub end: Date,
    /// Both days in words.
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
    /// A row for each class recorded in it, in the order of the whole report.
    pub classes: Vec<ClassRow>,
    /// Its days, weeks or months.
    pub buckets: Vec<BucketRow>,
    /// Activity by hour of its classes.
    pub activity: Vec<ActivityRow>,
    /// Observations left out, by reason.
    pub excluded: ExcludedCounts,
}

/// Why a difference of two rates is not tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotTested {
    /// Fewer than 20 events in both periods together.
    FewEvents,
    /// Fewer than 6 locations with effort in one of the periods.
    FewLocations,
    /// The class was at fewer than 3 locations in all.
    AtFewLocations,
}

/// The rates of one class in two periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonRow {
    /// The class.
    pub classification: String,
    /// Label of the first period.
    pub a: String,
    /// Label of the second period.
    pub b: String,
    /// Independent events in `a`.
    pub events_a: usize,
    /// Independent events in `b`.
    pub events_b: usize,
    /// Locations with effort in `a`.
    pub locations_a: usize,
    /// Locations with effort in `b`.
    pub locations_b: usize,
    /// Events per 100 camera-days in `a`.
    pub rai_a: f64,
    /// Events per 100 camera-days in `b`.
    pub rai_b: f64,
    /// The rate in `b` over the rate in `a`; `null` without events in `a`.
    pub rate_ratio: Option<f64>,
    /// Lower end of its 95% interval; `null` without one.
    pub low: Option<f64>,
    /// Upper end of its 95% interval; `null` where it is open.
    pub high: Option<f64>,
    /// Lower end of its interval at 95% for all comparisons together (Bonferroni); `null` where
    /// nothing was tested.
    pub corrected_low: Option<f64>,
    /// Upper end of that interval; `null` where it is open or nothing was tested.
    pub corrected_high: Option<f64>,
    /// Probability of rates as different as these without a real difference: labels of periods are exchanged
    /// within locations. `null` where nothing was tested.
    pub p_value: Option<f64>,
    /// The same after Holm's correction for all comparisons.
    pub p_adjusted: Option<f64>,
    /// The smallest `p_value` that this number of locations can give. Where it does not reach 5% for all
    /// comparisons, no difference could be found.
    pub smallest_p: Option<f64>,
    /// Whether it is a difference, at 5% for all comparisons together.
    pub differs: bool,
    /// Why nothing was tested; `null` where it was.
    pub not_tested: Option<NotTested>,
    /// How the interval was found; `null` without one.
    pub method: Option<Method>,
}

/// The overlap of the activity of a class in two periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodOverlapRow {
    /// The class.
    pub classification: String,
    /// Label of the first period.
    pub a: String,
    /// Label of the second period.
    pub b: String,
    /// Records in `a`.
    pub records_a: usize,
    /// Records in `b`.
    pub records_b: usize,
    /// Independent events in `a`.
    pub events_a: usize,
    /// Independent events in `b`.
    pub events_b: usize,
    /// How far the curves overlap.
    #[serde(flatten)]
    pub test: OverlapTest,
}
