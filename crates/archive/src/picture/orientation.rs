//! EXIF orientation. Boxes refer to the picture as displayed, pixels are stored differently.

use detections::PixelBox;

use super::{CHANNELS, Picture};

/// How a picture is rotated and mirrored for display: EXIF's values 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u32);

impl Orientation {
    /// From the EXIF value; upright if it is invalid.
    pub fn from_exif(value: u32) -> Self {
        Self(if (1..=8).contains(&value) { value } else { 1 })
    }

    /// Whether the picture is displayed as it is stored.
    pub fn is_upright(self) -> bool {
        self.0 == 1
    }

    /// Converts width and height as stored to those as displayed.
    pub fn display_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.0 >= 5 { (height, width) } else { (width, height) }
    }

    /// The stored position of the pixel that is displayed at `(x, y)`, in a picture stored as `width` x
    /// `height`.
    fn find_stored(self, (x, y): (u32, u32), width: u32, height: u32) -> (u32, u32) {
        match self.0 {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            8 => (width - 1 - y, x),
            _ => (x, y),
        }
    }

    /// Converts a box of the displayed picture to the picture as stored.
    pub fn find_stored_box(self, area: PixelBox, width: u32, height: u32) -> PixelBox {
        let near = self.find_stored((area.x, area.y), width, height);
        let far = self.find_stored((area.x + area.width - 1, area.y + area.height - 1), width, height);
        let (left, right) = (near.0.min(far.0), near.0.max(far.0));
        let (top, bottom) = (near.1.min(far.1), near.1.max(far.1));
        PixelBox { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
    }

    /// Rotates and mirrors a picture for display.
    pub fn display(self, picture: Picture) -> Picture {
        if self.0 == 1 {
            return picture;
        }
        let (width, height) = self.display_size(picture.width, picture.height);
        let mut pixels = Vec::with_capacity(picture.pixels.len());
        for y in 0..height {
            for x in 0..width {
                let (column, row) = self.find_stored((x, y), picture.width, picture.height);
                let at = (row as usize * picture.width as usize + column as usize) * CHANNELS;
                pixels.extend_from_slice(&picture.pixels[at..at + CHANNELS]);
            }
        }
        Picture::whole(width, height, pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make_numbered(width: u32, height: u32) -> Picture {
        let pixels = (0..width * height).flat_map(|n| [u8::try_from(n).unwrap(); CHANNELS]).collect();
        Picture::whole(width, height, pixels)
    }

    fn rows(picture: &Picture) -> Vec<Vec<u8>> {
        let width = picture.width as usize;
        picture
            .pixels
            .chunks_exact(width * CHANNELS)
            .map(|row| row.iter().step_by(CHANNELS).copied().collect())
            .collect()
    }

    /// The eight ways, as EXIF 2.32 draws them, of the rows 0 1 2 and 3 4 5.
    #[test]
    fn each_orientation_is_displayed_as_exif_draws_it() {
        let expected: [&[&[u8]]; 8] = [
            &[&[0, 1, 2], &[3, 4, 5]],
            &[&[2, 1, 0], &[5, 4, 3]],
            &[&[5, 4, 3], &[2, 1, 0]],
            &[&[3, 4, 5], &[0, 1, 2]],
            &[&[0, 3], &[1, 4], &[2, 5]],
            &[&[3, 0], &[4, 1], &[5, 2]],
            &[&[5, 2], &[4, 1], &[3, 0]],
            &[&[2, 5], &[1, 4], &[0, 3]],
        ];
        for (value, expected) in (1..).zip(expected) {
            let shown = Orientation(value).display(make_numbered(3, 2));
            assert_eq!(rows(&shown), expected, "orientation {value}");
        }
    }

    #[test]
    fn a_box_is_cut_where_it_is_displayed() {
        for value in 1..=8 {
            let orientation = Orientation(value);
            let whole = rows(&orientation.display(make_numbered(5, 4)));
            let area = PixelBox { x: 1, y: 2, width: 3, height: 1 };
            let stored = orientation.find_stored_box(area, 5, 4);
            let all = rows(&make_numbered(5, 4));
            let mut found: Vec<u8> = all[stored.y as usize..(stored.y + stored.height) as usize]
                .iter()
                .flat_map(|row| row[stored.x as usize..(stored.x + stored.width) as usize].to_vec())
                .collect();
            let mut expected = whole[2][1..4].to_vec();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "orientation {value}");
        }
    }
}
