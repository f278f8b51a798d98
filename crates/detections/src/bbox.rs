//! Bounding boxes, as fractions and in pixels.

/// A bounding box as fractions of the picture's width and height, origin top left, of the
/// picture as displayed (after EXIF orientation). It may reach outside `0..=1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A bounding box in whole pixels, inside its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBox {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width, at least 1.
    pub width: u32,
    /// Height, at least 1.
    pub height: u32,
}

impl RelativeBox {
    /// The part of the box that lies on the picture.
    #[must_use]
    pub fn clipped(self) -> Self {
        let (x, y) = (self.x.clamp(0.0, 1.0), self.y.clamp(0.0, 1.0));
        let (right, bottom) = ((self.x + self.width).clamp(0.0, 1.0), (self.y + self.height).clamp(0.0, 1.0));
        // One that does not reach outside stays as it was written, to the last digit.
        let width =
            if x + self.width <= 1.0 && x.to_bits() == self.x.to_bits() { self.width } else { right - x };
        let height =
            if y + self.height <= 1.0 && y.to_bits() == self.y.to_bits() { self.height } else { bottom - y };
        Self { x, y, width, height }
    }

    /// The box in pixels of a picture of `width` by `height`, clipped to it; `None` when no
    /// area is left.
    pub fn in_pixels(self, width: u32, height: u32) -> Option<PixelBox> {
        let edge = |fraction: f64, size: u32| {
            let pixel = (fraction * f64::from(size)).round().clamp(0.0, f64::from(size));
            // Clamped to the picture, so the conversion is exact.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let pixel = pixel as u32;
            pixel
        };
        let [x, y, w, h] = [self.x, self.y, self.width, self.height].map(f64::from);
        if ![x, y, w, h].iter().all(|value| value.is_finite()) || w <= 0.0 || h <= 0.0 {
            return None;
        }
        let (left, right) = (edge(x, width), edge(x + w, width));
        let (top, bottom) = (edge(y, height), edge(y + h, height));
        (right > left && bottom > top).then(|| PixelBox {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_clipped_to_its_picture() {
        let relative = RelativeBox { x: -0.1, y: 0.5, width: 0.3, height: 0.9 };
        let pixels = relative.in_pixels(100, 200).unwrap();
        assert_eq!(pixels, PixelBox { x: 0, y: 100, width: 20, height: 100 });
    }

    #[test]
    fn a_box_outside_its_picture_has_no_pixels() {
        for (x, width) in [(1.2, 0.3), (-0.5, 0.4), (0.5, 0.0), (f32::NAN, 0.1)] {
            let relative = RelativeBox { x, y: 0.0, width, height: 1.0 };
            assert_eq!(relative.in_pixels(100, 100), None, "{x} {width}");
        }
    }
}
