//! Decoding PNG, which some trap cameras and many tools write.

use std::io::Cursor;

use ::png::{ColorType, DecodingError, InterlaceInfo, Reader, Transformations, expand_interlaced_row};
use detections::PixelBox;
use tokio_util::sync::CancellationToken;

use super::{CHANNELS, Passes, Picture, PictureError};

/// Pixels around an area that filters use when they shrink it: up to two for each pixel of a crop, which has
/// at least 128 on its longest side.
const MARGIN_SHARE: u32 = 64;
const LEAST_MARGIN: u32 = 8;
/// Rows between two looks at the token, whose lock all threads share.
const BATCH: u32 = 32;

const SMALLER_THAN_IT_SAYS: &str = "a PNG whose first picture is smaller than it says";

type Png<'a> = Reader<Cursor<&'a [u8]>>;

/// Reads the header of a PNG file: its width and height in pixels, which are at least 1, and its passes.
pub(super) fn read_info(bytes: &[u8]) -> Result<(u32, u32, Passes), PictureError> {
    let reader = open(bytes)?;
    let info = reader.info();
    Ok((info.width, info.height, if info.interlaced { Passes::Interlaced } else { Passes::One }))
}

/// The window to decode for `area`.
pub(super) fn choose_window(area: PixelBox, width: u32, height: u32) -> PixelBox {
    let margin = area.width.max(area.height) / MARGIN_SHARE + LEAST_MARGIN;
    let (x, y) = (area.x.saturating_sub(margin), area.y.saturating_sub(margin));
    let right = area.x.saturating_add(area.width + margin).min(width);
    let bottom = area.y.saturating_add(area.height + margin).min(height);
    PixelBox { x, y, width: right - x, height: bottom - y }
}

/// Decodes the window around an area. Transparent pixels show their colour.
///
/// The token ends decoding.
pub(super) fn decode(
    bytes: &[u8],
    area: PixelBox,
    cancellation: &CancellationToken,
) -> Result<Picture, PictureError> {
    let mut reader = open(bytes)?;
    let (width, height) = reader.info().size();
    let window = choose_window(area, width, height);
    let mut pixels = Vec::with_capacity(window.width as usize * window.height as usize * CHANNELS);
    if reader.info().interlaced {
        let samples = read_interlaced(&mut reader, cancellation)?;
        let (color, _) = reader.output_color_type();
        let stride = width as usize * color.samples();
        let rows = samples.chunks_exact(stride).skip(window.y as usize).take(window.height as usize);
        rows.for_each(|row| push_pixels(&mut pixels, row, color, window));
    } else {
        read_rows(&mut reader, window, &mut pixels, cancellation)?;
    }
    let PixelBox { x: left, y: top, width, height } = window;
    if pixels.len() != width as usize * height as usize * CHANNELS {
        return Err(PictureError::NotAPicture(SMALLER_THAN_IT_SAYS.into()));
    }
    Ok(Picture { left, top, ..Picture::whole(width, height, pixels) })
}

fn open(bytes: &[u8]) -> Result<Png<'_>, PictureError> {
    let mut decoder = ::png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::ALPHA | Transformations::STRIP_16);
    let reader = decoder.read_info().map_err(map_error)?;
    // The first picture of an animation may have another size.
    let frame = reader.info().frame_control();
    let is_whole = frame.is_none_or(|frame| (frame.width, frame.height) == reader.info().size());
    match reader.output_color_type().0 {
        ColorType::Indexed => Err(PictureError::NotAPicture("a PNG whose palette is missing".into())),
        _ if !is_whole => Err(PictureError::NotAPicture(SMALLER_THAN_IT_SAYS.into())),
        _ => Ok(reader),
    }
}

/// Decodes all rows, so that errors in any of them are found, and keeps the window.
fn read_rows(
    reader: &mut Png<'_>,
    window: PixelBox,
    pixels: &mut Vec<u8>,
    cancellation: &CancellationToken,
) -> Result<(), PictureError> {
    let (color, _) = reader.output_color_type();
    let mut number = 0_u32;
    while let Some(row) = reader.next_row().map_err(map_error)? {
        if number.is_multiple_of(BATCH) && cancellation.is_cancelled() {
            return Err(PictureError::Cancelled);
        }
        if (window.y..window.y + window.height).contains(&number) {
            push_pixels(pixels, row.data(), color, window);
        }
        number += 1;
    }
    Ok(())
}

/// Reads all rows of an interlaced file, which is stored in passes of increasing resolution.
fn read_interlaced(reader: &mut Png<'_>, cancellation: &CancellationToken) -> Result<Vec<u8>, PictureError> {
    let size = reader.output_buffer_size();
    let mut samples =
        vec![0; size.ok_or_else(|| PictureError::NotAPicture("a PNG larger than memory".into()))?];
    let (color, depth) = reader.output_color_type();
    let bits = u8::try_from(color.samples()).unwrap_or(u8::MAX).saturating_mul(depth as u8);
    let stride = reader.output_line_size(reader.info().width).unwrap_or(0);
    let mut number = 0_u32;
    while let Some(row) = reader.next_interlaced_row().map_err(map_error)? {
        number += 1;
        if number.is_multiple_of(BATCH) && cancellation.is_cancelled() {
            return Err(PictureError::Cancelled);
        }
        if let InterlaceInfo::Adam7(info) = row.interlace() {
            expand_interlaced_row(&mut samples, stride, row.data(), info, bits);
        }
    }
    Ok(samples)
}

/// Adds the pixels of a row that are in the window, with [`CHANNELS`] bytes each.
fn push_pixels(pixels: &mut Vec<u8>, row: &[u8], color: ColorType, window: PixelBox) {
    let samples = color.samples();
    let [from, to] = [window.x, window.x + window.width].map(|x| x as usize * samples);
    let Some(row) = row.get(from..to) else { return };
    match color {
        ColorType::Rgba => pixels.extend_from_slice(row),
        ColorType::Rgb => pixels.extend(row.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255])),
        _ => pixels.extend(row.chunks_exact(samples).flat_map(|grey| [grey[0]; CHANNELS])),
    }
}

fn map_error(error: DecodingError) -> PictureError {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            PictureError::Truncated("the PNG ends too early".into())
        }
        other => PictureError::NotAPicture(format!("PNG: {other}")),
    }
}
