//! The time and coordinates of a picture in the results, where a program copied them from EXIF.

use serde_json::Value;

use super::times::ParsedTime;
use super::values::read_number;
use crate::written_dates::DateOrder;

/// Degrees north and east (WGS 84).
pub(super) type ImageCoordinates = (f64, f64);

/// Coordinates as they were read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ParsedCoordinates {
    Missing,
    Unreadable,
    Valid(ImageCoordinates),
}

/// Reads the time of an image: `datetime`, else the one in `exif_metadata`.
pub(super) fn read_time(image: &Value, order: Option<DateOrder>) -> ParsedTime {
    list_times(image)
        .map(|(field, value)| ParsedTime::from_value(field, value, order))
        .fold(ParsedTime::Missing, ParsedTime::or)
}

/// Lists the values of the time fields, each with the name of its field.
pub(super) fn list_times(image: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let exif = &image["exif_metadata"];
    let tags = ["datetimeoriginal", "createdate", "datetimedigitized", "datetime"];
    let of_exif = tags.into_iter().filter_map(move |tag| Some(("exif_metadata", find_tag(exif, tag)?)));
    std::iter::once(("datetime", &image["datetime"])).chain(of_exif)
}

/// Reads the coordinates of an image: `latitude` and `longitude`, else those in `exif_metadata`.
pub(super) fn read_coordinates(image: &Value) -> ParsedCoordinates {
    let own = ParsedCoordinates::parse([&image["latitude"], &image["longitude"]], [None, None]);
    if own != ParsedCoordinates::Missing {
        return own;
    }
    let exif = &image["exif_metadata"];
    let gps = find_tag(exif, "gpsinfo").filter(|gps| gps.is_object() || gps.is_array()).unwrap_or(exif);
    let sides = [find_tag(gps, "gpslatitude"), find_tag(gps, "gpslongitude")];
    let [Some(latitude), Some(longitude)] = sides else { return ParsedCoordinates::Missing };
    ParsedCoordinates::parse(
        [latitude, longitude],
        ["gpslatituderef", "gpslongituderef"].map(|tag| find_tag(gps, tag)),
    )
}

impl ParsedCoordinates {
    fn parse([north, east]: [&Value; 2], [north_side, east_side]: [Option<&Value>; 2]) -> Self {
        let is_empty = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        if is_empty(north) && is_empty(east) {
            return Self::Missing;
        }
        match (parse_degrees(north, north_side, 90.0), parse_degrees(east, east_side, 180.0)) {
            // GPS receivers without a fix write zeros.
            (Some(north), Some(east)) if north == 0.0 && east == 0.0 => Self::Missing,
            (Some(north), Some(east)) => Self::Valid((north, east)),
            _ => Self::Unreadable,
        }
    }
}

/// The value of an EXIF tag by its lower-case name without spaces and slashes. `exif` is an object, or a
/// list of rows that end with tag and value.
fn find_tag<'a>(exif: &'a Value, name: &str) -> Option<&'a Value> {
    let is_named = |tag: &str| {
        tag.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .eq(name.chars())
    };
    match exif {
        Value::Object(tags) => tags.iter().find(|(tag, _)| is_named(tag)).map(|(_, value)| value),
        Value::Array(rows) => rows.iter().find_map(|row| {
            let [.., tag, value] = row.as_array()?.as_slice() else { return None };
            is_named(tag.as_str()?).then_some(value)
        }),
        _ => None,
    }
}

/// Parses an angle in degrees, at most `most` in either direction: one number, or degrees, minutes and
/// seconds as a list or as text such as `51 deg 30' 0.00" N`. It is negative in the south and west, as the
/// text or `side` says.
fn parse_degrees(value: &Value, side: Option<&Value>, most: f64) -> Option<f64> {
    let text = value.as_str().map_or("", str::trim);
    let parts: Vec<f64> = match value {
        Value::Array(parts) => parts.iter().map(read_part).collect::<Option<_>>()?,
        Value::String(_) => text
            .split(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | '/' | '-'))
            .filter(|part| !part.is_empty())
            .map(parse_fraction)
            .collect::<Option<_>>()?,
        other => vec![read_number(other)?],
    };
    let first = *parts.first()?;
    let sum: f64 = parts.iter().zip([1.0, 60.0, 3600.0]).map(|(part, unit)| part.abs() / unit).sum();
    let letters = [side.and_then(Value::as_str).map_or("", str::trim).chars().next(), text.chars().next()];
    let mut letters = letters.into_iter().chain([text.chars().next_back()]).flatten();
    let is_south_or_west = letters.any(|letter| matches!(letter.to_ascii_uppercase(), 'S' | 'W'));
    let is_negative = first.is_sign_negative() || is_south_or_west;
    (parts.len() <= 3 && sum <= most).then_some(if is_negative { -sum } else { sum })
}

