//! Times as tables have them.

use detections::LocalTime;
use jiff::tz::Offset;

/// RFC 3339 with the offset of the camera's clock; without one when it is not known.
pub(crate) fn timestamp(time: LocalTime, offset: Option<i32>) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_the_offset_of_their_camera() {
        let noon = LocalTime::start_of(jiff::civil::date(2021, 5, 31)).seconds() + 12 * 3600;
        let noon = LocalTime::from_seconds(noon);
        assert_eq!(timestamp(noon, Some(7200)), "2021-05-31T12:00:00+02:00");
        assert_eq!(timestamp(noon, Some(-12_600)), "2021-05-31T12:00:00-03:30");
        assert_eq!(timestamp(noon, Some(0)), "2021-05-31T12:00:00Z");
        assert_eq!(timestamp(noon, None), "2021-05-31T12:00:00");
    }
}
