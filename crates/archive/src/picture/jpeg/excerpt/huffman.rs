//! Huffman tables, mainly for skipping blocks.

use super::bits::{FILLED, Reader, first_bits};

/// Bits per lookup. Larger tables do not fit into the processor's cache.
const BITS: u32 = 11;
/// The AC coefficients of a block.
const COEFFICIENTS: u32 = 63;
/// The longest code word in bits.
const CODE_BITS: u32 = 16;

/// A lookup table with an entry for all values of the next [`BITS`] bits.
struct Table<T>(Box<[T; 1 << BITS]>);

impl<T: Copy + Default> Table<T> {
    /// `entry` gets the bits at the top of a word.
    fn new(entry: impl Fn(u64) -> T) -> Self {
        let mut table = Box::new([T::default(); 1 << BITS]);
        for (bits, place) in (0_u64..).zip(table.iter_mut()) {
            *place = entry(bits << (64 - BITS));
        }
        Self(table)
    }

    /// The entry for the bits at the top of `word`.
    #[inline]
    fn look_up(&self, word: u64) -> T {
        self.0[(word >> (64 - BITS)) as usize]
    }
}

/// The code words of a Huffman table.
pub(super) struct Codes(
    /// For all values of the next 16 bits: the length of the code word at their start, 0 if there is none,
    /// and its symbol.
    Vec<(u8, u8)>,
);

impl Codes {
    /// `counts` are the numbers of code words of 1 to 16 bits, `symbols` their symbols.
    ///
    /// `None` when no such code exists.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut words = Vec::with_capacity(1 << CODE_BITS);
        let mut symbols = symbols.iter();
        for (count, length) in counts.iter().zip(1_u8..) {
            for symbol in symbols.by_ref().take(usize::from(*count)) {
                let end = words.len() + (1 << (16 - length));
                if end > 1 << CODE_BITS {
                    return None;
                }
                words.resize(end, (length, *symbol));
            }
        }
        words.resize(1 << CODE_BITS, (0, 0));
        Some(Self(words))
    }

    /// The code word at the top of `word`: its length in bits and its symbol.
    fn look_up(&self, word: u64) -> Option<(u32, u32)> {
        let (length, symbol) = self.0[(word >> (64 - CODE_BITS)) as usize];
        (length > 0).then_some((length.into(), symbol.into()))
    }
}

/// Reads the differences between the DC coefficients of blocks.
pub(super) struct DcTable {
    codes: Codes,
    /// The difference and its number of bits; 0 bits if [`BITS`] are too few for it.
    short: Table<(i16, u8)>,
}

impl DcTable {
    pub fn new(codes: Codes) -> Self {
        let short = Table::new(|word| match read_difference(&codes, word) {
            Some((value, bits)) if bits <= BITS => (i16::try_from(value).unwrap_or(0), to_u8(bits)),
            _ => (0, 0),
        });
        Self { codes, short }
    }

    /// The next difference.
    #[inline]
    pub fn read(&self, reader: &mut Reader) -> Option<i32> {
        reader.fill()?;
        let (value, bits) = match self.short.look_up(reader.word()) {
            (_, 0) => read_difference(&self.codes, reader.word())?,
            (value, bits) => (value.into(), bits.into()),
        };
        reader.skip(bits);
        Some(value)
    }
}

/// The difference at the top of `word`, and its number of bits.
fn read_difference(codes: &Codes, word: u64) -> Option<(i32, u32)> {
    let (length, size) = codes.look_up(word)?;
    if size > 11 {
        return None;
    }
    let bits = i32::try_from(first_bits(word << length, size)).ok()?;
    // Numbers without a leading one are negative (figure F.12 of ITU-T T.81).
    let negative = size > 0 && bits >> (size - 1) == 0;
    Some((if negative { bits - (1 << size) + 1 } else { bits }, length + size))
}

/// Skips the AC coefficients of blocks.
///
/// Only the end of the block matters, not the values. So one lookup skips several coefficients, which is
/// about twice as fast as decoding.
pub(super) struct AcTable {
    codes: Codes,
    steps: Table<Step>,
}

/// The complete codes in the next [`BITS`] bits.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
struct Step {
    /// Bits to skip.
    bits: u8,
    /// Skipped coefficients; at least [`ENDS`] if the block ends.
    passed: u8,
    /// Coefficients that must be left in the block for this step; [`ENDS`] if not even the first code word is
    /// complete.
    room: u8,
}

/// More coefficients than any block has.
const ENDS: u8 = 64;

impl AcTable {
    pub fn new(codes: Codes) -> Self {
        let steps = Table::new(|word| make_step(&codes, word));
        Self { codes, steps }
    }

    /// Skips the AC coefficients of a block.
    #[inline]
    pub fn skip(&self, reader: &mut Reader) -> Option<()> {
        let mut passed = 0;
        loop {
            reader.fill()?;
            for _ in 0..FILLED / BITS {
                let step = self.steps.look_up(reader.word());
                if passed + u32::from(step.room) > COEFFICIENTS {
                    reader.fill()?;
                    if self.skip_one(reader, &mut passed)? {
                        return Some(());
                    }
                    break;
                }
                reader.skip(step.bits.into());
                passed += u32::from(step.passed);
                if passed >= COEFFICIENTS {
                    return Some(());
                }
            }
        }
    }

    /// Skips one value, and returns whether it was the last of its block.
    fn skip_one(&self, reader: &mut Reader, passed: &mut u32) -> Option<bool> {
        let (bits, count, ends) = read_code(&self.codes, reader.word())?;
        reader.skip(bits);
        *passed += count;
        (*passed <= COEFFICIENTS).then_some(ends || *passed == COEFFICIENTS)
    }
}

/// Reads the code word at the top of `word` with its value: the number of bits, the coefficients that it
/// covers, and whether it ends the block.
fn read_code(codes: &Codes, word: u64) -> Option<(u32, u32, bool)> {
    let (length, symbol) = codes.look_up(word)?;
    let (run, size) = (symbol >> 4, symbol & 15);
    let ends = size == 0 && run < 15;
    Some((length + size, if ends { 0 } else { run + 1 }, ends))
}

fn make_step(codes: &Codes, word: u64) -> Step {
    let (mut bits, mut passed) = (0, 0);
    while let Some((length, count, ends)) = read_code(codes, word << bits) {
        if bits + length > BITS || passed + count > COEFFICIENTS {
            break;
        }
        bits += length;
        passed += count;
        if ends {
            // One coefficient must be left for the end-of-block code.
            return Step { bits: to_u8(bits), passed: to_u8(passed) + ENDS, room: to_u8(passed) + 1 };
        }
    }
    let room = if bits == 0 { ENDS } else { to_u8(passed) };
    Step { bits: to_u8(bits), passed: to_u8(passed), room }
}

fn to_u8(number: u32) -> u8 {
    u8::try_from(number).expect("at most 63")
}
