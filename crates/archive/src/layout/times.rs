//! Formatting times for tables.

use detections::{CameraClock, LocalTime, WrittenTime};
use jiff::tz::Offset;

/// Formats a time as RFC 3339, with the offset of the camera's clock if known.
pub(crate) fn format_timestamp(time: LocalTime, offset: Option<i32>) -> String {
    let local = time.civil().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let offset = offset.and_then(|seconds| Offset::from_seconds(seconds).ok());
    match offset {
        Some(offset) if offset == Offset::UTC => format!("{local}Z"),
        Some(offset) => {
            let seconds = offset.seconds();
            let sign = if seconds < 0 { '-' } else { '+' };
            format!("{local}{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
        }
        None => local,
    }
}

/// The offset of a camera's clock, in seconds, when it showed `time`.
pub(crate) fn find_offset(clock: &CameraClock, time: LocalTime) -> Option<i32> {
    clock.read(WrittenTime { local: time, offset: None, date_only: false }).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_the_offset_of_their_camera() {
        let noon = LocalTime::start_of(jiff::civil::date(2021, 5, 31)).seconds() + 12 * 3600;
        let noon = LocalTime::from_seconds(noon);
        assert_eq!(format_timestamp(noon, Some(7200)), "2021-05-31T12:00:00+02:00");
        assert_eq!(format_timestamp(noon, Some(-12_600)), "2021-05-31T12:00:00-03:30");
        assert_eq!(format_timestamp(noon, Some(0)), "2021-05-31T12:00:00Z");
        assert_eq!(format_timestamp(noon, None), "2021-05-31T12:00:00");
    }
}
