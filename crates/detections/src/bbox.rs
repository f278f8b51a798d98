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

/// A bounding box in the unit of its source: position and size on the picture as displayed, origin top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoundingBox {
    /// As fractions of the picture.
    Relative(RelativeBox),
    /// Left edge, top edge, width and height in pixels. It may reach outside of the picture, whose size is
    /// only known once it is read.
    Pixels([f32; 4]),
}

impl BoundingBox {
    /// Left edge, top edge, width and height, in the unit of the box.
    pub(crate) fn sides(self) -> [f32; 4] {
        match self {
            Self::Relative(RelativeBox { x, y, width, height }) => [x, y, width, height],
            Self::Pixels(sides) => sides,
        }
    }

    /// Converts it to fractions of a picture of `width` by `height` pixels.
    pub fn to_relative(self, width: u32, height: u32) -> RelativeBox {
        match self {
            Self::Relative(relative) => relative,
            Self::Pixels([x, y, w, h]) => {
                // Boxes are stored in single precision.
                #[allow(clippy::cast_possible_truncation)]
                let of = |side: f32, size: u32| (f64::from(side) / f64::from(size)) as f32;
                RelativeBox { x: of(x, width), y: of(y, height), width: of(w, width), height: of(h, height) }
            }
        }
    }

    /// Converts it to pixels of a picture of `width` by `height` and clips it; `None` if no area is left.
    pub fn to_pixels(self, width: u32, height: u32) -> Option<PixelBox> {
        match self {
            Self::Relative(relative) => relative.to_pixels(width, height),
            Self::Pixels(sides) => clip_to_picture(sides.map(f64::from), [1.0, 1.0], width, height),
        }
    }
}

/// A bounding box in whole pixels, inside of its picture.
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
    pub fn clip(self) -> Self {
        let (x, y) = (self.x.clamp(0.0, 1.0), self.y.clamp(0.0, 1.0));
        let (right, bottom) = ((self.x + self.width).clamp(0.0, 1.0), (self.y + self.height).clamp(0.0, 1.0));
        // A box inside of the picture keeps its exact values.
        let width =
            if x + self.width <= 1.0 && x.to_bits() == self.x.to_bits() { self.width } else { right - x };
        let height =
            if y + self.height <= 1.0 && y.to_bits() == self.y.to_bits() { self.height } else { bottom - y };
        Self { x, y, width, height }
    }

    /// Converts it to pixels of a picture of `width` by `height` and clips it; `None` if no area is left.
    pub fn to_pixels(self, width: u32, height: u32) -> Option<PixelBox> {
        let sides = [self.x, self.y, self.width, self.height].map(f64::from);
        clip_to_picture(sides, [width, height].map(f64::from), width, height)
    }
}

/// Clips a box to a picture of `width` by `height` pixels. `scale` converts its numbers to pixels,
/// horizontally and vertically.
fn clip_to_picture([x, y, w, h]: [f64; 4], scale: [f64; 2], width: u32, height: u32) -> Option<PixelBox> {
    let edge = |at: f64, size: u32| {
        let pixel = at.round().clamp(0.0, f64::from(size));
        // The value is clamped, so the conversion is exact.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let pixel = pixel as u32;
        pixel
    };
    if ![x, y, w, h].iter().all(|value| value.is_finite()) || w <= 0.0 || h <= 0.0 {
        return None;
    }
    let [along, down] = scale;
    let (left, right) = (edge(x * along, width), edge((x + w) * along, width));
    let (top, bottom) = (edge(y * down, height), edge((y + h) * down, height));
    (right > left && bottom > top).then(|| PixelBox {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_clipped_to_its_picture() {
        let relative = RelativeBox { x: -0.1, y: 0.5, width: 0.3, height: 0.9 };
        let pixels = relative.to_pixels(100, 200).unwrap();
        assert_eq!(pixels, PixelBox { x: 0, y: 100, width: 20, height: 100 });
    }

    #[test]
    fn a_box_in_pixels_is_the_same_as_its_fractions() {
        let pixels = BoundingBox::Pixels([100.0, 50.0, 60.5, 900.0]);
        let relative = BoundingBox::Relative(pixels.to_relative(400, 200));
        let clipped = PixelBox { x: 100, y: 50, width: 61, height: 150 };
        assert_eq!([pixels, relative].map(|area| area.to_pixels(400, 200)), [Some(clipped); 2]);
        assert_eq!(BoundingBox::Pixels([401.0, 0.0, 9.0, 9.0]).to_pixels(400, 200), None);
    }

    #[test]
    fn a_box_outside_its_picture_has_no_pixels() {
        for (x, width) in [(1.2, 0.3), (-0.5, 0.4), (0.5, 0.0), (f32::NAN, 0.1)] {
            let relative = RelativeBox { x, y: 0.0, width, height: 1.0 };
            assert_eq!(relative.to_pixels(100, 100), None, "{x} {width}");
        }
    }
}
