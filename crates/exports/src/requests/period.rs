//! The period of a request: two dates, or a season with its year.

use detections::{DatabaseError, Hemisphere};
use jiff::civil::Date;
use report::{Period, Season, SeasonError};

use super::reading::Reading;
use crate::source::Source;

/// The period of a request. A season is placed where the cameras stand, so a database is asked for its
/// locations when one is named. `None` when fields are wrong or missing, which is added to the errors.
pub fn resolve_period<T>(
    reading: &mut Reading<T>,
    dates: [Option<Date>; 2],
    season: Option<Season>,
    year: Option<i16>,
    source: Option<&Source>,
) -> Result<Option<Period>, DatabaseError> {
    if !reading.has("season") {
        if reading.has("year") {
            reading.take_error("year");
            reading
                .add_error("year", "year needs a season; add season, or give only start_date and end_date");
            return Ok(None);
        }
        let start = check_date(reading, "start_date", dates[0]);
        let end = check_date(reading, "end_date", dates[1]);
        return Ok(start.zip(end).map(|(start, end)| Period { start, end }));
    }
    for date in ["start_date", "end_date"] {
        if reading.has(date) {
            reading.take_error(date);
            reading.add_error(date, format!("give season and year or {date}, not both"));
        }
    }
    if !reading.has("year") && season.is_some() {
        reading.add_error("year", "year is missing; give the year in which the season begins");
    }
    let (Some(season), Some(year)) = (season, year) else { return Ok(None) };
    let hemisphere = source.map_or(Ok(Hemisphere::North), Source::hemisphere)?;
    match season.period(year, hemisphere) {
        Ok(period) => return Ok(Some(period)),
        Err(error @ SeasonError::NoSuchYear(_)) => reading.add_error("year", error),
        Err(error @ SeasonError::RutInTheSouth) => {
            let detail = format!("{error}; give start_date and end_date instead of season and year");
            reading.add_error("season", detail);
        }
    }
    Ok(None)
}

/// A date that is there and from which there can be data. One still to come breaks a rule of its own.
fn check_date<T>(reading: &mut Reading<T>, name: &str, date: Option<Date>) -> Option<Date> {
    if !reading.has(name) {
        reading.add_error(name, format!("{name} is missing"));
    }
    check_year(reading, name, date?)
}

/// A date, unless it is of a year before camera traps.
pub fn check_year<T>(reading: &mut Reading<T>, path: &str, date: Date) -> Option<Date> {
    let first = report::FIRST_YEAR;
    if date.year() >= first {
        return Some(date);
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    reading.add_error(path, format!("{name} is in the year {}; use {first} or later", date.year()));
    None
}
