//! Excerpts: JPEG files of the blocks around a box.
//!
//! The blocks of a JPEG file have variable lengths, so reaching the last one requires going through all
//! others. A decoder decodes them for that. This module only skips them, in half the time, and copies the
//! required blocks bit by bit, so that nothing is lost. Only the DC coefficient of a block is written anew,
//! since it is coded as the difference from the previous block.
//!
//! It supports the kind of file that all cameras write: Huffman codes, 8 bits, one scan. For other or unusual
//! files there is no excerpt; the decoder reads the whole file then and reports errors.

mod bits;
mod header;
mod huffman;
mod window;

use detections::PixelBox;

use crate::picture::Part;

use bits::{Reader, SPARE};
use header::{Component, Header};
use window::{Block, Window};

/// Four times the largest valid value; larger ones mean broken data.
const MAX_DC: u32 = 1 << 13;
/// The largest buffer that is reused for the next picture, in bytes.
const MOST_KEPT: usize = 64 << 20;

/// A file of a part of a picture.
pub(crate) struct Excerpt {
    pub file: Vec<u8>,
    /// Position and size of the part in the picture.
    pub area: PixelBox,
}

/// Makes excerpts, one picture after the other.
#[derive(Default)]
pub(crate) struct Excerpts {
    data: Vec<u8>,
    /// The end of each restart interval in `data`, in bytes.
    ends: Vec<usize>,
}

/// How the data of a scan end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a marker, as required.
    Marker,
    /// With the file, which is truncated.
    File,
}

/// The excerpts of a file.
pub(crate) enum ExcerptResult {
    /// An excerpt for each part.
    Files(Vec<Excerpt>),
    /// The decoder must read the whole file: it is of another kind, it is truncated before the end of a part,
    /// or decoding it is as fast.
    Whole,
    /// The blocks do not match the data: a bit was flipped, and everything after it is displaced. A decoder
    /// does not notice all such damage.
    Damaged,
}

impl Excerpts {
    /// Makes an excerpt for each of `parts`, which are inside the picture. All blocks of the file are skipped
    /// or copied, so that damage is found anywhere; but the parts before the end of a truncated file are
    /// intact.
    pub fn cut(&mut self, bytes: &[u8], parts: &[Part]) -> ExcerptResult {
        let Some(header) = Header::read(bytes) else { return ExcerptResult::Whole };
        let mut windows: Vec<_> = parts.iter().map(|part| Window::for_part(*part, &header)).collect();
        let is_worth_it = is_worth_it(&header, &windows);
        if !is_worth_it {
            // The blocks are still checked.
            windows.clear();
        }
        let Some(end) = bytes.get(header.data..).and_then(|data| self.unstuff(data)) else {
            return ExcerptResult::Whole;
        };
        let walked = self.walk(&header, &mut windows, end);
        if self.data.capacity() > MOST_KEPT {
            self.data = Vec::new();
        }
        match (walked, end) {
            (None, End::Marker) => ExcerptResult::Damaged,
            (Some(()), _) if is_worth_it => ExcerptResult::Files(
                windows.into_iter().map(|window| window.finish(&header, bytes)).collect(),
            ),
            _ => ExcerptResult::Whole,
        }
    }

    /// Copies the entropy-coded data without stuffed zero bytes; `None` if the restarts are not numbered
    /// correctly.
    fn unstuff(&mut self, mut bytes: &[u8]) -> Option<End> {
        self.data.clear();
        self.ends.clear();
        self.data.reserve(bytes.len() + SPARE);
        let mut end = End::File;
        while let Some(at) = memchr::memchr(0xFF, bytes) {
            self.data.extend_from_slice(&bytes[..at]);
            match bytes.get(at + 1) {
                Some(0) => self.data.push(0xFF),
                Some(restart @ 0xD0..=0xD7) => {
                    if usize::from(restart & 7) != self.ends.len() % 8 {
                        return None;
                    }
                    self.ends.push(self.data.len());
                }
                // Fill bytes before a marker.
                Some(0xFF) => {
                    bytes = &bytes[at + 1..];
                    continue;
                }
                found => {
                    end = if found.is_some() { End::Marker } else { End::File };
                    bytes = &[];
                    break;
                }
            }
            bytes = &bytes[at + 2..];
        }
        self.data.extend_from_slice(bytes);
        if end == End::File {
            // A failed memory card leaves zeros instead of the rest.
            let kept = self.data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            self.data.truncate(kept.max(self.ends.last().copied().unwrap_or(0)));
        }
        self.ends.push(self.data.len());
        self.data.resize(self.data.len() + SPARE, 0);
        Some(end)
    }

