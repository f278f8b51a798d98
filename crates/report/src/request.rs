//! What a report is asked to show.

use detections::{Dataset, Hemisphere, UnknownNames};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::{Independence, Since};
use crate::period::{GroupBy, Period};

/// The kind of report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportType {
    /// One period: how much, where, when in the season and at what hour.
    #[default]
    SeasonalActivity,
    /// Two to five periods side by side.
    Comparison,
    /// The numbers of one period, and of others where they are asked for, on pages of a template
    /// of the user's own.
    Custom,
}

/// Which parts the pages show; the numbers are computed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The clock that activity is shown on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeOfDay {
    /// The camera's.
    #[default]
    Clock,
    /// The sun's: hours between sunrise and sunset are stretched to their mean length.
    Solar,
}

/// How exactly places are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coordinates {
    /// To 0.1 degree, which gives no den or nest away.
    #[default]
    Rounded,
    /// As they stand in the data.
    Exact,
}

/// Cameras that stand at one location at the same time count as one (effort once, events merged), or each
/// for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cameras {
    /// As one: its effort is counted once for each day, and its events are merged.
    #[default]
    Together,
    /// Each for itself, with its own effort and events.
    Independent,
}

impl Cameras {
    /// All values with their names in requests.
    pub const ALL: [(&'static str, Self); 2] =
        [("together", Self::Together), ("independent", Self::Independent)];
}

/// A part of the year with a name. South of the equator the months of spring and fall, and those of summer
/// and winter, change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// 1 September to 31 January of the next year, north of the equator alone.
    Rut,
    /// March to May; south of the equator September to November.
    Spring,
    /// June to August; south of the equator December to February of the next year.
    Summer,
    /// September to November; south of the equator March to May.
    Fall,
    /// December to February of the next year; south of the equator June to August.
    Winter,
}

/// Why a season has no days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeasonError {
    /// The season would begin or end outside of the calendar.
    #[error("{0} is no year of the calendar")]
    NoSuchYear(i16),
    /// It is a season of the north.
    #[error(
        "rut is that of white-tailed deer, from 1 September to 31 January, and this data set is of places south of \
         the equator"
    )]
    RutInTheSouth,
}

impl Season {
    /// All seasons with their names in requests.
    pub const ALL: [(&'static str, Self); 5] = [
        ("rut", Self::Rut),
        ("spring", Self::Spring),
        ("summer", Self::Summer),
        ("fall", Self::Fall),
        ("winter", Self::Winter),
    ];

    /// The season of a name in requests.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, season)| *season)
    }

    /// Its days on a half of the earth, when it begins in `year`.
    pub fn period(self, year: i16, hemisphere: Hemisphere) -> Result<Period, SeasonError> {
        let (first, last) = match (self, hemisphere) {
            (Self::Rut, Hemisphere::North) => (9, 1),
            (Self::Rut, Hemisphere::South) => return Err(SeasonError::RutInTheSouth),
            (Self::Spring, Hemisphere::North) | (Self::Fall, Hemisphere::South) => (3, 5),
            (Self::Summer, Hemisphere::North) | (Self::Winter, Hemisphere::South) => (6, 8),
            (Self::Fall, Hemisphere::North) | (Self::Spring, Hemisphere::South) => (9, 11),
            (Self::Winter, Hemisphere::North) | (Self::Summer, Hemisphere::South) => (12, 2),
        };
        let days = || {
            let ends_in = year.checked_add(i16::from(last < first))?;
            let start = Date::new(year, first, 1).ok()?;
            let end = Date::new(ends_in, last, 1).ok()?.last_of_month();
            Some(Period { start, end })
        };
        days().ok_or(SeasonError::NoSuchYear(year))
    }
}

/// A period with a name, for a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelledPeriod {
    /// What it is called.
    pub label: String,
    /// Its days.
    #[serde(flatten)]
    pub period: Period,
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
    /// What those minutes are counted from.
    #[serde(default)]
    pub independence_since: Since,
    /// Classes by name; empty for all.
    pub classifications: Vec<String>,
    /// Classes that are left out, by name.
    #[serde(default)]
    pub without: Vec<String>,
    /// A title in place of the one made from the dates.
    pub title: Option<String>,
    /// The parts that the pages show.
    pub include: Include,
    /// Two to five periods that are held against each other; needed for a comparison.
    #[serde(default)]
    pub comparison_periods: Vec<LabelledPeriod>,
    /// The clock that activity is shown on. Periods are compared on the sun's where latitudes are
    /// above 20 degrees, whatever is asked for.
    #[serde(default)]
    pub time_of_day: TimeOfDay,
    /// How exactly places are told.
    #[serde(default)]
    pub coordinates: Coordinates,
    /// How cameras at one location are counted.
    #[serde(default)]
    pub cameras: Cameras,
    /// Tell males, females and young apart by `sex` and `lifeStage` too, not by classes alone.
    #[serde(default)]
    pub sex_and_age: bool,
}

