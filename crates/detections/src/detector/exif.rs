//! When and where a picture was taken, by its EXIF.

use std::io::Cursor;

use exif::{Exif, In, Reader, Tag, Value};

use crate::clock::Written;
use crate::media_files::MediaFiles;

/// EXIF stands at the start of a file; with a preview in it, it fills 64 KiB.
const HEAD: u64 = 1 << 17;

/// What EXIF tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Taken {
    pub time: Option<Written>,
    /// Degrees north and east.
    pub place: Option<(f64, f64)>,
}

/// Of each of these paths; nothing where there is no file or no EXIF. Most of the time is spent
/// waiting for the disk, so several are read at once.
pub(super) fn taken(files: &MediaFiles, paths: &[&str]) -> Vec<Taken> {
    const READERS: usize = 8;
    let part = paths.len().div_ceil(READERS).max(1);
    std::thread::scope(|scope| {
        let read = |part: &[&str]| part.iter().map(|path| taken_of(files, path)).collect::<Vec<_>>();
        let threads: Vec<_> = paths.chunks(part).map(|part| scope.spawn(move || read(part))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("reading EXIF does not panic")).collect()
    })
}

fn taken_of(files: &MediaFiles, path: &str) -> Taken {
    let Ok(head) = files.head(path, HEAD) else { return Taken::default() };
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut Cursor::new(head));
    let Ok(exif) = read.or_else(|error| error.distill_partial_result(|_| ())) else {
        return Taken::default();
    };
    Taken { time: time(&exif), place: place(&exif) }
}

fn time(exif: &Exif) -> Option<Written> {
    let of = |tag: Tag| text(exif, tag).as_deref().and_then(parse_time);
    let mut written =
        of(Tag::DateTimeOriginal).or_else(|| of(Tag::DateTimeDigitized)).or_else(|| of(Tag::DateTime))?;
    written.offset = text(exif, Tag::OffsetTimeOriginal).as_deref().and_then(offset);
    Some(written)
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => Some(String::from_utf8_lossy(texts.first()?).trim().to_owned()),
        _ => None,
    }
}

/// `2021:04:11 20:43:09`, as EXIF has it and some programs copy it. A clock that was never set
/// says 0000:00:00, which is none.
pub(super) fn parse_time(text: &str) -> Option<Written> {
    let bytes = text.as_bytes();
    if bytes.len() == 19 && bytes[4] == b':' && bytes[7] == b':' {
        return Written::parse(&format!("{}-{}-{}", &text.get(..4)?, &text.get(5..7)?, &text.get(8..)?));
    }
    Written::parse(text)
}

/// `+02:00`, in seconds.
fn offset(text: &str) -> Option<i32> {
    Written::parse(&format!("2000-01-01T00:00:00{text}"))?.offset
}

fn place(exif: &Exif) -> Option<(f64, f64)> {
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
    fn times_are_read_as_exif_and_as_programs_write_them() {
        for text in ["2021:04:11 20:43:09", "2021-04-11 20:43:09", "2021-04-11T20:43:09"] {
            assert_eq!(parse_time(text).unwrap().local.to_string(), "2021-04-11 20:43:09", "{text}");
        }
        for text in
            ["0000:00:00 00:00:00", "2021:13:11 20:43:09", "    :  :     :  :  ", "yesterday", "äääääääääb"]
        {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!((offset("+02:00"), offset("-03:30"), offset("Z?")), (Some(7200), Some(-12_600), None));
    }
}
