//! The numbers behind a report: its `.json` form, which the pages are made of and nothing else.

mod comparison;
mod facts;
mod findings;
mod notes;
mod rows;

use std::collections::BTreeMap;

use detections::Coordinates;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::{GroupBy, Period};
use crate::request::{Cameras, Include, IndependenceSince, ReportType, Request, TimeOfDay};

pub use comparison::*;
pub use facts::*;
pub use findings::*;
pub use notes::*;
pub use rows::*;

/// Version of the form of [`ReportData`].
pub const SCHEMA_VERSION: u32 = 2;

/// A report as numbers and sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportData {
    /// Version of this form: 2. It is raised when a field changes its meaning or is removed.
    pub schema_version: u32,
    /// The request that the report was made for.
    pub request: Request,
    /// The kind of report.
    pub report_type: ReportType,
    /// The title: the requested one, else one made from the dates.
    pub title: String,
    /// First and last day (inclusive).
    pub period: PeriodRow,
    /// Length of the buckets.
    pub group_by: GroupBy,
    /// A new event starts after this many minutes; with 0 each record is an event.
    pub independence_minutes: u32,
    /// What these minutes are counted from.
    pub independence_since: IndependenceSince,
    /// Whether cameras at one location at the same time count as one.
    pub cameras: Cameras,
    /// The clock that `activity` and `overlaps` are on.
    pub time_of_day: TimeOfDay,
    /// The precision of the coordinates of `locations`.
    pub coordinates: Coordinates,
    /// The data set.
    pub source: SourceRow,
    /// The parts that the pages show.
    pub include: Include,
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
    /// Whether the months or weeks differ, for each class with enough events at enough locations; most
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
    /// Ratios of males, females and young, where classes, or `sex` and `lifeStage`, tell them apart.
    pub ratios: Vec<RatioRow>,
    /// Species accumulation; `null` without a species.
    pub accumulation: Option<AccumulationRow>,
    /// The periods of a comparison, in the requested order.
    pub periods: Vec<ComparedPeriod>,
    /// The clock that the activity of `periods` is on; `null` without a comparison.
    pub periods_time_of_day: Option<TimeOfDay>,
    /// When it is night over all of `periods`.
    pub periods_night: Option<NightRow>,
    /// Rates of each class compared between two of the periods.
    pub comparisons: Vec<ComparisonRow>,
    /// Overlaps of the activity of a class in two of the periods with at least 20 events in each.
    pub period_overlaps: Vec<PeriodOverlapRow>,
    /// What the data show, with all numbers that the sentences state.
    pub findings: Vec<Finding>,
    /// The same as sentences.
    pub insights: Vec<String>,
    /// Observations left out, by reason.
    pub excluded: ExcludedCounts,
    /// What a careful reader would want to know about the data.
    pub notes: Vec<DataNote>,
    /// The same as sentences.
    pub data_notes: Vec<String>,
    /// The ids that the data notes are about, by the kind of note.
    pub data_note_ids: BTreeMap<String, Vec<String>>,
    /// Settings and counts that `methods` state and that no other field has.
    pub method_facts: MethodFacts,
    /// How much data a statement needs.
    pub limits: StatementLimits,
    /// Definitions and settings used.
    pub methods: Vec<String>,
}

/// A first and a last day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodRow {
    /// First day.
    #[schemars(with = "String")]
    pub start: Date,
    /// Last day (inclusive).
    #[schemars(with = "String")]
    pub end: Date,
    /// Both days in words.
    pub words: String,
}

impl PeriodRow {
    pub(crate) fn new(period: Period) -> Self {
        Self { start: period.start, end: period.end, words: period.in_words() }
    }
}

/// The data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceRow {
    /// Title of the data set.
    pub title: String,
    /// Its format.
    pub format: String,
    /// The citation that its authors ask for.
    pub citation: Option<String>,
    /// Licences, with what they cover.
    pub licences: Vec<String>,
    /// First and last day with records.
    pub recorded: Option<PeriodRow>,
}

/// Observations that were not counted, by the first reason that applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExcludedCounts {
    /// Blank.
    pub blank: u64,
    /// People.
    pub human: u64,
    /// Vehicles.
    pub vehicle: u64,
    /// Unidentified.
    pub unknown: u64,
    /// Not classified yet.
    pub unclassified: u64,
    /// Without a time, so that they belong to no period.
    pub no_timestamp: u64,
    /// Before the start or after the end of their deployment.
    pub outside_deployment: u64,
    /// Outside the period.
    pub outside_period: u64,
    /// Of classes that were not requested.
    pub other_classes: u64,
    /// Of people setting up a camera.
    pub camera_setup: u64,
    /// Time-lapse pictures, which show that the camera was running.
    pub time_lapse: u64,
    /// At locations without effort in the period.
    pub no_effort: u64,
    /// On the level that is not counted, where both levels have the same animals.
    pub other_level: u64,
    /// By a model, on files that a person classified.
    pub replaced_by_person: u64,
}
