//! Decoding picture files to pixels as displayed, and removing their metadata.

mod exif;
mod jpeg;
mod orientation;
mod png;
mod remove_metadata;

use detections::PixelBox;
use tokio_util::sync::CancellationToken;

pub(crate) use jpeg::{Encoder, Excerpt, ExcerptResult};
pub(crate) use orientation::Orientation;
pub(crate) use remove_metadata::remove_metadata;

/// Pictures with more pixels than this are not decoded, in millions.
const MAX_MEGAPIXELS: u64 = 200;
/// The limit for progressive JPEG files. The library decodes them in one call that cannot be interrupted;
/// this many take about half a second.
const MAX_PROGRESSIVE_MEGAPIXELS: u64 = 50;
/// The largest buffer that is reused for the next picture, in bytes: a picture of 16 megapixels.
const MOST_KEPT: usize = 64 << 20;

/// Bytes of a pixel: red, green, blue, and an unused one. A filter handles four faster than three.
pub(crate) const CHANNELS: usize = 4;

/// A decoded picture, or a part of one, row by row as stored, each pixel of [`CHANNELS`].
pub(crate) struct Picture {
    pub width: u32,
    pub height: u32,
    /// At least as many as the size requires; the rest is undefined.
    pub pixels: Vec<u8>,
    /// The position of the part in the picture at this size.
    pub left: u32,
    pub top: u32,
    /// How many times smaller than the original the picture is.
    pub shrink: u32,
    /// The damage of the file, if it was decoded nevertheless.
    pub damage: Option<String>,
}

/// Whether damaged pictures are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DamagePolicy {
    Refuse,
    Accept,
}

impl Picture {
    /// A picture at its full size, from its first pixel.
    pub fn whole(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self { width, height, pixels, left: 0, top: 0, shrink: 1, damage: None }
    }

    /// Adds damage that was found before the file was decoded.
    pub fn with_damage(self, found: Option<&str>) -> Self {
        let damage = self.damage.or_else(|| found.map(str::to_owned));
        Self { damage, ..self }
    }

    /// Its pixels, without the undefined rest of the buffer.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels[..self.width as usize * self.height as usize * CHANNELS]
    }
}

/// The part of a picture to decode, as stored and at its full size, and how many times smaller it may be
/// decoded: 1, 2, 4 or 8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub area: PixelBox,
    pub shrink: u32,
}

impl Part {
    /// The part that covers both.
    pub fn enclose(self, other: Self) -> Self {
        let (a, b) = (self.area, other.area);
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        let right = (a.x + a.width).max(b.x + b.width);
        let bottom = (a.y + a.height).max(b.y + b.height);
        let area = PixelBox { x, y, width: right - x, height: bottom - y };
        Self { area, shrink: self.shrink.min(other.shrink) }
    }
}

/// A picture as the tables describe it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PictureInfo {
    /// Width in pixels as displayed.
    pub width: u32,
    /// Height in pixels as displayed.
    pub height: u32,
    /// The format that the whole picture is written in.
    pub format: PictureFormat,
}

/// A file that was made of a picture.
pub(crate) struct PictureFile {
    pub bytes: Vec<u8>,
    pub info: PictureInfo,
    /// The damage of the picture, if damaged pictures were requested.
    pub damage: Option<String>,
}

/// The header of a picture file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PictureHeader {
    /// Width as stored.
    pub width: u32,
    /// Height as stored.
    pub height: u32,
    pub orientation: Orientation,
    pub format: PictureFormat,
    pub passes: Passes,
}

/// The number of passes of a decoder over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Once, row by row.
    One,
    /// Several times, with all coefficients of a JPEG file in memory.
    Progressive,
    /// Several times, with all pixels of a PNG file in memory.
    Interlaced,
}

/// How a picture is decoded.
#[derive(Clone, Copy)]
pub(crate) struct DecodeOptions<'a> {
    pub damage: DamagePolicy,
    /// Ends decoding.
    pub cancellation: &'a CancellationToken,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PictureFormat {
    Jpeg,
    Png,
}

impl PictureFormat {
    /// The extension of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// Why a picture cannot be decoded, to be read after its path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    #[error("is empty")]
    Empty,
    #[error("is not a picture that can be read ({0})")]
    NotAPicture(String),
    /// It has too many pixels: its width and height, and the limit in million pixels.
    #[error("has {0} x {1} pixels, more than the {2} million that are decoded")]
    TooLarge(u32, u32, u64),
    #[error("is truncated ({0})")]
    Truncated(String),
    /// The decoder returned a picture, but warned of damage.
    #[error("is damaged ({0}), so the crop may show what was not there; include_damaged asks for it")]
    Damaged(String),
    /// The export was cancelled.
    #[error("was not read before the export was stopped")]
    Cancelled,
}

