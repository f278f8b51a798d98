//! PNG, which some trap cameras and many image tools write.

use std::io::Cursor;

use ::png::{ColorType, DecodingError, Transformations};

use super::Fault;

/// Width and height in pixels.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32), Fault> {
    let reader = ::png::Decoder::new(Cursor::new(bytes)).read_info().map_err(fault)?;
    let info = reader.info();
    Ok((info.width, info.height))
}

/// The pixels, as [`CHANNELS`](super::CHANNELS) says. What is transparent shows the colour that lies under it.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut decoder = ::png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::ALPHA | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(fault)?;
    let size = reader.output_buffer_size();
    let mut samples = vec![0; size.ok_or_else(|| Fault::NotAPicture("a PNG larger than memory".into()))?];
    let frame = reader.next_frame(&mut samples).map_err(fault)?;
    samples.truncate(frame.buffer_size());
    let grey = |sample: &[u8]| [sample[0]; 4];
    Ok(match frame.color_type {
        ColorType::Rgba => samples,
        ColorType::Rgb => samples.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect(),
        ColorType::Grayscale => samples.chunks_exact(1).flat_map(grey).collect(),
        ColorType::GrayscaleAlpha => samples.chunks_exact(2).flat_map(grey).collect(),
        ColorType::Indexed => return Err(Fault::NotAPicture("a PNG whose palette is missing".into())),
    })
}

fn fault(error: DecodingError) -> Fault {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::Truncated("the PNG ends too early".into())
        }
        other => Fault::NotAPicture(format!("PNG: {other}")),
    }
}
