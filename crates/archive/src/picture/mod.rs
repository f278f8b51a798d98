//! Pictures: from the bytes of a file to pixels as they are displayed, and to bytes that tell
//! nothing but the picture.

mod clean;
mod exif;
mod jpeg;
mod orientation;
mod png;

use detections::PixelBox;

use crate::error::Missing;

pub(crate) use clean::clean;
pub(crate) use jpeg::{Encoder, Excerpt, Excerpted};
pub(crate) use orientation::Orientation;

/// Pictures with more pixels than this are not decoded, in millions.
const MAX_MEGAPIXELS: u64 = 200;
/// The same for progressive JPEG files. The library decodes them in one call that cannot be
/// interrupted; this many take about half a second.
const MAX_PROGRESSIVE_MEGAPIXELS: u64 = 50;
/// The largest memory of a picture that is kept for the next one, in bytes: one of 16 megapixels.
const MOST_KEPT: usize = 64 << 20;

/// Bytes of a pixel: red, green, blue, and one that nobody reads. A filter has four at once done
/// sooner than three.
pub(crate) const CHANNELS: usize = 4;

/// A decoded picture, or a part of one, row by row as stored, each pixel of [`CHANNELS`].
pub(crate) struct Picture {
    pub width: u32,
    pub height: u32,
    /// At least as many as it has; what follows means nothing.
    pub pixels: Vec<u8>,
    /// Where the part lies in the picture at this size.
    pub left: u32,
    pub top: u32,
    /// The picture was this many times as wide and as high as it is here.
    pub shrink: u32,
    /// What is wrong with the file, when it was decoded all the same.
    pub damage: Option<String>,
}

/// Whether a picture is decoded whose file is plainly damaged.
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

    /// The same, when something was found to be wrong with its file before it was decoded.
    pub fn with_damage(self, found: Option<&str>) -> Self {
        let damage = self.damage.or_else(|| found.map(str::to_owned));
        Self { damage, ..self }
    }

    /// Its pixels and no more.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels[..self.width as usize * self.height as usize * CHANNELS]
    }
}

/// The part of a picture to decode, as stored and at its full size, and how many times smaller
/// it may come: 1, 2, 4 or 8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub area: PixelBox,
    pub shrink: u32,
}

impl Part {
    /// What covers two parts of a picture, and serves for both.
    pub fn around(self, other: Self) -> Self {
        let (a, b) = (self.area, other.area);
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        let right = (a.x + a.width).max(b.x + b.width);
        let bottom = (a.y + a.height).max(b.y + b.height);
        let area = PixelBox { x, y, width: right - x, height: bottom - y };
        Self { area, shrink: self.shrink.min(other.shrink) }
    }
}

/// What the head of a file tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head {
    /// Width as stored.
    pub width: u32,
    /// Height as stored.
    pub height: u32,
    pub orientation: Orientation,
    pub format: Format,
    pub passes: Passes,
}

/// How often a decoder goes over a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Once, row by row.
    One,
    /// Several times, with all coefficients of a JPEG file in memory.
    Progressive,
    /// Several times, with all pixels of a PNG file in memory.
    Interlaced,
}

impl Passes {
    fn of_jpeg(is_progressive: bool) -> Self {
        if is_progressive { Self::Progressive } else { Self::One }
    }

    fn of_png(is_interlaced: bool) -> Self {
        if is_interlaced { Self::Interlaced } else { Self::One }
    }
}

/// How a picture is decoded.
#[derive(Clone, Copy)]
pub(crate) struct DecodeOptions<'a> {
    pub damage: DamagePolicy,
    /// Asked from time to time whether anybody still waits.
    pub stop: &'a dyn Fn() -> bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    Jpeg,
    Png,
}

