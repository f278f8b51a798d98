//! Cropping boxes from a picture and fitting them into a square.

use detections::PixelBox;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::picture::{
    CHANNELS, Encoder, Orientation, Part, Picture, PictureFile, PictureFormat, PictureInfo,
};

/// JPEG quality, 1 to 100.
const QUALITY: u8 = 90;

/// Makes crops, one after the other.
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

    /// Makes the JPEG file of a crop. `area` is a box of the picture as stored, inside the part that
    /// `picture` holds.
    pub fn crop(&mut self, picture: &Picture, orientation: Orientation, area: PixelBox) -> PictureFile {
        let (width, height) = fit_size(area.width, area.height, self.size);
        let crop = if (width, height, picture.shrink) == (area.width, area.height, 1) {
            copy_area(picture, area)
        } else {
            self.shrink(picture, area, width, height)
        };
        let crop = orientation.display(crop);
        let info = PictureInfo { width: crop.width, height: crop.height, format: PictureFormat::Jpeg };
        PictureFile { bytes: self.encoder.encode(&crop), info, damage: picture.damage.clone() }
    }

    fn shrink(&mut self, picture: &Picture, area: PixelBox, width: u32, height: u32) -> Picture {
        let source = ImageRef::new(picture.width, picture.height, picture.pixels(), PixelType::U8x4)
            .expect("a picture has as many pixels as its size says");
        let mut target = Image::new(width, height, PixelType::U8x4);
        // Dividing by a power of two is exact.
        let [x, y, w, h] =
            [area.x, area.y, area.width, area.height].map(|side| f64::from(side) / f64::from(picture.shrink));
        let (left, top) = (x - f64::from(picture.left), y - f64::from(picture.top));
        // This filter is commonly called bicubic. There are no transparent pixels.
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            .use_alpha(false)
            .crop(left, top, w, h);
        self.resizer
            .resize(&source, &mut target, &options)
            .expect("a box inside its picture, both of the same pixel type");
        Picture::whole(width, height, target.into_vec())
    }
}

/// The part of a picture to decode for a crop of `area` that fits into `size` x `size` pixels.
///
/// A decoder halves a picture much faster than a filter, and as well. So it does as many halvings as leave
/// the crop at least as large as requested.
pub(crate) fn choose_part(area: PixelBox, size: u32) -> Part {
    let longest = area.width.max(area.height);
    let shrink = [8, 4, 2].into_iter().find(|shrink| longest / shrink >= size).unwrap_or(1);
    Part { area, shrink }
}

fn copy_area(picture: &Picture, area: PixelBox) -> Picture {
    let (left, top) = (area.x - picture.left, area.y - picture.top);
    let mut pixels = Vec::with_capacity(area.width as usize * area.height as usize * CHANNELS);
    for row in top..top + area.height {
        let start = (row as usize * picture.width as usize + left as usize) * CHANNELS;
        pixels.extend_from_slice(&picture.pixels[start..start + area.width as usize * CHANNELS]);
    }
    Picture::whole(area.width, area.height, pixels)
}

/// Fits a crop of `width` x `height` into a square of `size` without enlarging it or changing its shape.
fn fit_size(width: u32, height: u32, size: u32) -> (u32, u32) {
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
        assert_eq!(fit_size(600, 300, 300), (300, 150));
        assert_eq!(fit_size(300, 601, 300), (150, 300));
        assert_eq!(fit_size(40, 30, 300), (40, 30));
        assert_eq!(fit_size(5000, 1, 300), (300, 1));
    }
}
