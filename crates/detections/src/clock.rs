//! Times as cameras write them.
//!
//! The time of day is that of the camera's clock. A package may mix offsets: `eventStart` in UTC beside
//! `media.timestamp` on the camera's clock. All times are converted to the clock of the deployment, and the
//! offset is kept beside them.

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
        Self(days_since_1970(date) * DAY)
    }

    /// Hour of the day with its fraction, in `[0, 24)`.
    pub fn hour_of_day(self) -> f64 {
        self.0.rem_euclid(DAY) as f64 / 3600.0
    }

    /// The calendar date.
    pub fn date(self) -> Date {
        self.civil().date()
    }

    /// The civil date and time. Seconds that are out of range, which no reader produces, saturate.
    pub fn civil(self) -> DateTime {
        let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        epoch.saturating_add(SignedDuration::from_secs(self.0))
    }

    /// The reading `seconds` later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds)
    }

    /// The reading `days` civil days later.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * DAY)
    }
}

/// From the start of the first day to the end of the last.
pub(crate) fn whole_days(first: LocalTime, last: LocalTime) -> (LocalTime, LocalTime) {
    let end = LocalTime::start_of(last.date()).plus_days(1).seconds() - 1;
    (LocalTime::start_of(first.date()), LocalTime::from_seconds(end))
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

/// A time as it is written in a table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WrittenTime {
    /// The clock reading.
    pub local: LocalTime,
    /// The UTC offset in seconds, if written (`Z` is 0).
    pub offset: Option<i32>,
    /// Only a date was written; `local` is its midnight.
    pub date_only: bool,
}

impl WrittenTime {
    /// Parses `2020-05-30T04:57:37+02:00`, `2020-05-30 04:57:37`, `2020-05-30` and other ISO 8601 forms that
    /// `jiff` accepts, and `2020-05-30 04:57:37 UTC`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_iso(text).or_else(|| Self::parse_utc(text))
    }

    fn parse_iso(text: &str) -> Option<Self> {
        Self::parse_common(text.as_bytes()).or_else(|| Self::parse_any(text))
    }

    /// A time followed by the name of its zone, as pandas and R write times in UTC.
    fn parse_utc(text: &str) -> Option<Self> {
        let time = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT"))?;
        let written = Self::parse_iso(time.trim_end()).filter(|written| written.offset.is_none())?;
        Some(Self { offset: Some(0), ..written })
    }

    fn parse_any(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        let time = pieces.time();
        Some(Self {
            local: pieces.date().to_datetime(time.unwrap_or_default()).into(),
            offset: pieces.offset().map(|offset| offset.to_numeric_offset().seconds()),
            date_only: time.is_none(),
        })
    }

    /// Parses `2020-05-30T04:57:37` (or with a space), alone or followed by `Z` or `+02:00`, in a tenth of
    /// the time. Nearly all rows have this form; for others it returns `None`.
    fn parse_common(text: &[u8]) -> Option<Self> {
        let (time, offset) = text.split_at_checked(19)?;
        let digits = |at: usize, length: usize| -> Option<i16> {
            text.get(at..at + length)?.iter().try_fold(0_i16, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0'))
            })
        };
        let two = |at: usize| digits(at, 2).and_then(|number| i8::try_from(number).ok());
        if [time[4], time[7], time[13], time[16]] != *b"--::" || !matches!(time[10], b'T' | b' ') {
            return None;
        }
        let date = Date::new(digits(0, 4)?, two(5)?, two(8)?).ok()?;
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let offset = match offset {
            [] => None,
            [b'Z'] => Some(0),
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let (hours, minutes) = (two(20)?, two(23)?);
                let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
                (hours < 24 && minutes < 60).then_some(())?;
                Some(if *sign == b'-' { -seconds } else { seconds })
            }
            _ => return None,
        };
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self { local: LocalTime(days_since_1970(date) * DAY + of_day), offset, date_only: false })
    }
}

/// Counts days in cycles of four centuries, as in Hinnant, chrono-compatible Low-Level Date Algorithms
/// (2013), `days_from_civil`.
fn days_since_1970(date: Date) -> i64 {
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let (century, of_centuries) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(date.day()) - 1;
    century * 146_097 + of_centuries * 365 + of_centuries / 4 - of_centuries / 100 + of_year - 719_468
}

/// The clock of a deployment's times.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CameraClock {
    /// The zone that the user set.
    Zone(TimeZone),
    /// A fixed offset, in seconds east of UTC: the one `deploymentStart` was written with.
    Offset(i32),
    /// Not known: times are taken as written.
    #[default]
    Unknown,
}

