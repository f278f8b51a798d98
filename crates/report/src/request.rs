//! A request for a report: its fields with their defaults, limits and descriptions, declared once.
//!
//! Reading JSON, the description of the interface, the stored job, the flags of the command line and the table in
//! docs/REPORTS.md are all made from this declaration.

use detections::{Coordinates, Dataset, Hemisphere, UnknownNamesError};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::period::{GroupBy, Period};
use crate::season::{Season, SeasonError};

/// A kind of report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportTypeName)]
pub enum ReportType {
    /// One period: how much, where, when in the season and at what time of day.
    #[default]
    SeasonalActivity,
    /// Two to five periods side by side.
    Comparison,
    /// The numbers of one period, or of several, on pages of a custom template.
    Custom,
}

/// Which parts the pages show. The numbers are computed in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Include {
    /// Charts.
    pub charts: bool,
    /// Tables.
    pub tables: bool,
    /// Sentences about what the data show.
    pub insights: bool,
}

/// Which time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TimeOfDayName)]
pub enum TimeOfDay {
    /// The time of the camera's clock.
    #[default]
    Clock,
    /// Solar time: hours are stretched so that sunrise and sunset are at their mean times on all days.
    Solar,
}

/// How cameras at one location are counted: as one, or each for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CamerasName)]
pub enum Cameras {
    /// As one: its effort is counted once for each day, and its events are merged.
    #[default]
    Together,
    /// Each for itself, with its own effort and events.
    Independent,
}

/// From what the time between two events is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SinceName)]
pub enum IndependenceSince {
    /// The record before: an event lasts as long as records follow each other
    /// (`deltaTimeComparedTo = "lastRecord"`).
    #[default]
    LastRecord,
    /// The record that started the event, so that none lasts longer than the minutes
    /// (`"lastIndependentRecord"`).
    LastEvent,
}

/// A size of paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PaperName)]
pub enum Paper {
    /// ISO A4, 210 mm × 297 mm.
    #[default]
    A4,
    /// US letter, 8.5 in × 11 in.
    Letter,
}

/// A period of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[schema(as = ComparisonPeriod)]
pub struct LabelledPeriod {
    /// First day.
    #[schema(value_type = String, format = Date)]
    #[schemars(with = "String")]
    pub start_date: Date,
    /// Last day (inclusive).
    #[schema(value_type = String, format = Date)]
    #[schemars(with = "String")]
    pub end_date: Date,
    /// The name of the period.
    #[schema(min_length = 1, max_length = 80)]
    pub label: String,
}

impl LabelledPeriod {
    /// A period with a label.
    pub fn new(label: impl Into<String>, period: Period) -> Self {
        Self { label: label.into(), start_date: period.start, end_date: period.end }
    }

    /// First and last day.
    pub fn period(&self) -> Period {
        Period { start: self.start_date, end: self.end_date }
    }
}

