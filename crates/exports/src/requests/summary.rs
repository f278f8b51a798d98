//! The parameters of a summary of a period.

use detections::DatabaseError;
use jiff::civil::Date;
use report::{GroupBy, Period, Season};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::period::resolve_period;
use super::reading::Reading;
use crate::source::Source;

/// Ten years, so that no answer has millions of empty days.
const MOST_DAYS: i32 = 3660;

/// The parameters of `GET /api/summary`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct SummaryRequest {
    /// First day.
    #[schema(value_type = Option<String>, format = Date)]
    #[param(value_type = Option<String>, format = Date, example = "2018-09-01")]
    pub start_date: Option<Date>,
    /// Last day (inclusive).
    #[schema(value_type = Option<String>, format = Date)]
    #[param(value_type = Option<String>, format = Date, example = "2019-01-31")]
    pub end_date: Option<Date>,
    /// A season instead of the dates, on the hemisphere of the data set; needs a `year`.
    pub season: Option<Season>,
    /// The year in which the season begins.
    #[schema(value_type = Option<u32>, minimum = 1980, maximum = 9998)]
    #[param(value_type = Option<u32>, minimum = 1980, maximum = 9998)]
    pub year: Option<i16>,
    /// Length of the `buckets`; months by default.
    #[param(value_type = Option<GroupBy>)]
    pub group_by: GroupBy,
    /// Only this species.
    pub classification: Option<String>,
    /// Name of the data set; the first of the server by default.
    pub dataset: Option<String>,
}

/// The period of a summary.
pub fn check_summary(
    reading: &mut Reading<SummaryRequest>,
    source: Option<&Source>,
) -> Result<Option<Period>, DatabaseError> {
    let SummaryRequest { start_date, end_date, season, year, .. } = reading.request;
    let period = resolve_period(reading, [start_date, end_date], season, year, source)?;
    if let Some(period) = period.filter(|period| period.end < period.start) {
        reading.add_error("end_date", format!("end_date must not be before start_date, {}", period.start));
    }
    let days = |period: Period| period.end.since(period.start).map_or(i32::MAX, |span| span.get_days());
    if period.is_some_and(|period| days(period) > MOST_DAYS) {
        reading.add_error(
            "end_date",
            format!("a summary covers at most {MOST_DAYS} days; choose a shorter period"),
        );
    }
    Ok(period)
}
