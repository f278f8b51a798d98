//! Huffman tables, for passing over blocks more than for reading them.

use super::bits::{FILLED, Reader, first};

/// Bits that are looked up at once. With more the tables do not stay near the processor.
const BITS: u32 = 11;
/// Coefficients of a block besides its mean.
const COEFFICIENTS: u32 = 63;
/// The most bits of a code word.
const CODE_BITS: u32 = 16;

/// A table with an entry for each of the next [`BITS`] bits.
struct Table<T>(Box<[T; 1 << BITS]>);

impl<T: Copy + Default> Table<T> {
    /// `entry` is given the bits at the top of a word.
    fn new(entry: impl Fn(u64) -> T) -> Self {
        let mut table = Box::new([T::default(); 1 << BITS]);
        for (bits, place) in (0_u64..).zip(table.iter_mut()) {
            *place = entry(bits << (64 - BITS));
        }
        Self(table)
    }

    /// The entry for the bits at the top of `word`.
    #[inline]
    fn at(&self, word: u64) -> T {
        self.0[(word >> (64 - BITS)) as usize]
    }
}

/// The code words of a table.
pub(super) struct Codes(
    /// For the next 16 bits: the length of the code word they begin with, 0 when there is none,
    /// and what it stands for.
    Vec<(u8, u8)>,
);

impl Codes {
    /// `counts` are the numbers of code words of 1 to 16 bits, `symbols` what they stand for.
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

    /// The code word at the top of `word`: its length in bits and what it stands for.
    fn at(&self, word: u64) -> Option<(u32, u32)> {
        let (length, symbol) = self.0[(word >> (64 - CODE_BITS)) as usize];
        (length > 0).then_some((length.into(), symbol.into()))
    }
}

/// Reads the differences between the means of blocks.
pub(super) struct Means {
    codes: Codes,
    /// The difference and its bits; none when [`BITS`] are too few for it.
    short: Table<(i16, u8)>,
}

impl Means {
    pub fn new(codes: Codes) -> Self {
        let short = Table::new(|word| match difference(&codes, word) {
            Some((value, bits)) if bits <= BITS => (i16::try_from(value).unwrap_or(0), small(bits)),
            _ => (0, 0),
        });
        Self { codes, short }
    }

    /// The next difference.
    #[inline]
    pub fn read(&self, reader: &mut Reader) -> Option<i32> {
        reader.fill()?;
        let (value, bits) = match self.short.at(reader.word()) {
            (_, 0) => difference(&self.codes, reader.word())?,
            (value, bits) => (value.into(), bits.into()),
        };
        reader.pass(bits);
        Some(value)
    }
}

/// The difference at the top of `word`, and its bits.
fn difference(codes: &Codes, word: u64) -> Option<(i32, u32)> {
    let (length, size) = codes.at(word)?;
    if size > 11 {
        return None;
    }
    let bits = i32::try_from(first(word << length, size)).ok()?;
    // Numbers without a leading one are negative (figure F.12 of ITU-T T.81).
    let negative = size > 0 && bits >> (size - 1) == 0;
    Some((if negative { bits - (1 << size) + 1 } else { bits }, length + size))
}

/// Passes over the other coefficients of blocks.
///
/// Their values do not matter, only where the block ends. So several of them are passed with one
/// look into a table, which makes this about twice as fast as decoding.
pub(super) struct Details {
    codes: Codes,
    steps: Table<Step>,
}

/// What the next [`BITS`] bits are, as far as they are whole.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
struct Step {
    /// Bits to pass.
    bits: u8,
    /// Coefficients passed; more than there are when the block ends.
    passed: u8,
    /// Coefficients that must be left for all of this to belong to one block; more than there are
    /// when not even the first code word is whole.
    room: u8,
}

/// More coefficients than any block has.
const ENDS: u8 = 64;

impl Details {
    pub fn new(codes: Codes) -> Self {
        let steps = Table::new(|word| step(&codes, word));
        Self { codes, steps }
    }

    /// Passes over the coefficients of a block.
    #[inline]
    pub fn pass(&self, reader: &mut Reader) -> Option<()> {
        let mut passed = 0;
        loop {
            reader.fill()?;
            for _ in 0..FILLED / BITS {
                let step = self.steps.at(reader.word());
                if passed + u32::from(step.room) > COEFFICIENTS {
                    reader.fill()?;
                    if self.pass_one(reader, &mut passed)? {
                        return Some(());
                    }
                    break;
                }
                reader.pass(step.bits.into());
                passed += u32::from(step.passed);
                if passed >= COEFFICIENTS {
                    return Some(());
                }
            }
        }
    }

    /// Passes over one value, and tells whether it was the last of its block.
    fn pass_one(&self, reader: &mut Reader, passed: &mut u32) -> Option<bool> {
        let (bits, count, ends) = one(&self.codes, reader.word())?;
        reader.pass(bits);
        *passed += count;
        (*passed <= COEFFICIENTS).then_some(ends || *passed == COEFFICIENTS)
    }
}

/// The code word at the top of `word` with the value behind it: its bits, the coefficients that it
/// passes, and whether it ends the block.
fn one(codes: &Codes, word: u64) -> Option<(u32, u32, bool)> {
    let (length, symbol) = codes.at(word)?;
    let (run, size) = (symbol >> 4, symbol & 15);
    let ends = size == 0 && run < 15;
    Some((length + size, if ends { 0 } else { run + 1 }, ends))
}

fn step(codes: &Codes, word: u64) -> Step {
    let (mut bits, mut passed) = (0, 0);
    while let Some((length, count, ends)) = one(codes, word << bits) {
        if bits + length > BITS || passed + count > COEFFICIENTS {
            break;
        }
        bits += length;
        passed += count;
        if ends {
            // One must be left for its end to be said.
            return Step { bits: small(bits), passed: small(passed) + ENDS, room: small(passed) + 1 };
        }
    }
    let room = if bits == 0 { ENDS } else { small(passed) };
    Step { bits: small(bits), passed: small(passed), room }
}

fn small(number: u32) -> u8 {
    u8::try_from(number).expect("at most 63")
}
