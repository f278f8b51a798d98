//! The time and coordinates in a picture's EXIF.

use std::io::Cursor;

use exif::{Exif, In, Reader, Tag, Value};

use super::metadata::ImageCoordinates;
use super::times::ParsedTime;
use crate::clock::WrittenTime;
use crate::media::is_remote;
use crate::media_files::{MediaError, MediaFiles};
use crate::parallel::run_all;

/// Bytes to read: EXIF is at the start of a file, and takes up to 64 KiB with a preview.
const HEAD: u64 = 1 << 17;

/// What the file of a picture tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FileMetadata {
    /// The file exists.
    pub is_found: bool,
    pub time: ParsedTime,
    pub place: Option<ImageCoordinates>,
}

/// Reads the files at these paths; addresses are skipped. Most of the time is spent waiting for the disk,
/// so several files are read at once.
pub(super) fn read_all(files: &MediaFiles, paths: &[&str]) -> Vec<FileMetadata> {
    const READERS: usize = 8;
    let part = paths.len().div_ceil(READERS).max(1);
    let read = |part: &[&str]| part.iter().map(|path| read_one(files, path)).collect::<Vec<_>>();
    run_all(paths.chunks(part).collect(), read).concat()
}

fn read_one(files: &MediaFiles, path: &str) -> FileMetadata {
    if is_remote(path) {
        return FileMetadata::default();
    }
    let head = match files.read_head(path, HEAD) {
        Ok(head) => head,
        // A file that exists but cannot be read is no reason to look for the pictures elsewhere.
        Err(error) => {
            return FileMetadata {
                is_found: matches!(error, MediaError::Io { .. }),
                ..FileMetadata::default()
            };
        }
    };
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut Cursor::new(head));
    let Ok(exif) = read.or_else(|error| error.distill_partial_result(|_| ())) else {
        return FileMetadata { is_found: true, ..FileMetadata::default() };
    };
    FileMetadata { is_found: true, time: read_time(&exif), place: read_coordinates(&exif) }
}

fn read_time(exif: &Exif) -> ParsedTime {
    let tags = [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime];
    let times = tags
        .into_iter()
        .filter_map(|tag| read_tag(exif, tag))
        .map(|text| ParsedTime::from_text("EXIF", &text, None));
    match times.fold(ParsedTime::Missing, ParsedTime::or) {
        ParsedTime::Time(mut written) => {
            let own = read_tag(exif, Tag::OffsetTimeOriginal).as_deref().and_then(parse_offset);
            written.offset = own.or(written.offset);
            ParsedTime::Time(written)
        }
        other => other,
    }
}

fn read_tag(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => Some(String::from_utf8_lossy(texts.first()?).trim().to_owned()),
        _ => None,
    }
}

/// Parses an offset such as `+02:00` to seconds.
fn parse_offset(text: &str) -> Option<i32> {
    WrittenTime::parse(&format!("2000-01-01T00:00:00{text}"))?.offset
}

fn read_coordinates(exif: &Exif) -> Option<ImageCoordinates> {
    let latitude = read_degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S", 90.0)?;
    let longitude = read_degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W", 180.0)?;
    // Receivers without a fix write zeros.
    (latitude != 0.0 || longitude != 0.0).then_some((latitude, longitude))
}

fn read_degrees(exif: &Exif, tag: Tag, side: Tag, negative: &str, most: f64) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let sum: f64 =
        parts.iter().take(3).zip([1.0, 60.0, 3600.0]).map(|(part, unit)| part.to_f64() / unit).sum();
    let sign = if read_tag(exif, side)?.eq_ignore_ascii_case(negative) { -1.0 } else { 1.0 };
    (sum.is_finite() && sum <= most).then_some(sign * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_read_as_exif_writes_it() {
        assert_eq!(["+02:00", "-03:30", "Z?"].map(parse_offset), [Some(7200), Some(-12_600), None]);
    }
}