impl PictureHeader {
    /// Width and height as displayed.
    pub fn display_size(&self) -> (u32, u32) {
        self.orientation.display_size(self.width, self.height)
    }

    /// The whole picture at its full size.
    pub fn whole_part(&self) -> Part {
        Part { area: PixelBox { x: 0, y: 0, width: self.width, height: self.height }, shrink: 1 }
    }

    /// The most memory that decoding a part takes, in bytes.
    pub fn memory_needed(&self, part: Part) -> u64 {
        let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let (PixelBox { width, height, .. }, shrink) = match self.format {
            PictureFormat::Jpeg => (part.area, part.shrink),
            // PNG files are decoded at full size.
            PictureFormat::Png => (png::choose_window(part.area, self.width, self.height), 1),
        };
        // Inks are converted into a second copy, and the library keeps some rows.
        let copies = if self.format == PictureFormat::Jpeg { 2 } else { 1 };
        let window = copies * CHANNELS as u64 * pixels(width, height) / u64::from(shrink.pow(2));
        let rows = 64 * CHANNELS as u64 * u64::from(self.width);
        window
            + rows
            + match self.passes {
                Passes::One => 0,
                // Coefficients of two bytes, of up to four colours.
                Passes::Progressive => 8 * pixels(self.width, self.height),
                Passes::Interlaced => CHANNELS as u64 * pixels(self.width, self.height),
            }
    }
}

/// Reads the header of a file.
pub(crate) fn read_header(bytes: &[u8]) -> Result<PictureHeader, PictureError> {
    let (format, read) = match bytes {
        [] => return Err(PictureError::Empty),
        [0xFF, 0xD8, ..] => (PictureFormat::Jpeg, jpeg::read_info(bytes)),
        [0x89, b'P', b'N', b'G', ..] => (PictureFormat::Png, png::read_info(bytes)),
        _ => return Err(PictureError::NotAPicture("it begins like neither JPEG nor PNG".into())),
    };
    let (width, height, passes) = read?;
    let limit = if passes == Passes::Progressive { MAX_PROGRESSIVE_MEGAPIXELS } else { MAX_MEGAPIXELS };
    if u64::from(width) * u64::from(height) > limit * 1_000_000 {
        return Err(PictureError::TooLarge(width, height, limit));
    }
    Ok(PictureHeader { width, height, orientation: exif::read_orientation(bytes), format, passes })
}

/// Decodes pictures, one after the other.
#[derive(Default)]
pub(crate) struct Decoder {
    excerpts: jpeg::Excerpts,
    spare: Vec<u8>,
}

impl Decoder {
    /// Decodes a part of a picture whose header was read; more of it if that is easier.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        head: &PictureHeader,
        part: Part,
        how: DecodeOptions<'_>,
    ) -> Result<Picture, PictureError> {
        match head.format {
            PictureFormat::Jpeg => jpeg::decode(bytes, part, std::mem::take(&mut self.spare), how.damage),
            PictureFormat::Png => png::decode(bytes, part.area, how.cancellation),
        }
    }

    /// Makes a small file for each of `parts`, if that saves work.
    pub fn cut_excerpts(&mut self, bytes: &[u8], head: &PictureHeader, parts: &[Part]) -> ExcerptResult {
        if head.format == PictureFormat::Jpeg {
            self.excerpts.cut(bytes, parts)
        } else {
            ExcerptResult::Whole
        }
    }

    /// Decodes an excerpt, `shrink` times smaller.
    pub fn decode_excerpt(&mut self, excerpt: &Excerpt, shrink: u32) -> Result<Picture, PictureError> {
        let Excerpt { file, area } = excerpt;
        let part = Part { area: PixelBox { x: 0, y: 0, ..*area }, shrink };
        let mut picture = jpeg::decode(file, part, std::mem::take(&mut self.spare), DamagePolicy::Refuse)?;
        picture.left += area.x / picture.shrink;
        picture.top += area.y / picture.shrink;
        Ok(picture)
    }

    /// Reuses the buffer of a picture for the next one: fresh memory costs as much as decoding a small
    /// picture. A huge buffer is freed.
    pub fn recycle(&mut self, picture: Picture) {
        if picture.pixels.len() <= MOST_KEPT {
            self.spare = picture.pixels;
        }
    }
}
