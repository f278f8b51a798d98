//! Pictures that tell when and where they were taken, and by which camera.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};

/// What the EXIF of a picture tells beside [`SERIAL`].
#[derive(Clone, Copy, Debug, Default)]
pub struct CameraExif<'a> {
    /// `2023:10:01 06:00:00`
    pub time: &'a str,
    /// `+02:00`, or nothing.
    pub offset: &'a str,
    /// Whole degrees and minutes, north and east; negative is south and west.
    pub place: Option<((i32, u32), (i32, u32))>,
}

/// The serial number of the camera.
pub const SERIAL: &str = "SERIAL-4711";

/// The picture `colour.jpg` with EXIF.
///
/// # Panics
/// When EXIF cannot be written.
pub fn write_exif(taken: CameraExif<'_>) -> Vec<u8> {
    let ascii = |tag, text: &str| field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]));
    let mut fields = vec![
        ascii(Tag::Make, "Trailcam"),
        ascii(Tag::BodySerialNumber, SERIAL),
        ascii(Tag::DateTimeOriginal, taken.time),
    ];
    if !taken.offset.is_empty() {
        fields.push(ascii(Tag::OffsetTimeOriginal, taken.offset));
    }
    if let Some((latitude, longitude)) = taken.place {
        let degrees = |(degrees, minutes): (i32, u32)| {
            let parts = [degrees.unsigned_abs(), minutes, 0].map(|num| Rational { num, denom: 1 });
            Value::Rational(parts.to_vec())
        };
        fields.push(ascii(Tag::GPSLatitudeRef, if latitude.0 < 0 { "S" } else { "N" }));
        fields.push(field(Tag::GPSLatitude, degrees(latitude)));
        fields.push(ascii(Tag::GPSLongitudeRef, if longitude.0 < 0 { "W" } else { "E" }));
        fields.push(field(Tag::GPSLongitude, degrees(longitude)));
    }
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).expect("EXIF is written");
    let content = [b"Exif\0\0".as_slice(), &tiff.into_inner()].concat();
    let length = u16::try_from(content.len() + 2).expect("a short segment").to_be_bytes();
    let picture = crate::picture("colour.jpg");
    [&picture[..2], &[0xFF, 0xE1], &length, &content, &picture[2..]].concat()
}

fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}
