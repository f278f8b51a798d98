//! Values of flags.

use std::time::Duration;

use jiff::tz::TimeZone;

/// Why the value of a flag is refused: what is expected instead.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    #[error("expected metres from 0 to 100000")]
    Metres,
    #[error("expected 0 to 100")]
    Percent,
    #[error("expected the name of a time zone, such as America/Edmonton")]
    TimeZone,
    #[error("expected a number from 0 to 1, such as 0.5")]
    Fraction,
    #[error("expected a number of seconds, such as 15 or 0.5")]
    Seconds,
    #[error("expected more than 0 seconds")]
    NoSeconds,
}

pub fn parse_metres(text: &str) -> Result<f64, ValueError> {
    let metres = text.parse().ok().filter(|metres| (0.0..=100_000.0).contains(metres));
    metres.ok_or(ValueError::Metres)
}

pub fn parse_percent(text: &str) -> Result<f64, ValueError> {
    let percent = text.strip_suffix('%').unwrap_or(text).parse().ok();
    percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or(ValueError::Percent)
}

pub fn parse_time_zone(name: &str) -> Result<TimeZone, ValueError> {
    TimeZone::get(name).map_err(|_| ValueError::TimeZone)
}

pub fn parse_fraction(text: &str) -> Result<f32, ValueError> {
    text.parse().ok().filter(|number| (0.0..=1.0).contains(number)).ok_or(ValueError::Fraction)
}

/// Seconds, more than none of them.
pub fn parse_seconds(text: &str) -> Result<Duration, ValueError> {
    let duration = parse_seconds_or_none(text)?;
    if duration.is_zero() { Err(ValueError::NoSeconds) } else { Ok(duration) }
}

pub fn parse_seconds_or_none(text: &str) -> Result<Duration, ValueError> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A year is more than any useful setting, and far below what overflows a clock.
    seconds.filter(|duration| *duration <= Duration::from_hours(366 * 24)).ok_or(ValueError::Seconds)
}
