//! Pictures: from the bytes of a file to pixels as they are displayed.

mod jpeg;
mod orientation;
mod png;

use crate::error::Missing;

pub(crate) use jpeg::Encoder;
pub(crate) use orientation::Orientation;

/// Pictures with more pixels than this are not decoded, in millions.
const MAX_MEGAPIXELS: u64 = 200;

/// A decoded picture: eight bits each of red, green and blue, row by row as stored.
pub(crate) struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// What the head of a file tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head {
    /// Width as stored.
    pub width: u32,
    /// Height as stored.
    pub height: u32,
    pub orientation: Orientation,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Jpeg,
    Png,
}

/// Why a picture cannot be read, before its path is known.
#[derive(Debug)]
pub(crate) enum Fault {
    NotAPicture(String),
    Truncated(String),
}

impl Fault {
    fn of(self, path: &str) -> Missing {
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
}

/// Decodes pictures, one after the other.
pub(crate) struct Decoder {
    jpeg: jpeg::Decoder,
}

impl Decoder {
    pub fn new() -> Self {
        Self { jpeg: jpeg::Decoder::new() }
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
        Ok(Head { width, height, orientation: Orientation::of(bytes), format })
    }

    /// Decodes a picture whose `head` was read.
    pub fn decode(&mut self, bytes: &[u8], head: &Head, path: &str) -> Result<Picture, Missing> {
        let pixels = match head.format {
            Format::Jpeg => self.jpeg.decode(bytes),
            Format::Png => png::decode(bytes),
        };
        let pixels = pixels.map_err(|fault| fault.of(path))?;
        Ok(Picture { width: head.width, height: head.height, pixels })
    }
}