/// A report. Its period is `start_date` and `end_date`, or `season` and `year`.
// Each switch is a field of its own in requests.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(default)]
#[schema(as = ReportBody, default, examples(json!({
    "report_type": "seasonal_activity",
    "start_date": "2018-09-01",
    "end_date": "2019-01-31",
    "group_by": "month",
    "title": "Autumn on the seismic lines",
    "dataset": "algar"
})))]
pub struct Request {
    /// Which report.
    #[schema(required)]
    pub report_type: ReportType,
    /// First day, in local time of the cameras. Before `end_date`, and not in the future.
    #[schema(value_type = Option<String>, format = Date)]
    #[schemars(with = "Option<String>")]
    pub start_date: Option<Date>,
    /// Last day (inclusive). At most 365 days after the first, and not in the future.
    #[schema(value_type = Option<String>, format = Date)]
    #[schemars(with = "Option<String>")]
    pub end_date: Option<Date>,
    /// A season instead of the two dates, as it is on the half of the earth where the cameras stand; it
    /// needs a `year`.
    pub season: Option<Season>,
    /// The year in which the season begins.
    #[schema(value_type = Option<u32>, minimum = 1980, maximum = 9998)]
    pub year: Option<i16>,
    /// Length of the parts into which the period is divided.
    pub group_by: GroupBy,
    /// Show charts.
    pub include_charts: bool,
    /// Show tables.
    pub include_tables: bool,
    /// Show sentences about what the data show.
    pub include_insights: bool,
    /// Only these species, by scientific or common name; all of them when it is empty or missing.
    pub classifications: Vec<String>,
    /// Leave these species out; `domestic` stands for all animals that people keep.
    pub without: Vec<String>,
    /// The title; without one it is made from the dates.
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// The periods that a `comparison` compares, each with its own label.
    #[schema(min_items = 2, max_items = 5)]
    pub comparison_periods: Vec<LabelledPeriod>,
    /// Name of a template; a `custom` report needs one.
    pub template: Option<String>,
    /// The paper of the pages.
    pub paper: Paper,
    /// Make a PDF/A-2a too, to be kept for decades.
    pub archival: bool,
    /// Minutes without a record after which a new event begins; 0 makes every record an event.
    #[schema(minimum = 0, maximum = 1440)]
    pub independence_minutes: u32,
    /// From which record the minutes are counted: the last one, or the one that began the event.
    pub independence_since: IndependenceSince,
    /// Clock time, or time relative to sunrise and sunset.
    pub time_of_day: TimeOfDay,
    /// Coordinate precision: rounded to a tenth of a degree, or exact.
    pub coordinates: Coordinates,
    /// Count cameras that stand at one location at the same time as one, or each for itself.
    pub cameras: Cameras,
    /// Distinguish males, females and young by sex and life stage too, not by names of classes alone.
    pub sex_and_age: bool,
    /// Name of the data set; the server's first without one.
    pub dataset: Option<String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            report_type: ReportType::default(),
            start_date: None,
            end_date: None,
            season: None,
            year: None,
            group_by: GroupBy::default(),
            include_charts: true,
            include_tables: true,
            include_insights: true,
            classifications: Vec::new(),
            without: Vec::new(),
            title: None,
            comparison_periods: Vec::new(),
            template: None,
            paper: Paper::default(),
            archival: false,
            independence_minutes: 30,
            independence_since: IndependenceSince::default(),
            time_of_day: TimeOfDay::default(),
            coordinates: Coordinates::default(),
            cameras: Cameras::default(),
            sex_and_age: false,
            dataset: None,
        }
    }
}

impl Request {
    /// How many periods can be compared.
    pub const COMPARED: std::ops::RangeInclusive<usize> = 2..=5;

    /// A seasonal activity report of the days from `start` to `end`, with the defaults.
    pub fn seasonal_activity(start: Date, end: Date) -> Self {
        Self { start_date: Some(start), end_date: Some(end), ..Self::default() }
    }

    /// A comparison of periods, with the defaults.
    pub fn comparison(periods: Vec<LabelledPeriod>) -> Self {
        Self { report_type: ReportType::Comparison, comparison_periods: periods, ..Self::default() }
    }

    /// The period of the report where the cameras stand on this half of the earth: its season, else its
    /// dates, else from the first day of any compared period to the last day of any. `None` when it has
    /// none of them.
    pub fn period(&self, hemisphere: Hemisphere) -> Result<Option<Period>, SeasonError> {
        if let Some((season, year)) = self.season.zip(self.year) {
            return season.period(year, hemisphere).map(Some);
        }
        let compared = self.comparison_periods.iter().map(LabelledPeriod::period);
        let start = self.start_date.or_else(|| compared.clone().map(|period| period.start).min());
        let end = self.end_date.or_else(|| compared.map(|period| period.end).max());
        Ok(start.zip(end).map(|(start, end)| Period { start, end }))
    }

    /// All periods of the report, as [`Request::period`] has them: its own and those that it compares.
    pub fn periods(&self, hemisphere: Hemisphere) -> Result<Vec<Period>, SeasonError> {
        let compared = self.comparison_periods.iter().map(LabelledPeriod::period);
        Ok(compared.chain(self.period(hemisphere)?).collect())
    }

    /// Which parts the pages show.
    pub fn include(&self) -> Include {
        Include { charts: self.include_charts, tables: self.include_tables, insights: self.include_insights }
    }

    /// Which classes of a data set are counted, by their number: those named, or all, without those that
    /// are left out.
    ///
    /// # Errors
    ///
    /// Names that no class has.
    pub(crate) fn counted_classes(&self, data: &Dataset) -> Result<Vec<bool>, UnknownNamesError> {
        let included = data.find_classes(&self.classifications)?;
        let excluded = data.find_classes(&self.without)?;
        let numbers = 0..u32::try_from(data.classes.len()).unwrap_or(u32::MAX);
        let is_counted =
            |class: u32| (included.is_empty() || included.contains(&class)) && !excluded.contains(&class);
        Ok(numbers.map(is_counted).collect())
    }
}
