//! When and where a picture was taken, by its EXIF.

use std::io::Cursor;

use exif::{Exif, In, Reader, Tag, Value};

use super::metadata::Place;
use super::times::TimeRead;
use crate::clock::Written;
use crate::media::is_remote;
use crate::media_files::{MediaError, MediaFiles};

/// EXIF stands at the start of a file; with a preview in it, it fills 64 KiB.
const HEAD: u64 = 1 << 17;

/// What a look at the file of a picture tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Looked {
    /// There is such a file.
    pub is_found: bool,
    pub time: TimeRead,
    pub place: Option<Place>,
}

/// At each of these paths; there is nothing to see at an address. Most of the time is spent waiting for
/// the disk, so several are read at once.
pub(super) fn look(files: &MediaFiles, paths: &[&str]) -> Vec<Looked> {
    const READERS: usize = 8;
    let part = paths.len().div_ceil(READERS).max(1);
    std::thread::scope(|scope| {
        let read = |part: &[&str]| part.iter().map(|path| look_at(files, path)).collect::<Vec<_>>();
        let threads: Vec<_> = paths.chunks(part).map(|part| scope.spawn(move || read(part))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("reading EXIF does not panic")).collect()
    })
}

fn look_at(files: &MediaFiles, path: &str) -> Looked {
    if is_remote(path) {
        return Looked::default();
    }
    let head = match files.head(path, HEAD) {
        Ok(head) => head,
        // What is there and cannot be read is no reason to look for the pictures elsewhere.
        Err(error) => {
            return Looked { is_found: matches!(error, MediaError::Io { .. }), ..Looked::default() };
        }
    };
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut Cursor::new(head));
    let Ok(exif) = read.or_else(|error| error.distill_partial_result(|_| ())) else {
        return Looked { is_found: true, ..Looked::default() };
    };
    Looked { is_found: true, time: time(&exif), place: place(&exif) }
}

fn time(exif: &Exif) -> TimeRead {
    let tags = [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime];
    let times =
        tags.into_iter().filter_map(|tag| text(exif, tag)).map(|text| TimeRead::of_text("EXIF", &text, None));
    match times.fold(TimeRead::Missing, TimeRead::or) {
        TimeRead::Time(mut written) => {
            let own = text(exif, Tag::OffsetTimeOriginal).as_deref().and_then(offset);
            written.offset = own.or(written.offset);
            TimeRead::Time(written)
        }
        other => other,
    }
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => Some(String::from_utf8_lossy(texts.first()?).trim().to_owned()),
        _ => None,
    }
}

/// `+02:00`, in seconds.
fn offset(text: &str) -> Option<i32> {
    Written::parse(&format!("2000-01-01T00:00:00{text}"))?.offset
}

fn place(exif: &Exif) -> Option<Place> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S", 90.0)?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W", 180.0)?;
    // Receivers without a fix write zeros.
    (latitude != 0.0 || longitude != 0.0).then_some((latitude, longitude))
}

fn degrees(exif: &Exif, tag: Tag, side: Tag, negative: &str, most: f64) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let sum: f64 =
        parts.iter().take(3).zip([1.0, 60.0, 3600.0]).map(|(part, unit)| part.to_f64() / unit).sum();
    let sign = if text(exif, side)?.eq_ignore_ascii_case(negative) { -1.0 } else { 1.0 };
    (sum.is_finite() && sum <= most).then_some(sign * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_read_as_exif_writes_it() {
        assert_eq!((offset("+02:00"), offset("-03:30"), offset("Z?")), (Some(7200), Some(-12_600), None));
    }
}
