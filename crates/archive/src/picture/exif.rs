//! Reading EXIF, and copying what may be exported.

use std::io::Cursor;

use ::exif::experimental::Writer;
use ::exif::{Exif, Field, In, Reader, Tag, Value};

use super::Orientation;

/// The tags that may be exported: orientation, times and settings. Other tags may reveal a place, a person or
/// a particular camera, and maker notes do.
const ALLOWED_TAGS: [Tag; 20] = [
    Tag::Orientation,
    Tag::DateTime,
    Tag::DateTimeOriginal,
    Tag::DateTimeDigitized,
    Tag::SubSecTimeOriginal,
    Tag::OffsetTime,
    Tag::OffsetTimeOriginal,
    Tag::OffsetTimeDigitized,
    Tag::Make,
    Tag::Model,
    Tag::XResolution,
    Tag::YResolution,
    Tag::ResolutionUnit,
    Tag::YCbCrPositioning,
    Tag::ExposureTime,
    Tag::FNumber,
    Tag::PhotographicSensitivity,
    Tag::Flash,
    Tag::FocalLength,
    Tag::ColorSpace,
];

/// EXIF is in one of the first segments of a JPEG. Searching a whole picture without EXIF takes a fiftieth of
/// the time of decoding it.
const JPEG_HEAD: usize = 1 << 18;

fn read_exif(bytes: &[u8]) -> Option<Exif> {
    let is_jpeg = bytes.starts_with(&[0xFF, 0xD8]);
    let bytes = if is_jpeg { &bytes[..bytes.len().min(JPEG_HEAD)] } else { bytes };
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut Cursor::new(bytes));
    read.or_else(|error| error.distill_partial_result(|_| ())).ok()
}

/// The orientation of a picture file; upright if it is not stated.
pub(super) fn read_orientation(bytes: &[u8]) -> Orientation {
    let value = read_exif(bytes)
        .and_then(|exif| exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0))
        .unwrap_or(1);
    Orientation::from_exif(value)
}

/// Copies the allowed tags of a picture into a new EXIF block; `None` if there are none.
pub(super) fn copy_allowed_tags(bytes: &[u8]) -> Option<Vec<u8>> {
    let exif = read_exif(bytes)?;
    let fields: Vec<&Field> = ALLOWED_TAGS
        .iter()
        .filter_map(|tag| exif.get_field(*tag, In::PRIMARY))
        .filter(|f| is_plain(f))
        .collect();
    if fields.is_empty() {
        return None;
    }
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, exif.little_endian()).ok()?;
    Some(block.into_inner())
}

/// Whether a value has the usual type and length of these tags, so that nothing else is exported with it.
fn is_plain(field: &Field) -> bool {
    match &field.value {
        Value::Ascii(texts) => texts.len() == 1 && texts[0].len() <= 64,
        Value::Short(numbers) => numbers.len() == 1,
        Value::Long(numbers) => numbers.len() == 1,
        Value::Rational(numbers) => numbers.len() == 1,
        _ => false,
    }
}
