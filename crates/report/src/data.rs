//! The numbers behind a report: its `.json` form, which the pages are made of and nothing else.

use std::collections::BTreeMap;

use detections::ObservationType;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::period::GroupBy;
use crate::records::Reason;
use crate::request::{Include, ReportType};

/// Which parts the pages show.
pub type Included = Include;

/// A report as numbers and sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Overlaps of activity between classes.
    pub overlaps: Vec<Value>,
    /// Comparisons of periods.
    pub comparisons: Vec<Value>,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeriodRow {
    /// First day.
    pub start: Date,
    /// Last day, which is inside.
    pub end: Date,
    /// Both in words.
    pub words: String,
}

/// Where the data come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketRow {
    /// First day.
    pub start: Date,
    /// Last day, which is inside.
    pub end: Date,
    /// Such as `Sep 2018`.
    pub label: String,
    /// Camera-days; 0 means that nothing could be seen, not that nothing was there.
    pub effort_days: f64,
    /// Events of each class that had any.
    pub events: BTreeMap<String, usize>,
}

/// One location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// Activity of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityRow {
    /// The class.
    pub classification: String,
    /// Records that the curve is made of.
    pub records: usize,
    /// Relative activity in each of the 24 hours, with mean 1.
    pub density: Vec<f64>,
    /// Hour of the day at which the curve is highest.
    pub peak_hour: f64,
}

/// Observations that were not counted, by the first reason that held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
