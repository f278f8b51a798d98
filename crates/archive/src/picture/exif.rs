//! EXIF: what is needed of it, and what may be handed on.

use std::io::Cursor;

use ::exif::experimental::Writer;
use ::exif::{Exif, Field, In, Reader, Tag, Value};

use super::Orientation;

/// What a picture may tell of its making: the way up, when, and with which settings. Anything not
/// named here may tell a place, a person or one particular camera, and makers' own notes do.
const HANDED_ON: [Tag; 20] = [
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

/// EXIF stands before the picture, in one of the first segments of a JPEG. Looked for to the end, a
/// picture without it costs as much as a fiftieth of its decoding.
const JPEG_HEAD: usize = 1 << 18;

fn read(bytes: &[u8]) -> Option<Exif> {
    let is_jpeg = bytes.starts_with(&[0xFF, 0xD8]);
    let bytes = if is_jpeg { &bytes[..bytes.len().min(JPEG_HEAD)] } else { bytes };
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut Cursor::new(bytes));
    read.or_else(|error| error.distill_partial_result(|_| ())).ok()
}

/// How a picture file is to be displayed; upright when it does not tell.
pub(super) fn orientation(bytes: &[u8]) -> Orientation {
    let value = read(bytes)
        .and_then(|exif| exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0))
        .unwrap_or(1);
    Orientation::numbered(value)
}

/// What may be handed on of a picture's EXIF, as a new block of it; `None` when there is nothing.
pub(super) fn handed_on(bytes: &[u8]) -> Option<Vec<u8>> {
    let exif = read(bytes)?;
    let fields: Vec<&Field> = HANDED_ON
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

/// A value of a kind and length that these tags have: nothing else is smuggled through.
fn is_plain(field: &Field) -> bool {
    match &field.value {
        Value::Ascii(texts) => texts.len() == 1 && texts[0].len() <= 64,
        Value::Short(numbers) => numbers.len() == 1,
        Value::Long(numbers) => numbers.len() == 1,
        Value::Rational(numbers) => numbers.len() == 1,
        _ => false,
    }
}