impl Request {
    /// All periods that it is about: its own, and those that it compares.
    pub fn periods(&self) -> Vec<Period> {
        let compared = self.comparison_periods.iter().map(|labelled| labelled.period);
        compared.chain([self.period]).collect()
    }

    /// Minutes of independence when nothing else is said.
    pub const INDEPENDENCE_MINUTES: u32 = 30;
    /// How many periods can be compared.
    pub const COMPARED: std::ops::RangeInclusive<usize> = 2..=5;

    /// A seasonal activity report of the days from `start` to `end`, by month, with all parts.
    pub fn seasonal_activity(start: Date, end: Date) -> Self {
        Self {
            report_type: ReportType::SeasonalActivity,
            period: Period { start, end },
            group_by: GroupBy::Month,
            independence_minutes: Self::INDEPENDENCE_MINUTES,
            independence_since: Since::LastRecord,
            classifications: Vec::new(),
            without: Vec::new(),
            title: None,
            include: Include::default(),
            comparison_periods: Vec::new(),
            time_of_day: TimeOfDay::Clock,
            coordinates: Coordinates::Rounded,
            cameras: Cameras::Together,
            sex_and_age: false,
        }
    }

    /// A comparison of periods, with all parts. The period of the report is from the first day of
    /// any to the last; `None` when there are no periods.
    pub fn comparison(periods: Vec<LabelledPeriod>) -> Option<Self> {
        let start = periods.iter().map(|labelled| labelled.period.start).min()?;
        let end = periods.iter().map(|labelled| labelled.period.end).max()?;
        Some(Self {
            report_type: ReportType::Comparison,
            comparison_periods: periods,
            ..Self::seasonal_activity(start, end)
        })
    }

    /// Which classes of a data set are asked for, by their number: those named, or all, without those
    /// that are left out.
    ///
    /// # Errors
    ///
    /// Names that no class has.
    pub(crate) fn counted_classes(&self, data: &Dataset) -> Result<Vec<bool>, UnknownNames> {
        let wanted = data.classes_named(&self.classifications)?;
        let unwanted = data.classes_named(&self.without)?;
        let numbers = 0..u32::try_from(data.classes.len()).unwrap_or(u32::MAX);
        let is_counted =
            |class: u32| (wanted.is_empty() || wanted.contains(&class)) && !unwanted.contains(&class);
        Ok(numbers.map(is_counted).collect())
    }

    /// When a record is an event of its own.
    pub(crate) fn independence(&self) -> Independence {
        Independence {
            minutes: self.independence_minutes,
            since: self.independence_since,
            cameras: self.cameras,
        }
    }

    /// The title asked for, else one made from the dates.
    pub fn title(&self) -> String {
        match (self.title.as_deref().map(str::trim), self.report_type) {
            (Some(title), _) if !title.is_empty() => title.to_owned(),
            (_, ReportType::Comparison) => {
                let labels: Vec<String> =
                    self.comparison_periods.iter().map(|labelled| labelled.label.clone()).collect();
                format!("Comparison of {}", crate::prose::list(&labels, labels.len()))
            }
            _ => format!("Seasonal activity, {}", self.period.in_words()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_have_their_days() {
        let days = |name: &str, year| {
            let period = Season::named(name).unwrap().period(year, Hemisphere::North).unwrap();
            format!("{} {}", period.start, period.end)
        };
        assert_eq!(days("rut", 2023), "2023-09-01 2024-01-31");
        assert_eq!(days("spring", 2023), "2023-03-01 2023-05-31");
        assert_eq!(days("summer", 2023), "2023-06-01 2023-08-31");
        assert_eq!(days("fall", 2023), "2023-09-01 2023-11-30");
        assert_eq!(days("winter", 2023), "2023-12-01 2024-02-29");
        assert_eq!(Season::named("monsoon"), None);
        let beyond = Season::Rut.period(i16::MAX, Hemisphere::North);
        assert_eq!(beyond, Err(SeasonError::NoSuchYear(i16::MAX)));
    }

    #[test]
    fn seasons_turn_with_the_hemisphere() {
        let days = |name: &str, year| {
            let period = Season::named(name).unwrap().period(year, Hemisphere::South).unwrap();
            format!("{} {}", period.start, period.end)
        };
        assert_eq!(days("spring", 2023), "2023-09-01 2023-11-30");
        assert_eq!(days("summer", 2023), "2023-12-01 2024-02-29");
        assert_eq!(days("fall", 2023), "2023-03-01 2023-05-31");
        assert_eq!(days("winter", 2023), "2023-06-01 2023-08-31");
        assert_eq!(Season::Rut.period(2023, Hemisphere::South), Err(SeasonError::RutInTheSouth));
    }
}