impl Format {
    /// The ending of its files.
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

/// Why a picture cannot be read, before its path is known.
#[derive(Debug)]
pub(crate) enum Fault {
    NotAPicture(String),
    Truncated(String),
    /// The decoder made something of it, and warned that it is not what was once there.
    Damaged(String),
    /// Nobody waits for it any more.
    Stopped,
}

impl Fault {
    pub fn of(self, path: &str) -> Missing {
        let path = path.to_owned();
        match self {
            Self::NotAPicture(why) => Missing::NotAPicture { path, why },
            Self::Truncated(why) => Missing::Truncated { path, why },
            Self::Damaged(why) => Missing::Damaged { path, why },
            Self::Stopped => Missing::Stopped,
        }
    }
}

impl Head {
    /// Width and height as displayed.
    pub fn displayed(&self) -> (u32, u32) {
        self.orientation.displayed(self.width, self.height)
    }

    /// All of it at its full size.
    pub fn whole(&self) -> Part {
        Part { area: PixelBox { x: 0, y: 0, width: self.width, height: self.height }, shrink: 1 }
    }

    /// Bytes of memory that decoding a part of it takes, at the most.
    pub fn memory_of(&self, part: Part) -> u64 {
        let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let (PixelBox { width, height, .. }, shrink) = match self.format {
            Format::Jpeg => (part.area, part.shrink),
            // Decoded at its full size.
            Format::Png => (png::window(part.area, self.width, self.height), 1),
        };
        // Inks are converted into a second copy, and the library keeps some rows.
        let copies = if self.format == Format::Jpeg { 2 } else { 1 };
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

/// Reads what the head of a file tells. `path` is for messages.
pub(crate) fn read_head(bytes: &[u8], path: &str) -> Result<Head, Missing> {
    let (width, height, format, passes) = match bytes {
        [] => return Err(Missing::Empty(path.to_owned())),
        [0xFF, 0xD8, ..] => jpeg::read_info(bytes)
            .map(|info| (info.width, info.height, Format::Jpeg, Passes::of_jpeg(info.is_progressive))),
        [0x89, b'P', b'N', b'G', ..] => png::read_info(bytes)
            .map(|info| (info.width, info.height, Format::Png, Passes::of_png(info.is_interlaced))),
        _ => Err(Fault::NotAPicture("it begins like neither JPEG nor PNG".into())),
    }
    .map_err(|fault| fault.of(path))?;
    let limit = if passes == Passes::Progressive { MAX_PROGRESSIVE_MEGAPIXELS } else { MAX_MEGAPIXELS };
    if u64::from(width) * u64::from(height) > limit * 1_000_000 {
        return Err(Missing::TooLarge { path: path.to_owned(), width, height, limit });
    }
    Ok(Head { width, height, orientation: exif::orientation(bytes), format, passes })
}

/// Decodes pictures, one after the other.
#[derive(Default)]
pub(crate) struct Decoder {
    excerpts: jpeg::Excerpts,
    spare: Vec<u8>,
}

impl Decoder {
    /// Decodes what is needed of a picture whose `head` was read; more of it where that is easier.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        head: &Head,
        part: Part,
        how: DecodeOptions<'_>,
    ) -> Result<Picture, Fault> {
        match head.format {
            Format::Jpeg => jpeg::decode(bytes, part, std::mem::take(&mut self.spare), how.damage),
            Format::Png => png::decode(bytes, part.area, how.stop),
        }
    }

    /// A file of its own for each of `parts` of a picture, where that spares work.
    pub fn excerpts(&mut self, bytes: &[u8], head: &Head, parts: &[Part]) -> Excerpted {
        if head.format == Format::Jpeg { self.excerpts.of(bytes, parts) } else { Excerpted::Whole }
    }

    /// Decodes an excerpt, `shrink` times smaller.
    pub fn decode_excerpt(&mut self, excerpt: &Excerpt, shrink: u32) -> Result<Picture, Fault> {
        let Excerpt { file, area } = excerpt;
        let part = Part { area: PixelBox { x: 0, y: 0, ..*area }, shrink };
        let mut picture = jpeg::decode(file, part, std::mem::take(&mut self.spare), DamagePolicy::Refuse)?;
        picture.left += area.x / picture.shrink;
        picture.top += area.y / picture.shrink;
        Ok(picture)
    }

    /// Takes the memory of a picture for the next: fresh pages cost as much as the decoding of a
    /// small picture. That of a huge one is given back.
    pub fn keep(&mut self, picture: Picture) {
        if picture.pixels.len() <= MOST_KEPT {
            self.spare = picture.pixels;
        }
    }
}
