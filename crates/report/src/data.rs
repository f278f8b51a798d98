//! The numbers behind a report: its `.json` form, which the pages are made of and nothing else.

use std::collections::BTreeMap;

use detections::ObservationType;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::Since;
use crate::overlap::Estimator;
use crate::period::GroupBy;
use crate::ratios::Method;
use crate::records::Reason;
use crate::request::{Coordinates, Include, ReportType, TimeOfDay};

/// Which parts the pages show.
pub type Included = Include;

/// A report as numbers and sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportData {
    /// The kind of report.
    pub report_type: ReportType,
    /// The title, as asked for or made from the dates.
    pub title: String,
    /// First and last day, both inside.
    pub period: PeriodRow,
    /// Length of the buckets.
    pub group_by: GroupBy,
    /// Minutes after which a new event starts; 0 makes each record an event.
    pub independence_minutes: u32,
    /// What those minutes are counted from.
    pub independence_since: Since,
    /// The clock that `activity` and `overlaps` are on.
    pub time_of_day: TimeOfDay,
    /// How exactly `locations` are placed.
    pub coordinates: Coordinates,
    /// Where the data come from.
    pub source: SourceRow,
    /// The parts that the pages show.
    pub include: Included,
    /// Camera-days of all deployments inside the period.
    pub effort_days: f64,
    /// Locations with effort in the period.
    pub locations_surveyed: usize,
    /// Deployments with effort in the period.
    pub deployments_active: usize,
    /// Independent events.
    pub events: usize,
    /// Individuals: the group sizes of all events added up.
    pub individuals: u64,
    /// A row for each class that was recorded, most events first.
    pub classes: Vec<ClassRow>,
    /// The days, weeks or months of the period.
    pub buckets: Vec<BucketRow>,
    /// A row for each location with effort, by name.
    pub locations: Vec<LocationRow>,
    /// Activity by hour, for each class in the order of `classes`.
    pub activity: Vec<ActivityRow>,
    /// Overlaps of activity between the classes with most records, two by two.
    pub overlaps: Vec<OverlapRow>,
    /// When it is night where the cameras stood; `null` without coordinates.
    pub night: Option<NightRow>,
    /// Males, females and young, where classes, or `sex` and `lifeStage`, tell them apart.
    pub ratios: Vec<RatioRow>,
    /// Classes found against effort; `null` when none was found.
    pub accumulation: Option<AccumulationRow>,
    /// The periods of a comparison, as they were asked for.
    pub periods: Vec<ComparedPeriod>,
    /// The clock that the activity of `periods` is on; `null` without a comparison.
    pub periods_time_of_day: Option<TimeOfDay>,
    /// When it is night over all of `periods`.
    pub periods_night: Option<NightRow>,
    /// Rates of each class in two of the periods, held against each other.
    pub comparisons: Vec<ComparisonRow>,
    /// Overlaps of the activity of a class in two of the periods.
    pub period_overlaps: Vec<PeriodOverlapRow>,
    /// Sentences about what the data show.
    pub insights: Vec<String>,
    /// Observations left out, by reason.
    pub excluded: Excluded,
    /// What a careful reader would want to know about the data.
    pub data_notes: Vec<String>,
    /// All ids behind the data notes, by what is the matter with them.
    pub data_note_ids: BTreeMap<String, Vec<String>>,
    /// Definitions and settings used.
    pub methods: Vec<String>,
}

/// First and last day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodRow {
    /// First day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Last day, which is inside.
    #[schemars(with = "String")]
    pub end: Date,
    /// Both in words.
    pub words: String,
}

/// Where the data come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceRow {
    /// Title of the data set.
    pub title: String,
    /// Its format.
    pub format: String,
    /// How its authors want it cited.
    pub citation: Option<String>,
    /// Licences, with what they cover.
    pub licences: Vec<String>,
    /// First and last day on which anything was recorded.
    pub recorded: Option<PeriodRow>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassRow {
    /// Its name in requests.
    pub classification: String,
    /// Its everyday name, where the data set has one.
    pub vernacular_name: Option<String>,
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
    /// Lower end of its 95 % interval.
    pub rai_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub rai_high: Option<f64>,
    /// Locations with at least one event.
    pub locations: usize,
    /// Share of the surveyed locations with at least one event; `null` without any.
    pub naive_occupancy: Option<f64>,
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
    /// Records that the curve is made of.
    pub records: usize,
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
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
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

/// How many of one kind there are for each of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RatioRow {
    /// `bucks per doe`, `fawns per doe`, `males per female` or `young per female`.
    pub ratio: String,
    /// The class whose animals they are; `null` where classes themselves tell them apart.
    pub classification: Option<String>,
    /// Independent events of the first kind.
    pub events: usize,
    /// Independent events of the second.
    pub base_events: usize,
    /// The one over the other; `null` when there is no base.
    pub estimate: Option<f64>,
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval; `null` when nothing bounds it.
    pub high: Option<f64>,
    /// How the interval was found.
    pub method: Method,
}

/// Classes found against effort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccumulationRow {
    /// Classes found.
    pub observed: usize,
    /// Camera-days, each a deployment on a civil day: the sampling units.
    pub units: u32,
    /// Expected number of classes against camera-days, from few to all.
    pub curve: Vec<AccumulationPoint>,
    /// Chao2: at least so many classes there are.
    pub chao2: f64,
    /// Lower end of its 95 % interval.
    pub chao2_low: f64,
    /// Upper end of its 95 % interval.
    pub chao2_high: f64,
    /// Classes on one camera-day only.
    pub uniques: u32,
    /// Classes on two camera-days.
    pub duplicates: u32,
}

/// A point of the accumulation curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccumulationPoint {
    /// Camera-days.
    pub camera_days: u32,
    /// Classes expected in them.
    pub classes: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

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

/// How far the activity of two classes overlaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverlapRow {
    /// One class.
    pub a: String,
    /// The other.
    pub b: String,
    /// How it was estimated.
    pub estimator: Estimator,
    /// From 0, never about at the same hour, to 1, the same curve.
    pub estimate: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
}

/// Observations that were not counted, by the first reason that held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excluded {
    /// Nothing on the picture.
    pub blank: u64,
    /// People.
    pub human: u64,
    /// Vehicles.
    pub vehicle: u64,
    /// Could not be told.
    pub unknown: u64,
    /// Not looked at yet.
    pub unclassified: u64,
    /// Without a time, so that nothing is known of the period either.
    pub no_timestamp: u64,
    /// Before the start or after the end of their deployment.
    pub outside_deployment: u64,
    /// Not in the period asked for.
    pub outside_period: u64,
    /// Of classes not asked for.
    pub other_classes: u64,
    /// On the level that is not counted, where the same animals stand on both.
    pub other_level: u64,
}

impl Excluded {
    pub(crate) fn of(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::OtherLevel => &mut self.other_level,
            Reason::NoTimestamp => &mut self.no_timestamp,
            Reason::OutsidePeriod => &mut self.outside_period,
            Reason::OutsideDeployment => &mut self.outside_deployment,
            Reason::OtherClass => &mut self.other_classes,
            Reason::Kind(kind) => match kind {
                ObservationType::Blank => &mut self.blank,
                ObservationType::Human => &mut self.human,
                ObservationType::Vehicle => &mut self.vehicle,
                ObservationType::Unclassified => &mut self.unclassified,
                ObservationType::Unknown | ObservationType::Animal => &mut self.unknown,
            },
        }
    }
}
