//! Excerpts: the blocks around a box, as a JPEG file of their own.
//!
//! The blocks of a JPEG file stand one behind the other, each as long as it happens to be, so
//! whoever wants the last must pass over all the others. A decoder decodes them for that. Here they
//! are only passed over, in half the time, and those that are wanted are copied as they are,
//! bit by bit, so that nothing is lost. Only the mean of a block has to be written anew, since it
//! is told as the difference from the block before.
//!
//! This knows one kind of file, which all cameras write: Huffman codes, 8 bits, one scan. Of
//! anything else, and of anything odd, there is no excerpt; the decoder sees to the whole file then,
//! and says what is wrong with it.

mod bits;
mod header;
mod huffman;
mod window;

use detections::PixelBox;

use crate::picture::Part;

use bits::{Reader, SPARE};
use header::{Component, Header};
use window::{Block, Window};

/// Four times what eight bits can come to; beyond it data is broken.
const MAX_MEAN: u32 = 1 << 13;

/// A file of a part of a picture.
pub(crate) struct Excerpt {
    pub file: Vec<u8>,
    /// Where the part lies in the picture, and how large it is.
    pub area: PixelBox,
}

/// Makes excerpts, one picture after the other.
#[derive(Default)]
pub(crate) struct Excerpts {
    data: Vec<u8>,
    /// Where in `data` each stretch between restarts ends, in bytes.
    ends: Vec<usize>,
}

impl Excerpts {
    /// An excerpt for each of `parts`, which are inside the picture; `None` when there is none, or
    /// when decoding the picture takes no longer.
    pub fn of(&mut self, bytes: &[u8], parts: &[Part]) -> Option<Vec<Excerpt>> {
        let header = Header::read(bytes)?;
        let mut windows: Vec<_> = parts.iter().map(|part| Window::around(*part, &header)).collect();
        if !is_worth_it(&header, &windows) {
            return None;
        }
        self.unstuff(bytes.get(header.data..)?);
        self.walk(&header, &mut windows)?;
        Some(windows.into_iter().map(|window| window.finish(&header, bytes)).collect())
    }

    /// Takes the entropy-coded data without the zeros that follow a byte of ones in it.
    fn unstuff(&mut self, mut bytes: &[u8]) {
        self.data.clear();
        self.ends.clear();
        self.data.reserve(bytes.len() + SPARE);
        while let Some(at) = memchr::memchr(0xFF, bytes) {
            self.data.extend_from_slice(&bytes[..at]);
            match bytes.get(at + 1) {
                Some(0) => self.data.push(0xFF),
                Some(0xD0..=0xD7) => self.ends.push(self.data.len()),
                // Filled up before a marker.
                Some(0xFF) => {
                    bytes = &bytes[at + 1..];
                    continue;
                }
                _ => {
                    bytes = &[];
                    break;
                }
            }
            bytes = &bytes[at + 2..];
        }
        self.data.extend_from_slice(bytes);
        self.ends.push(self.data.len());
        self.data.resize(self.data.len() + SPARE, 0);
    }

    /// Goes over the groups of blocks up to the last that is wanted, and copies those that are.
    fn walk(&self, header: &Header, windows: &mut [Window]) -> Option<()> {
        let columns = columns(header);
        let bottom = windows.iter().map(|window| window.bottom).max()?;
        let layout = layout(header);
        let mut blocks = [Block::default(); 10];
        let blocks = &mut blocks[..layout.len()];
        let mut means = [0; 3];
        let mut stretch = 0;
        let mut reader = Reader::new(&self.data, 0);
        for row in 0..bottom {
            let of_row = |window: &&mut Window| (window.top..window.bottom).contains(&row);
            let mut wanted: Vec<_> = windows.iter_mut().filter(of_row).collect();
            for column in 0..columns {
                let group = row * columns + column;
                if group > 0 && header.restart_interval > 0 && group.is_multiple_of(header.restart_interval) {
                    let end = *self.ends.get(stretch)?;
                    if reader.position() > end * 8 {
                        return None;
                    }
                    reader = Reader::new(&self.data, end);
                    (stretch, means) = (stretch + 1, [0; 3]);
                }
                read_group(header, &layout, &mut reader, &mut means, blocks)?;
                for window in &mut wanted {
                    if (window.left..window.right).contains(&column) {
                        window.take(&self.data, blocks)?;
                    }
                }
            }
        }
        (reader.position() <= *self.ends.get(stretch)? * 8).then_some(())
    }
}

#[inline]
fn read_group(
    header: &Header,
    layout: &[usize],
    reader: &mut Reader,
    means: &mut [i32; 3],
    blocks: &mut [Block],
) -> Option<()> {
    for (block, component) in blocks.iter_mut().zip(layout) {
        let tables = header.components[*component];
        let mean = &mut means[*component];
        *mean += header.means[usize::from(tables.means)].as_ref()?.read(reader)?;
        if mean.unsigned_abs() > MAX_MEAN {
            return None;
        }
        let from = reader.position();
        header.details[usize::from(tables.details)].as_ref()?.pass(reader)?;
        *block = Block { component: *component, mean: *mean, from, to: reader.position() };
    }
    Some(())
}

/// Whether passing over blocks and decoding those in `windows` is less work than decoding all down
/// to the last of them.
fn is_worth_it(header: &Header, windows: &[Window]) -> bool {
    let (Some(top), Some(bottom)) =
        (windows.iter().map(|w| w.top).min(), windows.iter().map(|w| w.bottom).max())
    else {
        return false;
    };
    let left = windows.iter().map(|window| window.left).min().unwrap_or(0);
    let right = windows.iter().map(|window| window.right).max().unwrap_or(0);
    let decoded = bottom * columns(header) + (bottom - top) * (right - left) / 2;
    2 * windows.iter().map(Window::groups).sum::<usize>() < decoded
}

/// Groups of blocks in a row.
fn columns(header: &Header) -> usize {
    header.width.div_ceil(header.group().0) as usize
}

/// The component of each block of a group.
fn layout(header: &Header) -> Vec<usize> {
    let blocks = |(number, of): (usize, &Component)| vec![number; usize::from(of.across * of.down)];
    header.components.iter().enumerate().flat_map(blocks).collect()
}

#[cfg(test)]
mod tests;
