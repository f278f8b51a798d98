//! The header of a JPEG file (ITU-T T.81, annex B), as far as excerpts need it.

use std::ops::Range;

use super::huffman::{AcTable, Codes, DcTable};

/// The side of a block in pixels.
const BLOCK: u32 = 8;

/// The header of a file with one sequential scan.
#[derive(Default)]
pub(super) struct Header {
    pub width: u32,
    pub height: u32,
    /// The marker of the frame: baseline, or extended with 8 bits, which is equivalent here.
    pub frame: u8,
    /// One or three components.
    pub components: Vec<Component>,
    /// Segments that an excerpt copies: quantization tables and colour information.
    pub kept: Vec<Range<usize>>,
    /// The segments with the Huffman tables of [`Header::ac_tables`].
    pub tables: Vec<Range<usize>>,
    pub dc_tables: [Option<DcTable>; 4],
    pub ac_tables: [Option<AcTable>; 4],
    /// MCUs (minimum coded units, groups of blocks) between two restarts; 0 for none.
    pub restart_interval: usize,
    /// The position of the entropy-coded data.
    pub data: usize,
}

/// A colour component.
#[derive(Clone, Copy)]
pub(super) struct Component {
    pub id: u8,
    /// Its blocks in an MCU, horizontally and vertically.
    pub across: u8,
    pub down: u8,
    pub quantization: u8,
    pub dc_table: u8,
    pub ac_table: u8,
}

impl Header {
    /// Reads the header; `None` if the file is of another kind or incomplete.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut header = Self { frame: 0xC0, ..Self::default() };
        let mut at = 2;
        loop {
            // Any number of 0xFF may precede a marker.
            while *bytes.get(at)? == 0xFF && *bytes.get(at + 1)? == 0xFF {
                at += 1;
            }
            let [0xFF, marker, high, low] = *bytes.get(at..)?.first_chunk()? else { return None };
            let whole = at..at + 2 + usize::from(u16::from_be_bytes([high, low]));
            let body = bytes.get(at + 4..whole.end)?;
            match marker {
                0xDB | 0xE0 | 0xEE => header.kept.push(whole.clone()),
                0xC0 | 0xC1 => {
                    header.read_frame(body)?;
                    header.frame = marker;
                }
                0xC4 => {
                    header.read_codes(body)?;
                    header.tables.push(whole.clone());
                }
                0xDD => header.restart_interval = usize::from(u16::from_be_bytes(*body.first_chunk()?)),
                0xDA => {
                    header.read_scan(body)?;
                    header.data = whole.end;
                    return Some(header);
                }
                0xE1..=0xEF | 0xFE => {}
                _ => return None,
            }
            at = whole.end;
        }
    }

    /// Width and height of an MCU in pixels.
    pub fn mcu_size(&self) -> (u32, u32) {
        let across = self.components.iter().map(|component| component.across).max();
        let down = self.components.iter().map(|component| component.down).max();
        (u32::from(across.unwrap_or(1)) * BLOCK, u32::from(down.unwrap_or(1)) * BLOCK)
    }

    fn read_frame(&mut self, body: &[u8]) -> Option<()> {
        let [8, height @ .., _, _, count] = *body.first_chunk::<6>()? else { return None };
        let width = [body[3], body[4]];
        if !self.components.is_empty() || !matches!(count, 1 | 3) {
            return None;
        }
        (self.width, self.height) = (u16::from_be_bytes(width).into(), u16::from_be_bytes(height).into());
        for component in body.get(6..)?.chunks_exact(3).take(count.into()) {
            let &[id, factors, quantization] = component else { return None };
            let (across, down) = (factors >> 4, factors & 15);
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return None;
            }
            // A single component is a row of blocks, whatever its factors are.
            let (across, down) = if count == 1 { (1, 1) } else { (across, down) };
            let component = Component { id, across, down, quantization, dc_table: 0, ac_table: 0 };
            self.components.push(component);
        }
        let blocks: u32 = self.components.iter().map(|c| u32::from(c.across) * u32::from(c.down)).sum();
        let whole = self.components.len() == usize::from(count) && self.width > 0 && self.height > 0;
        (whole && blocks <= 10).then_some(())
    }

    fn read_codes(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((&[kind, ref counts @ ..], rest)) = body.split_first_chunk::<17>() {
            let number = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, after) = rest.split_at_checked(number)?;
            let codes = Codes::new(counts, symbols)?;
            match kind {
                0..4 => self.dc_tables[usize::from(kind)] = Some(DcTable::new(codes)),
                16..20 => self.ac_tables[usize::from(kind - 16)] = Some(AcTable::new(codes)),
                _ => return None,
            }
            body = after;
        }
        body.is_empty().then_some(())
    }

    fn read_scan(&mut self, body: &[u8]) -> Option<()> {
        let (count, rest) = body.split_first()?;
        if usize::from(*count) != self.components.len() || self.components.is_empty() {
            return None;
        }
        let (chosen, how) = rest.split_at_checked(usize::from(*count) * 2)?;
        for (component, chosen) in self.components.iter_mut().zip(chosen.chunks_exact(2)) {
            let (dc, ac) = (chosen[1] >> 4, chosen[1] & 15);
            let known = self.dc_tables.get(usize::from(dc))?.is_some()
                && self.ac_tables.get(usize::from(ac))?.is_some();
            if chosen[0] != component.id || !known {
                return None;
            }
            (component.dc_table, component.ac_table) = (dc, ac);
        }
        // All coefficients, with all their bits.
        (how == [0, 63, 0]).then_some(())
    }
}
