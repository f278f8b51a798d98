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
/// The largest memory that is kept for the next picture, in bytes.
const MOST_KEPT: usize = 64 << 20;

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

/// How the data of a scan end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a marker, as they should.
    Marker,
    /// With the file, which was cut off.
    File,
}

/// What was found in a file.
pub(crate) enum Excerpted {
    /// An excerpt for each part.
    Files(Vec<Excerpt>),
    /// The decoder has to see to the whole file: it is of another kind, it was cut off above the end
    /// of a part, or decoding it takes no longer.
    Whole,
    /// The blocks do not fill the data: a bit was flipped somewhere, and what follows lies beside
    /// its place. A decoder does not notice all of that.
    Damaged,
}

impl Excerpts {
    /// An excerpt for each of `parts`, which are inside the picture. All of the file's blocks are
    /// passed over, so that damage is found wherever it is; but of a file that was cut off, the parts
    /// above the cut are as good as ever.
    pub fn of(&mut self, bytes: &[u8], parts: &[Part]) -> Excerpted {
        let Some(header) = Header::read(bytes) else { return Excerpted::Whole };
        let mut windows: Vec<_> = parts.iter().map(|part| Window::around(*part, &header)).collect();
        let is_worth_it = is_worth_it(&header, &windows);
        if !is_worth_it {
            // The blocks are looked through all the same.
            windows.clear();
        }
        let Some(end) = bytes.get(header.data..).and_then(|data| self.unstuff(data)) else {
            return Excerpted::Whole;
        };
        let walked = self.walk(&header, &mut windows, end);
        if self.data.capacity() > MOST_KEPT {
            self.data = Vec::new();
        }
        match (walked, end) {
            (None, End::Marker) => Excerpted::Damaged,
            (Some(()), _) if is_worth_it => {
                Excerpted::Files(windows.into_iter().map(|window| window.finish(&header, bytes)).collect())
            }
            _ => Excerpted::Whole,
        }
    }

    /// Takes the entropy-coded data without the zeros that follow a byte of ones in it; `None` when
    /// its restarts are not numbered as they should be.
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
                // Filled up before a marker.
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
            // A card that failed leaves zeros in place of the rest.
            let kept = self.data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            self.data.truncate(kept.max(self.ends.last().copied().unwrap_or(0)));
        }
        self.ends.push(self.data.len());
        self.data.resize(self.data.len() + SPARE, 0);
        Some(end)
    }

    /// Goes over all groups of blocks, and copies those that are wanted.
    fn walk(&self, header: &Header, windows: &mut [Window], end: End) -> Option<()> {
        let (columns, rows) = (columns(header), rows(header));
        let bottom = windows.iter().map(|window| window.bottom).max().unwrap_or(0);
        let mut walk = Walk::new(self, header);
        for row in 0..rows {
            let of_row = |window: &&mut Window| (window.top..window.bottom).contains(&row);
            let mut wanted: Vec<_> = windows.iter_mut().filter(of_row).collect();
            for column in 0..columns {
                let read = walk.read_group(row * columns + column);
                if read.is_none() && row >= bottom && end == End::File {
                    return Some(());
                }
                read?;
                for window in &mut wanted {
                    if (window.left..window.right).contains(&column) {
                        window.take(&self.data, &walk.blocks)?;
                    }
                }
            }
            // What is read behind the end are zeros.
            if row < bottom && walk.is_past_end()? {
                return None;
            }
        }
        (end == End::File || walk.is_at_end()?).then_some(())
    }
}

/// A place in the data of a scan, going from one group of blocks to the next.
struct Walk<'a> {
    data: &'a [u8],
    ends: &'a [usize],
    header: &'a Header,
    layout: Vec<usize>,
    blocks: Vec<Block>,
    means: [i32; 3],
    /// The number of the stretch between two restarts.
    stretch: usize,
    reader: Reader<'a>,
}

impl<'a> Walk<'a> {
    fn new(Excerpts { data, ends }: &'a Excerpts, header: &'a Header) -> Self {
        let layout = layout(header);
        let blocks = vec![Block::default(); layout.len()];
        Self { data, ends, header, layout, blocks, means: [0; 3], stretch: 0, reader: Reader::new(data, 0) }
    }

    /// Reads the group of a number; `None` when the data do not hold it.
    #[inline]
    fn read_group(&mut self, number: usize) -> Option<()> {
        let interval = self.header.restart_interval;
        if number > 0 && interval > 0 && number.is_multiple_of(interval) {
            if !self.is_at_end()? {
                return None;
            }
            self.reader = Reader::new(self.data, *self.ends.get(self.stretch)?);
            (self.stretch, self.means) = (self.stretch + 1, [0; 3]);
        }
        read_group(self.header, &self.layout, &mut self.reader, &mut self.means, &mut self.blocks)
    }

    fn is_past_end(&self) -> Option<bool> {
        Some(self.reader.position() > *self.ends.get(self.stretch)? * 8)
    }

    /// Whether the blocks end where the stretch does, but for the bits that fill its last byte.
    fn is_at_end(&self) -> Option<bool> {
        let end = *self.ends.get(self.stretch)? * 8;
        Some((self.reader.position()..self.reader.position() + 8).contains(&end))
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

/// Whether passing over all blocks and decoding those in `windows` is less work than decoding all.
fn is_worth_it(header: &Header, windows: &[Window]) -> bool {
    let groups: usize = windows.iter().map(Window::groups).sum();
    groups > 0 && 2 * groups < rows(header) * columns(header)
}

/// Groups of blocks in a row.
fn columns(header: &Header) -> usize {
    header.width.div_ceil(header.group().0) as usize
}

/// Rows of groups of blocks.
fn rows(header: &Header) -> usize {
    header.height.div_ceil(header.group().1) as usize
}

/// The component of each block of a group.
fn layout(header: &Header) -> Vec<usize> {
    let blocks = |(number, of): (usize, &Component)| vec![number; usize::from(of.across * of.down)];
    header.components.iter().enumerate().flat_map(blocks).collect()
}

#[cfg(test)]
mod tests;
