//! The blocks of an excerpt, and its file.

use detections::PixelBox;

use super::Excerpt;
use super::bits::Writer;
use super::header::{Component, Header};
use crate::picture::Part;

/// Pixels around a box in its excerpt, at the decoded size: colour is interpolated between neighbours, and
/// filters use them.
const MARGIN: u32 = 4;
/// Categories of DC differences. The excerpt has its own table of them, since new neighbours may need a
/// category that the file's table lacks.
const CATEGORIES: u8 = 12;
/// The length of each code word in that table, in bits.
const CATEGORY_BITS: u32 = 4;

/// The blocks to copy, in MCUs: columns and rows, with exclusive ends.
pub(super) struct Window {
    pub left: usize,
    pub right: usize,
    pub top: usize,
    pub bottom: usize,
    /// The DC coefficient of the last block of each component.
    dc_values: [i32; 3],
    written: Writer,
}

/// A block in the data.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    pub component: usize,
    pub dc: i32,
    /// The start and end of its AC coefficients, in bits.
    pub from: usize,
    pub to: usize,
}

impl Window {
    /// The blocks that a part of a picture needs.
    pub fn for_part(Part { area, shrink }: Part, header: &Header) -> Self {
        let (wide, high) = header.mcu_size();
        let margin = MARGIN * shrink;
        let right = (area.x + area.width + margin).min(header.width).div_ceil(wide);
        let bottom = (area.y + area.height + margin).min(header.height).div_ceil(high);
        let [left, top] = [area.x.saturating_sub(margin) / wide, area.y.saturating_sub(margin) / high];
        let [left, right, top, bottom] = [left, right, top, bottom].map(|side| side as usize);
        Self { left, right, top, bottom, dc_values: [0; 3], written: Writer::default() }
    }

    /// The number of MCUs.
    pub fn mcus(&self) -> usize {
        (self.right - self.left) * (self.bottom - self.top)
    }

    /// Adds an MCU.
    pub fn add_mcu(&mut self, data: &[u8], blocks: &[Block]) -> Option<()> {
        for block in blocks {
            let before = &mut self.dc_values[block.component];
            let difference = block.dc - *before;
            *before = block.dc;
            let size = 32 - difference.unsigned_abs().leading_zeros();
            if size >= CATEGORIES.into() {
                return None;
            }
            // Negative numbers are coded as the ones' complement of their absolute value.
            let value = if difference < 0 { difference + (1 << size) - 1 } else { difference };
            let code = u64::from(size) << size | u64::try_from(value).ok()?;
            self.written.put(code, CATEGORY_BITS + size);
            self.written.copy(data, block.from, block.to)?;
        }
        Some(())
    }

    /// Makes the file, with segments of the file that `header` was read from.
    pub fn finish(self, header: &Header, bytes: &[u8]) -> Excerpt {
        let (wide, high) = header.mcu_size();
        let pixels = |mcus: usize, side: u32| u32::try_from(mcus).unwrap_or(u32::MAX).saturating_mul(side);
        let (x, y) = (pixels(self.left, wide), pixels(self.top, high));
        let width = pixels(self.right, wide).min(header.width) - x;
        let height = pixels(self.bottom, high).min(header.height) - y;
        let mut file = vec![0xFF, 0xD8];
        for segment in header.kept.iter().chain(&header.tables) {
            file.extend_from_slice(&bytes[segment.clone()]);
        }
        write_dc_codes(&mut file, header);
        write_frame(&mut file, header, width, height);
        file.extend_from_slice(&self.written.finish());
        file.extend_from_slice(&[0xFF, 0xD9]);
        Excerpt { file, area: PixelBox { x, y, width, height } }
    }
}

/// Writes a Huffman table of the categories in place of each DC table of the file.
fn write_dc_codes(file: &mut Vec<u8>, header: &Header) {
    let mut numbers: Vec<_> = header.components.iter().map(|component| component.dc_table).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let mut counts = [0; 16];
        counts[CATEGORY_BITS as usize - 1] = CATEGORIES;
        let symbols: Vec<u8> = (0..CATEGORIES).collect();
        write_segment(file, 0xC4, &[&[number], &counts[..], &symbols].concat());
    }
}

fn write_frame(file: &mut Vec<u8>, header: &Header, width: u32, height: u32) {
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX).to_be_bytes();
    let count = u8::try_from(header.components.len()).unwrap_or(0);
    let mut frame = [&[8][..], &side(height), &side(width), &[count]].concat();
    let mut scan = vec![count];
    for component in &header.components {
        let Component { id, across, down, quantization, dc_table: dc, ac_table: ac } = *component;
        frame.extend_from_slice(&[id, across << 4 | down, quantization]);
        scan.extend_from_slice(&[id, dc << 4 | ac]);
    }
    scan.extend_from_slice(&[0, 63, 0]);
    write_segment(file, header.frame, &frame);
    write_segment(file, 0xDA, &scan);
}

fn write_segment(file: &mut Vec<u8>, marker: u8, body: &[u8]) {
    let length = u16::try_from(body.len() + 2).expect("a short segment");
    file.extend_from_slice(&[0xFF, marker]);
    file.extend_from_slice(&length.to_be_bytes());
    file.extend_from_slice(body);
}
