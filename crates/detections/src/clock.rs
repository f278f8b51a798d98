//! Times as cameras write them.
//!
//! Time of day is the camera's local clock. A package may mix offsets: `eventStart` in UTC
//! beside `media.timestamp` with the camera's own. Everything is brought to the clock of the
//! deployment, and the offset that was used is kept beside it.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// A reading of a wall clock: seconds since 1970-01-01 00:00:00 on that clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalTime(i64);

/// Seconds in a civil day.
const DAY: i64 = 86_400;

impl LocalTime {
    /// From seconds since 1970-01-01 00:00:00 on the same clock.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 00:00:00 on the same clock.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Midnight at the start of `date`.
    pub fn start_of(date: Date) -> Self {
        Self::from(date.to_datetime(jiff::civil::Time::midnight()))
    }

    /// Hour of the day with its fraction, in `[0, 24)`.
    pub fn hour_of_day(self) -> f64 {
        self.0.rem_euclid(DAY) as f64 / 3600.0
    }

    /// The calendar date.
    pub fn date(self) -> Date {
        self.civil().date()
    }

    /// The civil date and time. Out-of-range seconds, which no reader makes, saturate.
    pub fn civil(self) -> DateTime {
        let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        epoch.saturating_add(SignedDuration::from_secs(self.0))
    }

    /// The moment `days` civil days later.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * DAY)
    }
}

impl From<DateTime> for LocalTime {
    fn from(time: DateTime) -> Self {
        let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        Self(time.duration_since(epoch).as_secs())
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil().strftime("%Y-%m-%d %H:%M:%S"))
    }
}

/// A time as it stands in a table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Written {
    /// The clock reading.
    pub local: LocalTime,
    /// Seconds east of UTC, when written (`Z` is 0).
    pub offset: Option<i32>,
    /// Only a date was written; `local` is its midnight.
    pub date_only: bool,
}

impl Written {
    /// Reads `2020-05-30T04:57:37+02:00`, `2020-05-30 04:57:37`, `2020-05-30` and their like
    /// (ISO 8601 as `jiff` takes it). `None` when it is no time.
    pub fn parse(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        let time = pieces.time();
        Some(Self {
            local: pieces.date().to_datetime(time.unwrap_or_default()).into(),
            offset: pieces.offset().map(|offset| offset.to_numeric_offset().seconds()),
            date_only: time.is_none(),
        })
    }
}

/// The clock that the times of a deployment are shown on.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CameraClock {
    /// The zone the user asked for.
    Zone(TimeZone),
    /// A fixed offset, in seconds east of UTC: the one `deploymentStart` was written with.
    Offset(i32),
    /// Nothing is known of it: times are taken as they are written.
    #[default]
    Unknown,
}

impl CameraClock {
    /// Brings a written time to this clock; with it the offset from UTC in seconds, when known.
    ///
    /// A time without an offset is already a reading of the camera's clock.
    pub fn read(&self, written: Written) -> (LocalTime, Option<i32>) {
        match (self, written.offset) {
            (Self::Zone(zone), Some(offset)) => {
                let instant = written.local.seconds() - i64::from(offset);
                let there = zone_offset(zone, instant);
                (LocalTime(instant + i64::from(there)), Some(there))
            }
            (Self::Zone(zone), None) => {
                let known = zone.to_ambiguous_timestamp(written.local.civil()).compatible();
                (written.local, known.ok().map(|at| zone.to_offset(at).seconds()))
            }
            (Self::Offset(own), Some(offset)) => {
                (LocalTime(written.local.seconds() - i64::from(offset) + i64::from(*own)), Some(*own))
            }
            (Self::Offset(own), None) => (written.local, Some(*own)),
            (Self::Unknown, offset) => (written.local, offset),
        }
    }
}

fn zone_offset(zone: &TimeZone, instant: i64) -> i32 {
    Timestamp::from_second(instant).map_or(Offset::UTC, |at| zone.to_offset(at)).seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> LocalTime {
        Written::parse(text).unwrap().local
    }

    #[test]
    fn a_utc_time_is_shown_on_the_clock_of_its_deployment() {
        let written = Written::parse("2020-05-30T02:57:37Z").unwrap();
        let (time, offset) = CameraClock::Offset(7200).read(written);
        assert_eq!(time.to_string(), "2020-05-30 04:57:37");
        assert_eq!(offset, Some(7200));
    }

    #[test]
    fn a_time_without_offset_is_the_cameras_own() {
        let written = Written::parse("2018-04-13 13:51:01").unwrap();
        assert_eq!(CameraClock::Offset(7200).read(written).0, written.local);
        assert_eq!(CameraClock::Unknown.read(written), (written.local, None));
        assert!(!written.date_only);
    }

    #[test]
    fn a_zone_the_user_gives_follows_its_summer_time() {
        let clock = CameraClock::Zone(TimeZone::get("Europe/Brussels").unwrap());
        let winter = clock.read(Written::parse("2021-01-05T12:00:00Z").unwrap());
        let summer = clock.read(Written::parse("2021-07-05T12:00:00Z").unwrap());
        assert_eq!((winter.0, winter.1), (local("2021-01-05T13:00:00"), Some(3600)));
        assert_eq!((summer.0, summer.1), (local("2021-07-05T14:00:00"), Some(7200)));
    }

    #[test]
    fn hours_and_dates_hold_before_1970_too() {
        let time = local("1969-12-31T18:30:00");
        assert!((time.hour_of_day() - 18.5).abs() < 1e-9);
        assert_eq!(time.date().to_string(), "1969-12-31");
        assert!(Written::parse("2018-04-11").unwrap().date_only);
        assert_eq!(Written::parse("11/04/2018"), None);
    }
}