/// Reads degrees, minutes or seconds: a number, a fraction as text, or a list of two numbers.
fn read_part(value: &Value) -> Option<f64> {
    match value {
        Value::Array(pair) => {
            let [above, below] = pair.as_slice() else { return None };
            divide(read_number(above)?, read_number(below)?)
        }
        Value::String(text) => parse_fraction(text.trim()),
        other => read_number(other),
    }
}

/// Parses `12`, `12.5` or `25/2`.
fn parse_fraction(text: &str) -> Option<f64> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match text.split_once('/') {
        Some((above, below)) => divide(number(above)?, number(below)?),
        None => number(text),
    }
}

fn divide(above: f64, below: f64) -> Option<f64> {
    (below != 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_found_in_either_form_of_exif() {
        let right = ParsedTime::from_text("exif_metadata", "2023:10:01 06:00:00", None);
        assert!(matches!(right, ParsedTime::Time(_)));
        for exif in [
            json!({"Make": "Trailcam", "DateTimeOriginal": "2023:10:01 06:00:00", "DateTime": "2024:01:01 00:00:00"}),
            json!([["Make", "Trailcam"], ["DateTimeOriginal", "2023:10:01 06:00:00"]]),
            json!([["EXIF", "Date/Time Original", "2023:10:01 06:00:00"]]),
            json!({"DateTimeOriginal": "0000:00:00 00:00:00", "DateTime": "2023:10:01 06:00:00"}),
        ] {
            assert_eq!(read_time(&json!({"exif_metadata": exif}), None), right, "{exif}");
        }
        for image in
            [json!({}), json!({"exif_metadata": null}), json!({"exif_metadata": [[], 7, ["a"]]}), json!(7)]
        {
            assert_eq!(read_time(&image, None), ParsedTime::Missing, "{image}");
        }
    }

    #[test]
    fn a_place_is_found_however_degrees_are_written() {
        let with_gps = |gps: Value| json!({"exif_metadata": {"GPSInfo": gps}});
        let north_west = |north: Value, west: Value| {
            with_gps(
                json!({"GPSLatitudeRef": "N", "GPSLatitude": north, "GPSLongitudeRef": "W", "GPSLongitude": west}),
            )
        };
        for image in [
            json!({"latitude": 51.5, "longitude": -114.25}),
            json!({"latitude": "51.5", "longitude": "-114.25"}),
            north_west(json!([51, 30.0, 0.0]), json!([114, 15, 0])),
            north_west(json!("(51.0, 30.0, 0.0)"), json!(["114/1", "15", "0"])),
            north_west(json!([[51, 1], [30, 1], [0, 1]]), json!([[114, 1], [15, 1], [0, 1]])),
            json!({"exif_metadata": [["EXIF", "GPS Latitude", "51 deg 30' 0.00\" N"], ["EXIF", "GPS Longitude", "114 deg 15' 0.00\" W"]]}),
        ] {
            assert_eq!(read_coordinates(&image), ParsedCoordinates::Valid((51.5, -114.25)), "{image}");
        }
        for image in [
            json!({"latitude": null, "longitude": null}),
            json!({"latitude": 0.0, "longitude": 0}),
            json!({"exif_metadata": {"GPSInfo": "34853"}}),
            json!({}),
        ] {
            assert_eq!(read_coordinates(&image), ParsedCoordinates::Missing, "{image}");
        }
        for image in [
            json!({"latitude": 91, "longitude": 0}),
            json!({"latitude": 51.5}),
            json!({"latitude": "north", "longitude": 3}),
            with_gps(json!({"GPSLatitude": [[51, 0]], "GPSLongitude": [114]})),
        ] {
            assert_eq!(read_coordinates(&image), ParsedCoordinates::Unreadable, "{image}");
        }
    }
}
