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
pub(crate) use jpeg::{Encoder, Excerpt};
pub(crate) use orientation::Orientation;

/// Pictures with more pixels than this are not decoded, in millions.
const MAX_MEGAPIXELS: u64 = 200;

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
}

impl Picture {
    /// A picture at its full size, from its first pixel.
    pub fn whole(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self { width, height, pixels, left: 0, top: 0, shrink: 1 }
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
}

impl Fault {
    pub fn of(self, path: &str) -> Missing {
        let path = path.to_owned();
        match self {
            Self::NotAPicture(why) => Missing::NotAPicture { path, why },
            Self::Truncated(why) => Missing::Truncated { path, why },
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
}

/// Decodes pictures, one after the other.
pub(crate) struct Decoder {
    jpeg: jpeg::Decoder,
    excerpts: jpeg::Excerpts,
    spare: Vec<u8>,
}

impl Decoder {
    pub fn new() -> Self {
        Self { jpeg: jpeg::Decoder::new(), excerpts: jpeg::Excerpts::default(), spare: Vec::new() }
    }

    /// Reads the size and orientation of a picture. `path` is for messages.
    pub fn head(&mut self, bytes: &[u8], path: &str) -> Result<Head, Missing> {
        let (format, size) = match bytes {
            [] => return Err(Missing::Empty(path.to_owned())),
            [0xFF, 0xD8, ..] => (Format::Jpeg, self.jpeg.size(bytes)),
            [0x89, b'P', b'N', b'G', ..] => (Format::Png, png::size(bytes)),
            _ => {
                let why = "it begins like neither JPEG nor PNG".to_owned();
                return Err(Fault::NotAPicture(why).of(path));
            }
        };
        let (width, height) = size.map_err(|fault| fault.of(path))?;
        if u64::from(width) * u64::from(height) > MAX_MEGAPIXELS * 1_000_000 {
            return Err(Missing::TooLarge { path: path.to_owned(), width, height, limit: MAX_MEGAPIXELS });
        }
        Ok(Head { width, height, orientation: exif::orientation(bytes), format })
    }

    /// Decodes what is wanted of a picture whose `head` was read; more of it where that is easier.
    pub fn decode(&mut self, bytes: &[u8], head: &Head, part: Part, path: &str) -> Result<Picture, Missing> {
        let picture = match head.format {
            Format::Jpeg => self.jpeg.decode(bytes, part, std::mem::take(&mut self.spare)),
            Format::Png => png::decode(bytes).map(|pixels| Picture::whole(head.width, head.height, pixels)),
        };
        picture.map_err(|fault| fault.of(path))
    }

    /// A file of its own for each of `parts` of a picture, where that spares work.
    pub fn excerpts(&mut self, bytes: &[u8], head: &Head, parts: &[Part]) -> Option<Vec<Excerpt>> {
        if head.format == Format::Jpeg { self.excerpts.of(bytes, parts) } else { None }
    }

    /// Decodes an excerpt, `shrink` times smaller.
    pub fn decode_excerpt(&mut self, excerpt: &Excerpt, shrink: u32, path: &str) -> Result<Picture, Missing> {
        let Excerpt { file, area } = excerpt;
        let part = Part { area: PixelBox { x: 0, y: 0, ..*area }, shrink };
        let picture = self.jpeg.decode(file, part, std::mem::take(&mut self.spare));
        let mut picture = picture.map_err(|fault| fault.of(path))?;
        picture.left += area.x / picture.shrink;
        picture.top += area.y / picture.shrink;
        Ok(picture)
    }

    /// Takes the memory of a picture for the next: fresh pages cost as much as the decoding of a
    /// small picture.
    pub fn keep(&mut self, picture: Picture) {
        self.spare = picture.pixels;
    }
}