impl CameraClock {
    /// Converts a written time to this clock, and returns the UTC offset in seconds if known.
    ///
    /// A time without an offset is already on the camera's clock.
    pub fn read(&self, written: WrittenTime) -> (LocalTime, Option<i32>) {
        match (self, written.offset) {
            (Self::Zone(zone), Some(offset)) => {
                let instant = written.local.seconds() - i64::from(offset);
                let there = find_zone_offset(zone, instant);
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

fn find_zone_offset(zone: &TimeZone, instant: i64) -> i32 {
    Timestamp::from_second(instant).map_or(Offset::UTC, |at| zone.to_offset(at)).seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> LocalTime {
        WrittenTime::parse(text).unwrap().local
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        let mut date = Date::constant(1899, 12, 30);
        for day in days_since_1970(date)..days_since_1970(date) + 100_000 {
            assert_eq!(days_since_1970(date), day, "{date}");
            assert_eq!(LocalTime::start_of(date).date(), date);
            date = date.tomorrow().unwrap();
        }
    }

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        for text in [
            "2020-05-30T04:57:37+02:00",
            "2020-02-29 23:59:59-11:30",
            "1969-12-31T18:30:00Z",
            "0001-01-01T00:00:00",
            "9999-12-31T00:00:00",
            "2018-04-13 13:51:01",
        ] {
            assert!(WrittenTime::parse_common(text.as_bytes()).is_some(), "{text}");
            assert_eq!(WrittenTime::parse_common(text.as_bytes()), WrittenTime::parse_any(text), "{text}");
        }
        for text in
            ["2021-02-29T00:00:00", "2021-01-01T24:00:00", "2021-01-01T10:00:00+2:00", "2021-1-01T10:00:00Z"]
        {
            assert_eq!(WrittenTime::parse_common(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_time_may_name_its_zone_when_that_is_utc() {
        for text in ["2023-05-01 06:30:00 UTC", "2023-05-01T06:30:00 GMT", "2023-05-01 06:30  UTC"] {
            assert_eq!(WrittenTime::parse(text), WrittenTime::parse("2023-05-01T06:30:00Z"), "{text}");
        }
        for text in ["2023-05-01 06:30:00+02:00 UTC", "UTC", " UTC", "2023-05-01 06:30:00 CET"] {
            assert_eq!(WrittenTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_fraction_of_a_second_is_left_out() {
        let written = WrittenTime::parse("2023-05-16T10:00:00.123456").unwrap();
        assert_eq!((written.local, written.offset), (local("2023-05-16T10:00:00"), None));
    }

    #[test]
    fn a_utc_time_is_shown_on_the_clock_of_its_deployment() {
        let written = WrittenTime::parse("2020-05-30T02:57:37Z").unwrap();
        let (time, offset) = CameraClock::Offset(7200).read(written);
        assert_eq!(time.to_string(), "2020-05-30 04:57:37");
        assert_eq!(offset, Some(7200));
    }

    #[test]
    fn a_time_without_offset_is_the_cameras_own() {
        let written = WrittenTime::parse("2018-04-13 13:51:01").unwrap();
        assert_eq!(CameraClock::Offset(7200).read(written).0, written.local);
        assert_eq!(CameraClock::Unknown.read(written), (written.local, None));
        assert!(!written.date_only);
    }

    #[test]
    fn a_zone_the_user_gives_follows_its_summer_time() {
        let clock = CameraClock::Zone(TimeZone::get("Europe/Brussels").unwrap());
        let winter = clock.read(WrittenTime::parse("2021-01-05T12:00:00Z").unwrap());
        let summer = clock.read(WrittenTime::parse("2021-07-05T12:00:00Z").unwrap());
        assert_eq!((winter.0, winter.1), (local("2021-01-05T13:00:00"), Some(3600)));
        assert_eq!((summer.0, summer.1), (local("2021-07-05T14:00:00"), Some(7200)));
    }

    #[test]
    fn hours_and_dates_hold_before_1970_too() {
        let time = local("1969-12-31T18:30:00");
        assert!((time.hour_of_day() - 18.5).abs() < 1e-9);
        assert_eq!(time.date().to_string(), "1969-12-31");
        assert!(WrittenTime::parse("2018-04-11").unwrap().date_only);
        assert_eq!(WrittenTime::parse("11/04/2018"), None);
    }
}
