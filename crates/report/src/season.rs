//! Seasons: parts of the year with a name.

use detections::Hemisphere;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::period::Period;

/// A season. South of the equator spring is from September to November, summer from December to February,
/// fall from March to May and winter from June to August; the rut is that of white-tailed deer in the north.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SeasonName)]
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
    /// The season would begin or end outside of the calendar: give another year.
    #[error("{0} is no year of the calendar")]
    NoSuchYear(i16),
    /// It is a season of the north: give dates instead.
    #[error(
        "rut is that of white-tailed deer, from 1 September to 31 January, and this data set is of places south of \
         the equator"
    )]
    RutInTheSouth,
}

impl Season {
    /// The days of the season on a half of the earth, when it begins in `year`.
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
            let end_year = year.checked_add(i16::from(last < first))?;
            let start = Date::new(year, first, 1).ok()?;
            let end = Date::new(end_year, last, 1).ok()?.last_of_month();
            Some(Period { start, end })
        };
        days().ok_or(SeasonError::NoSuchYear(year))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(season: Season, hemisphere: Hemisphere) -> String {
        let period = season.period(2023, hemisphere).unwrap();
        format!("{} {}", period.start, period.end)
    }

    #[test]
    fn seasons_have_their_days() {
        let days = |season| days(season, Hemisphere::North);
        assert_eq!(days(Season::Rut), "2023-09-01 2024-01-31");
        assert_eq!(days(Season::Spring), "2023-03-01 2023-05-31");
        assert_eq!(days(Season::Summer), "2023-06-01 2023-08-31");
        assert_eq!(days(Season::Fall), "2023-09-01 2023-11-30");
        assert_eq!(days(Season::Winter), "2023-12-01 2024-02-29");
        let beyond = Season::Rut.period(i16::MAX, Hemisphere::North);
        assert_eq!(beyond, Err(SeasonError::NoSuchYear(i16::MAX)));
    }

    #[test]
    fn seasons_turn_with_the_hemisphere() {
        let days = |season| days(season, Hemisphere::South);
        assert_eq!(days(Season::Spring), "2023-09-01 2023-11-30");
        assert_eq!(days(Season::Summer), "2023-12-01 2024-02-29");
        assert_eq!(days(Season::Fall), "2023-03-01 2023-05-31");
        assert_eq!(days(Season::Winter), "2023-06-01 2023-08-31");
        assert_eq!(Season::Rut.period(2023, Hemisphere::South), Err(SeasonError::RutInTheSouth));
    }
}
