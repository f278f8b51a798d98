//! What a report is asked to show.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::period::{GroupBy, Period};

/// The kind of report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportType {
    /// One period: how much, where, when in the season and at what hour.
    #[default]
    SeasonalActivity,
}

/// Which parts the pages show; the numbers are computed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Include {
    /// Charts.
    pub charts: bool,
    /// Tables.
    pub tables: bool,
    /// Sentences about what the data show.
    pub insights: bool,
}

impl Default for Include {
    fn default() -> Self {
        Self { charts: true, tables: true, insights: true }
    }
}

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The kind of report.
    pub report_type: ReportType,
    /// First and last day; both are inside, in local time.
    pub period: Period,
    /// Length of the buckets.
    pub group_by: GroupBy,
    /// Minutes without a record after which a new event starts; 0 makes every record an event.
    pub independence_minutes: u32,
    /// Classes by name; empty for all.
    pub classifications: Vec<String>,
    /// A title in place of the one made from the dates.
    pub title: Option<String>,
    /// The parts that the pages show.
    pub include: Include,
}

impl Request {
    /// Minutes of independence when nothing else is said.
    pub const INDEPENDENCE_MINUTES: u32 = 30;

    /// A seasonal activity report of the days from `start` to `end`, by month, with all parts.
    pub fn seasonal_activity(start: Date, end: Date) -> Self {
        Self {
            report_type: ReportType::SeasonalActivity,
            period: Period { start, end },
            group_by: GroupBy::Month,
            independence_minutes: Self::INDEPENDENCE_MINUTES,
            classifications: Vec::new(),
            title: None,
            include: Include::default(),
        }
    }

    /// The title asked for, else one made from the dates.
    pub fn title(&self) -> String {
        match self.title.as_deref().map(str::trim) {
            Some(title) if !title.is_empty() => title.to_owned(),
            _ => format!("Seasonal activity, {}", self.period.in_words()),
        }
    }
}
