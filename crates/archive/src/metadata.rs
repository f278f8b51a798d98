//! `metadata.csv`: a row for each detection of the archive.

use std::io::Write;

use detections::{Dataset, LocalTime, Observation, PixelBox};
use jiff::Timestamp;
use jiff::tz::Offset;

const COLUMNS: [&str; 13] = [
    "detection_id",
    "image_id",
    "filename",
    "timestamp",
    "classification",
    "confidence",
    "bbox_x",
    "bbox_y",
    "bbox_width",
    "bbox_height",
    "deer_id",
    "location",
    "created_at",
];

/// Writes the rows of `detections`: observations, each with the size of its picture when that
/// could be read.
pub(crate) fn write(
    data: &Dataset,
    detections: impl Iterator<Item = (u32, Option<(u32, u32)>)>,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(COLUMNS).map_err(std::io::Error::from)?;
    for (row, size) in detections {
        csv.write_record(fields(data, &data.observations.get(row), size)).map_err(std::io::Error::from)?;
    }
    csv.flush()
}

fn fields(data: &Dataset, o: &Observation<'_>, size: Option<(u32, u32)>) -> [String; 13] {
    let area = o.bbox.zip(size).and_then(|(area, (width, height))| area.in_pixels(width, height));
    let pixels = |side: fn(PixelBox) -> u32| area.map_or_else(String::new, |area| side(area).to_string());
    let of_media =
        |text: fn(&Dataset, u32) -> String| o.media.map_or_else(String::new, |row| text(data, row));
    let location = data.deployments[o.deployment as usize].location;
    [
        o.id.to_owned(),
        of_media(|data, row| data.media.id(row).to_owned()),
        of_media(|data, row| data.media.file_name(row).to_owned()),
        o.time.map_or_else(String::new, |time| timestamp(time, o.offset)),
        o.class.map_or_else(String::new, |class| data.classes[class as usize].name.clone()),
        o.confidence.map_or_else(String::new, |confidence| confidence.to_string()),
        pixels(|area| area.x),
        pixels(|area| area.y),
        pixels(|area| area.width),
        pixels(|area| area.height),
        o.individual.unwrap_or_default().to_owned(),
        data.locations[location as usize].name.clone(),
        o.classified_at
            .and_then(|at| Timestamp::from_second(at).ok())
            .map_or_else(String::new, |at| at.to_string()),
    ]
}

/// RFC 3339 with the offset of the camera's clock; without one when it is not known.
fn timestamp(time: LocalTime, offset: Option<i32>) -> String {
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
