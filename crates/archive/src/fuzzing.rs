//! Private parts that benchmarks call.

use std::fs::File;

use detections::PixelBox;
use tokio_util::sync::CancellationToken;

use crate::crop::{Cropper, choose_part};
use crate::error::ArchiveError;
use crate::picture::{
    DamagePolicy, DecodeOptions, Decoder, Encoder, ExcerptResult, Picture, PictureError, read_header,
};
use crate::zip_file::ZipFile;

/// Makes a JPEG file of pixels, each of red, green, blue and an unused byte.
pub fn encode_picture(width: u32, height: u32, pixels: Vec<u8>) -> Vec<u8> {
    Encoder::new(90).encode(&Picture::whole(width, height, pixels))
}

/// Cuts crops, one after the other, as a thread of an archive does.
pub struct CropCutter {
    decoder: Decoder,
    cropper: Cropper,
    size: u32,
}

impl CropCutter {
    /// For crops that fit into `size` x `size` pixels.
    pub fn new(size: u32) -> Self {
        Self { decoder: Decoder::default(), cropper: Cropper::new(size), size }
    }

    /// Cuts one crop out of a picture file, and returns its JPEG file.
    ///
    /// # Panics
    /// When the picture cannot be read.
    pub fn cut(&mut self, bytes: &[u8], area: PixelBox) -> Vec<u8> {
        self.try_cut(bytes, area).expect("a picture that can be decoded")
    }

    fn try_cut(&mut self, bytes: &[u8], area: PixelBox) -> Result<Vec<u8>, PictureError> {
        let header = read_header(bytes)?;
        let part = choose_part(area, self.size);
        let picture = match self.decoder.cut_excerpts(bytes, &header, &[part]) {
            ExcerptResult::Files(excerpts) => self.decoder.decode_excerpt(&excerpts[0], part.shrink)?,
            ExcerptResult::Whole | ExcerptResult::Damaged => {
                let cancellation = &CancellationToken::new();
                let options = DecodeOptions { damage: DamagePolicy::Refuse, cancellation };
                self.decoder.decode(bytes, &header, part, options)?
            }
        };
        let crop = self.cropper.crop(&picture, header.orientation, area);
        self.decoder.recycle(picture);
        Ok(crop.bytes)
    }
}

/// A ZIP file that is being written.
pub struct EntryWriter<'a>(ZipFile<'a>);

impl<'a> EntryWriter<'a> {
    /// An empty ZIP file.
    pub fn new(file: File, cancellation: &'a CancellationToken) -> Self {
        Self(ZipFile::new(file, cancellation))
    }

    /// Adds a file without compression, with its SHA-256, as the pictures of an archive are added.
    pub fn store(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.0.store(name, bytes).map(|_| ())
    }
}