    /// Goes through all MCUs, and copies those of the windows.
    fn walk(&self, header: &Header, windows: &mut [Window], end: End) -> Option<()> {
        let (columns, rows) = (count_columns(header), count_rows(header));
        let bottom = windows.iter().map(|window| window.bottom).max().unwrap_or(0);
        let mut walk = Walk::new(self, header);
        for row in 0..rows {
            let is_in_row = |window: &&mut Window| (window.top..window.bottom).contains(&row);
            let mut wanted: Vec<_> = windows.iter_mut().filter(is_in_row).collect();
            for column in 0..columns {
                let read = walk.read_mcu(row * columns + column);
                if read.is_none() && row >= bottom && end == End::File {
                    return Some(());
                }
                read?;
                for window in &mut wanted {
                    if (window.left..window.right).contains(&column) {
                        window.add_mcu(&self.data, &walk.blocks)?;
                    }
                }
            }
            // Reading past the end returns zeros.
            if row < bottom && walk.is_past_end()? {
                return None;
            }
        }
        (end == End::File || walk.is_at_end()?).then_some(())
    }
}

/// A position in the data of a scan, which moves from MCU to MCU.
struct Walk<'a> {
    data: &'a [u8],
    ends: &'a [usize],
    header: &'a Header,
    /// The component of each block in an MCU.
    layout: Vec<usize>,
    blocks: Vec<Block>,
    dc_values: [i32; 3],
    /// The number of the restart interval.
    stretch: usize,
    reader: Reader<'a>,
}

impl<'a> Walk<'a> {
    fn new(Excerpts { data, ends }: &'a Excerpts, header: &'a Header) -> Self {
        let blocks_of = |(number, of): (usize, &Component)| vec![number; usize::from(of.across * of.down)];
        let layout: Vec<usize> = header.components.iter().enumerate().flat_map(blocks_of).collect();
        let blocks = vec![Block::default(); layout.len()];
        let reader = Reader::new(data, 0);
        Self { data, ends, header, layout, blocks, dc_values: [0; 3], stretch: 0, reader }
    }

    /// Reads the MCU with a number; `None` if the data do not contain it.
    #[inline]
    fn read_mcu(&mut self, number: usize) -> Option<()> {
        let interval = self.header.restart_interval;
        if number > 0 && interval > 0 && number.is_multiple_of(interval) {
            if !self.is_at_end()? {
                return None;
            }
            self.reader = Reader::new(self.data, *self.ends.get(self.stretch)?);
            (self.stretch, self.dc_values) = (self.stretch + 1, [0; 3]);
        }
        for (block, &component) in self.blocks.iter_mut().zip(&self.layout) {
            let Component { dc_table, ac_table, .. } = self.header.components[component];
            let dc = &mut self.dc_values[component];
            *dc += self.header.dc_tables[usize::from(dc_table)].as_ref()?.read(&mut self.reader)?;
            if dc.unsigned_abs() > MAX_DC {
                return None;
            }
            let from = self.reader.position();
            self.header.ac_tables[usize::from(ac_table)].as_ref()?.skip(&mut self.reader)?;
            *block = Block { component, dc: *dc, from, to: self.reader.position() };
        }
        Some(())
    }

    fn is_past_end(&self) -> Option<bool> {
        Some(self.reader.position() > *self.ends.get(self.stretch)? * 8)
    }

    /// Whether the blocks end with the restart interval, except for the bits that fill its last byte.
    fn is_at_end(&self) -> Option<bool> {
        let end = *self.ends.get(self.stretch)? * 8;
        Some((self.reader.position()..self.reader.position() + 8).contains(&end))
    }
}

/// Whether skipping all blocks and decoding those in `windows` is less work than decoding all.
fn is_worth_it(header: &Header, windows: &[Window]) -> bool {
    let mcus: usize = windows.iter().map(Window::mcus).sum();
    mcus > 0 && 2 * mcus < count_rows(header) * count_columns(header)
}

/// The number of MCUs in a row.
fn count_columns(header: &Header) -> usize {
    header.width.div_ceil(header.mcu_size().0) as usize
}

/// The number of rows of MCUs.
fn count_rows(header: &Header) -> usize {
    header.height.div_ceil(header.mcu_size().1) as usize
}

#[cfg(test)]
mod tests;
