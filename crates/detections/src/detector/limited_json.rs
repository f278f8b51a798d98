//! Limiting how much of a JSON file is in memory at once.

use std::io::{self, Read};

/// The most bytes of one image or of one field beside the lists. A day of video with boxes on each frame
/// has fewer.
const PART_BYTES: u64 = 32 << 20;

/// A reader of JSON that limits each part: an item of a list in the outermost object, or another field of
/// it. A larger part is an error of the kind [`io::ErrorKind::InvalidData`].
pub(super) struct LimitedJson<R> {
    reader: R,
    /// Bytes of the current part so far.
    part: u64,
    line: u64,
    /// The number of open objects and lists.
    depth: u64,
    in_list: bool,
    in_text: bool,
    is_escaped: bool,
}

impl<R> LimitedJson<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, part: 0, line: 1, depth: 0, in_list: false, in_text: false, is_escaped: false }
    }

    /// Counts a byte.
    fn count(&mut self, byte: u8) {
        self.part += 1;
        self.line += u64::from(byte == b'\n');
        if self.in_text {
            self.in_text = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == 2 {
                    self.in_list = byte == b'[';
                }
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 1 || (self.depth == 2 && self.in_list) => self.part = 0,
            _ => {}
        }
    }
}

impl<R: Read> Read for LimitedJson<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        for byte in &buffer[..read] {
            self.count(*byte);
        }
        if self.part > PART_BYTES {
            let message =
                format!("before line {}: one value has more than {} MiB", self.line, PART_BYTES >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&[u8]]) -> io::Result<u64> {
        let whole: Vec<u8> = parts.concat();
        io::copy(&mut LimitedJson::new(whole.as_slice()), &mut io::sink())
    }

    #[test]
    fn items_of_a_list_are_limited_and_not_the_list() {
        let item = vec![b' '; 20 << 20];
        let items: [&[u8]; 5] =
            [b"{\"info\": {\"a\": \"]\\\",\"}, \"images\": [", &item, b"1,", &item, b"2]}"];
        assert!(read(&items).is_ok());
        let too_large: [[&[u8]; 5]; 3] = [
            [b"{\"images\": [\n\"", &item, b"\\\",", &item, b"\"]}"],
            [b"{\"info\": {\n\"a\": ", &item, b"1,", &item, b"}}"],
            [b"{\"images\": [{\n\"a\": ", &item, b"1,", &item, b"}]}"],
        ];
        for parts in too_large {
            let error = read(&parts).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().starts_with("before line 2: "), "{error}");
        }
    }
}
