//! PNG, which some trap cameras and many image tools write.

use std::io::Cursor;

use ::png::{ColorType, DecodingError, InterlaceInfo, Reader, Transformations, expand_interlaced_row};
use detections::PixelBox;

use super::{CHANNELS, Fault, Picture};

/// Pixels around an area that filters look at when it is made smaller: up to two for each pixel
/// of a crop, which has at least 128 on its longest side.
const MARGIN_SHARE: u32 = 64;
const LEAST_MARGIN: u32 = 8;

type Png<'a> = Reader<Cursor<&'a [u8]>>;

/// What the header of a PNG file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PngInfo {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// Whether the file is decoded in several passes over the whole picture.
    pub is_interlaced: bool,
}

/// Reads the header of a PNG file.
pub(super) fn read_info(bytes: &[u8]) -> Result<PngInfo, Fault> {
    let reader = open(bytes)?;
    let info = reader.info();
    Ok(PngInfo { width: info.width, height: info.height, is_interlaced: info.interlaced })
}

/// What is decoded of a picture of which `area` is needed.
pub(super) fn window(area: PixelBox, width: u32, height: u32) -> PixelBox {
    let margin = area.width.max(area.height) / MARGIN_SHARE + LEAST_MARGIN;
    let (x, y) = (area.x.saturating_sub(margin), area.y.saturating_sub(margin));
    let right = area.x.saturating_add(area.width + margin).min(width);
    let bottom = area.y.saturating_add(area.height + margin).min(height);
    PixelBox { x, y, width: right - x, height: bottom - y }
}

/// Decodes what is around an area. What is transparent shows the colour that lies under it.
///
/// `stop` is asked at each row whether anybody still waits.
pub(super) fn decode(bytes: &[u8], area: PixelBox, stop: &dyn Fn() -> bool) -> Result<Picture, Fault> {
    let mut reader = open(bytes)?;
    let (width, height) = reader.info().size();
    let window = window(area, width, height);
    let mut pixels = Vec::with_capacity(window.width as usize * window.height as usize * CHANNELS);
    if reader.info().interlaced {
        let samples = read_interlaced(&mut reader, stop)?;
        let (color, _) = reader.output_color_type();
        let stride = width as usize * color.samples();
        let rows = samples.chunks_exact(stride).skip(window.y as usize).take(window.height as usize);
        rows.for_each(|row| push_pixels(&mut pixels, row, color, window));
    } else {
        read_rows(&mut reader, window, &mut pixels, stop)?;
    }
    let PixelBox { x: left, y: top, width, height } = window;
    if pixels.len() != width as usize * height as usize * CHANNELS {
        return Err(Fault::NotAPicture("a PNG whose first picture is smaller than it says".into()));
    }
    Ok(Picture { left, top, ..Picture::whole(width, height, pixels) })
}

fn open(bytes: &[u8]) -> Result<Png<'_>, Fault> {
    let mut decoder = ::png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::ALPHA | Transformations::STRIP_16);
    let reader = decoder.read_info().map_err(fault)?;
    // An animation may begin with a picture of another size.
    let frame = reader.info().frame_control();
    let is_whole = frame.is_none_or(|frame| (frame.width, frame.height) == reader.info().size());
    match reader.output_color_type().0 {
        ColorType::Indexed => Err(Fault::NotAPicture("a PNG whose palette is missing".into())),
        _ if !is_whole => Err(Fault::NotAPicture("a PNG whose first picture is smaller than it says".into())),
        _ => Ok(reader),
    }
}

/// Goes through all rows, so that what is wrong with any of them is found, and keeps the window.
fn read_rows(
    reader: &mut Png<'_>,
    window: PixelBox,
    pixels: &mut Vec<u8>,
    stop: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    let (color, _) = reader.output_color_type();
    let mut number = 0;
    while let Some(row) = reader.next_row().map_err(fault)? {
        if stop() {
            return Err(Fault::Stopped);
        }
        if (window.y..window.y + window.height).contains(&number) {
            push_pixels(pixels, row.data(), color, window);
        }
        number += 1;
    }
    Ok(())
}

/// All rows of a file that is stored in passes, each finer than the one before.
fn read_interlaced(reader: &mut Png<'_>, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, Fault> {
    let size = reader.output_buffer_size();
    let mut samples = vec![0; size.ok_or_else(|| Fault::NotAPicture("a PNG larger than memory".into()))?];
    let (color, depth) = reader.output_color_type();
    let bits = u8::try_from(color.samples()).unwrap_or(u8::MAX).saturating_mul(depth as u8);
    let stride = reader.output_line_size(reader.info().width).unwrap_or(0);
    while let Some(row) = reader.next_interlaced_row().map_err(fault)? {
        if stop() {
            return Err(Fault::Stopped);
        }
        if let InterlaceInfo::Adam7(info) = row.interlace() {
            expand_interlaced_row(&mut samples, stride, row.data(), info, bits);
        }
    }
    Ok(samples)
}

/// Adds the pixels of a row that are in the window, as [`CHANNELS`] says.
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

fn fault(error: DecodingError) -> Fault {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::Truncated("the PNG ends too early".into())
        }
        other => Fault::NotAPicture(format!("PNG: {other}")),
    }
}
