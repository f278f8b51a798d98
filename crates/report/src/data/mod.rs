//! The numbers behind a report: its `.json` form, which the pages are made of and nothing else.

mod compared;
mod findings;
mod rows;

use std::collections::BTreeMap;

use detections::ObservationType;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::Since;
use crate::period::GroupBy;
use crate::records::Reason;
use crate::request::{Cameras, Coordinates, Include, ReportType, TimeOfDay};

pub use compared::*;
pub use findings::*;
pub use rows::*;

/// Version of the form of [`ReportData`].
pub const SCHEMA_VERSION: u32 = 2;

/// Which parts the pages show.
pub type Included = Include;

/// A report as numbers and sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportData {
    /// Version of this form: 2. It is raised when a field changes its meaning or goes.
    pub schema_version: u32,
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
    /// Whether cameras that stand together count as one.
    pub cameras: Cameras,
    /// The clock that `activity` and `overlaps` are on.
    pub time_of_day: TimeOfDay,
    /// How exactly `locations` are placed.
    pub coordinates: Coordinates,
    /// Where the data come from.
    pub source: SourceRow,
    /// The parts that the pages show.
    pub include: Included,
    /// Camera-days of all locations inside the period.
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
    /// Whether the months or weeks differ, of each class with enough events at enough locations; most
    /// events first. Empty for days.
    pub bucket_tests: Vec<BucketTest>,
    /// A row for each location with effort, by name.
    pub locations: Vec<LocationRow>,
    /// Activity by hour, for each class in the order of `classes`.
    pub activity: Vec<ActivityRow>,
    /// Overlaps of activity of every two classes with at least 20 events each.
    pub overlaps: Vec<OverlapRow>,
    /// When it is night where the cameras stood; `null` without coordinates.
    pub night: Option<NightRow>,
    /// Males, females and young, where classes, or `sex` and `lifeStage`, tell them apart.
    pub ratios: Vec<RatioRow>,
    /// Species found against effort; `null` when none was found.
    pub accumulation: Option<AccumulationRow>,
    /// The periods of a comparison, as they were asked for.
    pub periods: Vec<ComparedPeriod>,
    /// The clock that the activity of `periods` is on; `null` without a comparison.
    pub periods_time_of_day: Option<TimeOfDay>,
    /// When it is night over all of `periods`.
    pub periods_night: Option<NightRow>,
    /// Rates of each class in two of the periods, held against each other.
    pub comparisons: Vec<ComparisonRow>,
    /// Overlaps of the activity of a class in two of the periods with at least 20 events in each.
    pub period_overlaps: Vec<PeriodOverlapRow>,
    /// What the data show, with every number that is said of it.
    pub findings: Vec<Finding>,
    /// The same as sentences.
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
    /// Of somebody at work on the camera.
    pub camera_setup: u64,
    /// Time-lapse pictures, which show that the camera worked.
    pub time_lapse: u64,
    /// At locations without effort in the period.
    pub no_effort: u64,
    /// On the level that is not counted, where the same animals stand on both.
    pub other_level: u64,
    /// What a model saw on files that a person classified as well.
    pub replaced_by_person: u64,
}

impl Excluded {
    pub(crate) fn of(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::OtherLevel => &mut self.other_level,
            Reason::Replaced => &mut self.replaced_by_person,
            Reason::NoTimestamp => &mut self.no_timestamp,
            Reason::OutsidePeriod => &mut self.outside_period,
            Reason::OutsideDeployment => &mut self.outside_deployment,
            Reason::OtherClass => &mut self.other_classes,
            Reason::CameraSetup => &mut self.camera_setup,
            Reason::TimeLapse => &mut self.time_lapse,
            Reason::NoEffort => &mut self.no_effort,
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
