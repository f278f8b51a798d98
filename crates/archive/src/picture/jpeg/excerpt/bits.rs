//! Reading and writing entropy-coded bits, most significant first.

/// Zero bytes after the data, so that the last bits can be read like all others.
pub(super) const SPARE: usize = 16;
/// The number of bits that a [`Reader`] has after `fill`.
pub(super) const FILLED: u32 = 56;

/// Reads entropy-coded data without stuffed zero bytes.
pub(super) struct Reader<'a> {
    data: &'a [u8],
    /// The next bits, at the top.
    word: u64,
    /// The number of bits that count as read; the bits below them are valid too.
    held: u32,
    /// The next byte to read.
    next: usize,
}

impl<'a> Reader<'a> {
    /// Starts at a byte of `data`, which ends with [`SPARE`].
    pub fn new(data: &'a [u8], byte: usize) -> Self {
        Self { data, word: 0, held: 0, next: byte }
    }

    /// The position of the next bit.
    #[inline]
    pub fn position(&self) -> usize {
        self.next * 8 - self.held as usize
    }

    /// Reads ahead to have [`FILLED`] bits; `None` beyond the end of the data.
    ///
    /// It has no branch, which would be unpredictable: see variant 4 in Fabian Giesen, "Reading bits in far
    /// too many ways".
    #[inline]
    pub fn fill(&mut self) -> Option<()> {
        let bytes = self.data.get(self.next..)?.first_chunk()?;
        self.word |= u64::from_be_bytes(*bytes) >> self.held;
        self.next += (63 - self.held as usize) / 8;
        self.held |= FILLED;
        Some(())
    }

    /// The next bits, at the top of a word.
    #[inline]
    pub fn word(&self) -> u64 {
        self.word
    }

    /// Skips bits, which must have been read ahead.
    #[inline]
    pub fn skip(&mut self, bits: u32) {
        self.word <<= bits;
        self.held -= bits;
    }
}

/// The bits at `position`, at the top of the word; `None` beyond the end.
#[inline]
fn peek(data: &[u8], position: usize) -> Option<u64> {
    let bytes = data.get(position / 8..)?.first_chunk()?;
    Some(u64::from_be_bytes(*bytes) << (position % 8))
}

/// The first `count` bits of a word, 0 to 63 of them.
#[inline]
pub(super) fn first_bits(word: u64, count: u32) -> u64 {
    (word >> 1) >> (63 - count)
}

/// Writes entropy-coded data.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl Writer {
    /// Adds the low `count` bits of `bits`, at most 32 of them.
    #[inline]
    pub fn put(&mut self, bits: u64, count: u32) {
        self.held = (self.held << count) | bits;
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let word = self.held >> self.count;
            self.write(u32::try_from(word & 0xFFFF_FFFF).unwrap_or(0));
        }
    }

    /// Adds the bits of `data` from one position to another.
    pub fn copy(&mut self, data: &[u8], from: usize, to: usize) -> Option<()> {
        let mut at = from;
        while at < to {
            let count = (to - at).min(32);
            let taken = u32::try_from(count).ok()?;
            self.put(first_bits(peek(data, at)?, taken), taken);
            at += count;
        }
        Some(())
    }

    #[inline]
    fn write(&mut self, word: u32) {
        let bytes = word.to_be_bytes();
        // A byte of ones must be followed by a stuffed zero. If no byte of the inverted word is zero, the word
        // has no byte of ones.
        if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
            self.bytes.extend_from_slice(&bytes);
        } else {
            for byte in bytes {
                self.write_byte(byte);
            }
        }
    }

    fn write_byte(&mut self, byte: u8) {
        self.bytes.push(byte);
        if byte == 0xFF {
            self.bytes.push(0);
        }
    }

    /// The data; the last byte is filled with ones, as the format requires.
    pub fn finish(mut self) -> Vec<u8> {
        while !self.count.is_multiple_of(8) {
            self.put(1, 1);
        }
        while self.count > 0 {
            self.count -= 8;
            self.write_byte(u8::try_from((self.held >> self.count) & 0xFF).unwrap_or(0));
        }
        self.bytes
    }
}
