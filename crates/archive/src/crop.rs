//! Cutting a box out of a picture and fitting it into a square.

use detections::PixelBox;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::picture::{Encoder, Orientation, Picture};

/// Quality of the JPEG files, 1 to 100.
const QUALITY: u8 = 90;

/// Cuts crops, one after the other.
pub(crate) struct Cropper {
    resizer: Resizer,
    encoder: Encoder,
    size: u32,
}

impl Cropper {
    /// For crops that fit into `size` x `size` pixels.
    pub fn new(size: u32) -> Self {
        Self { resizer: Resizer::new(), encoder: Encoder::new(QUALITY), size }
    }

    /// The JPEG file of a crop. `area` is a box of the picture as displayed.
    pub fn cut(&mut self, picture: &Picture, orientation: Orientation, area: PixelBox) -> Vec<u8> {
        let stored = orientation.stored_box(area, picture.width, picture.height);
        let (width, height) = fitted(stored.width, stored.height, self.size);
        let crop = if (width, height) == (stored.width, stored.height) {
            copied(picture, stored)
        } else {
            self.shrunk(picture, stored, width, height)
        };
        self.encoder.encode(&orientation.display(crop))
    }

    fn shrunk(&mut self, picture: &Picture, area: PixelBox, width: u32, height: u32) -> Picture {
        let source = ImageRef::new(picture.width, picture.height, &picture.pixels, PixelType::U8x3)
            .expect("a picture has as many pixels as its size says");
        let mut target = Image::new(width, height, PixelType::U8x3);
        let [x, y, w, h] = [area.x, area.y, area.width, area.height].map(f64::from);
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(x, y, w, h);
        self.resizer
            .resize(&source, &mut target, &options)
            .expect("a box inside its picture, both of the same pixel type");
        Picture { width, height, pixels: target.into_vec() }
    }
}

fn copied(picture: &Picture, area: PixelBox) -> Picture {
    let mut pixels = Vec::with_capacity(area.width as usize * area.height as usize * 3);
    for row in area.y..area.y + area.height {
        let start = (row as usize * picture.width as usize + area.x as usize) * 3;
        pixels.extend_from_slice(&picture.pixels[start..start + area.width as usize * 3]);
    }
    Picture { width: area.width, height: area.height, pixels }
}

/// The size of a crop of `width` x `height` inside a square of `size`: the same shape, never
/// larger than it was.
fn fitted(width: u32, height: u32, size: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= size {
        return (width, height);
    }
    let scaled = |side: u32| {
        let rounded = (u64::from(side) * u64::from(size) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(rounded).unwrap_or(size).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_is_fitted_and_never_enlarged() {
        assert_eq!(fitted(600, 300, 300), (300, 150));
        assert_eq!(fitted(300, 601, 300), (150, 300));
        assert_eq!(fitted(40, 30, 300), (40, 30));
        assert_eq!(fitted(5000, 1, 300), (300, 1));
    }
}
