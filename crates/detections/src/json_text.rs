//! Reading JSON that is not quite valid.

use std::io::{self, Read};

/// The UTF-8 byte order mark, which programs on Windows write.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// Numbers that JSON does not allow. Python and R write them for missing values.
const NO_NUMBERS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
/// The length of the longest of them.
const LONGEST: usize = 9;
/// Bytes to read at once.
const CHUNK: usize = 1 << 16;

/// A reader that removes a byte order mark and replaces the bare words `NaN`, `Infinity` and `-Infinity` by
/// `null`. Strings are not changed. Line numbers stay the same; columns may change.
pub(crate) struct LenientJson<R> {
    reader: R,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes of the output that were read.
    taken: usize,
    is_at_end: bool,
    /// Bytes of the byte order mark that were read; its length once the start is past.
    mark: usize,
    position: Position,
    /// The current bare word, while it may be one of [`NO_NUMBERS`].
    word: Vec<u8>,
    /// The word is longer than any of them.
    is_long: bool,
}

/// The position of a byte in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Outside of strings.
    Outside,
    String,
    /// In a string after a backslash.
    Escape,
}

impl<R> LenientJson<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            input: vec![0; CHUNK],
            output: Vec::new(),
            taken: 0,
            is_at_end: false,
            mark: 0,
            position: Position::Outside,
            word: Vec::with_capacity(LONGEST),
            is_long: false,
        }
    }

    /// Processes a byte of the input.
    fn take(&mut self, byte: u8) {
        if self.mark < MARK.len() {
            if byte == MARK[self.mark] {
                self.mark += 1;
                return;
            }
            self.end_mark();
        }
        self.put(byte);
    }

    /// An incomplete byte order mark is part of the text.
    fn end_mark(&mut self) {
        if self.mark < MARK.len() {
            let begun = std::mem::replace(&mut self.mark, MARK.len());
            for byte in &MARK[..begun] {
                self.put(*byte);
            }
        }
    }

    fn put(&mut self, byte: u8) {
        if self.position == Position::Outside {
            if is_part_of_word(byte) {
                self.put_in_word(byte);
                return;
            }
            self.end_word();
        }
        self.output.push(byte);
        self.position = match (self.position, byte) {
            (Position::Outside, b'"') | (Position::Escape, _) => Position::String,
            (Position::String, b'\\') => Position::Escape,
            (Position::String, b'"') => Position::Outside,
            (place, _) => place,
        };
    }

    fn put_in_word(&mut self, byte: u8) {
        if self.is_long {
            self.output.push(byte);
        } else if self.word.len() == LONGEST {
            self.is_long = true;
            self.output.append(&mut self.word);
            self.output.push(byte);
        } else {
            self.word.push(byte);
        }
    }

    fn end_word(&mut self) {
        if NO_NUMBERS.contains(&self.word.as_slice()) {
            self.word.clear();
            self.output.extend_from_slice(b"null");
        }
        self.output.append(&mut self.word);
        self.is_long = false;
    }
}

impl<R: Read> LenientJson<R> {
    /// Processes the next chunk of the input.
    fn refill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.taken = 0;
        let read = self.reader.read(&mut self.input)?;
        if read == 0 {
            self.is_at_end = true;
            self.end_mark();
            self.end_word();
        }
        let input = std::mem::take(&mut self.input);
        for byte in &input[..read] {
            self.take(*byte);
        }
        self.input = input;
        Ok(())
    }
}

impl<R: Read> Read for LenientJson<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.output.len() && !self.is_at_end && !buffer.is_empty() {
            self.refill()?;
        }
        let rest = &self.output[self.taken..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }
}

/// Whether a byte outside of strings continues a number or word.
fn is_part_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Gives at most so many bytes at a time as the next of its sizes says.
    struct Chunks<'a> {
        bytes: &'a [u8],
        sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
    }

    impl Read for Chunks<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes.next().expect("a cycle does not end");
            let length = size.min(self.bytes.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.bytes[..length]);
            self.bytes = &self.bytes[length..];
            Ok(length)
        }
    }

    fn read(text: &[u8], sizes: Vec<usize>) -> String {
        let mut reader = LenientJson::new(Chunks { bytes: text, sizes: sizes.into_iter().cycle() });
        let mut read = String::new();
        reader.read_to_string(&mut read).expect("memory can be read");
        read
    }

    /// A JSON text with bare words in it, and the same with `null` in place of them.
    #[derive(Clone, Debug)]
    struct Text {
        written: String,
        right: String,
    }

    impl Text {
        fn plain(text: String) -> Self {
            Self { written: text.clone(), right: text }
        }

        fn join(parts: &[Self], open: &str, close: &str) -> Self {
            let joined = |part: fn(&Self) -> &str| {
                format!("{open}{}{close}", parts.iter().map(part).collect::<Vec<_>>().join(",\n "))
            };
            Self { written: joined(|part| &part.written), right: joined(|part| &part.right) }
        }
    }

    fn strings() -> impl Strategy<Value = String> {
        let parts = ["NaN", "Infinity", "-Infinity", "\"", "\\", "é", "\u{feff}", ":", " ", "7", "\n", "x"];
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..6)
            .prop_map(|parts| Value::String(parts.concat()).to_string())
    }

    fn texts() -> impl Strategy<Value = Text> {
        let bare = prop::sample::select(vec!["NaN", "Infinity", "-Infinity"])
            .prop_map(|word| Text { written: word.into(), right: "null".into() });
        let plain = prop_oneof![
            strings(),
            any::<i64>().prop_map(|number| number.to_string()),
            (-1e300..1e300).prop_map(|number: f64| format!("{number:e}")),
            prop::sample::select(vec!["null", "true", "false", "1234567890.0123456789"])
                .prop_map(str::to_owned),
        ];
        let leaf = prop_oneof![bare, plain.prop_map(Text::plain)];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let field = (strings(), inner.clone()).prop_map(|(name, value)| Text {
                written: format!("{name}: {}", value.written),
                right: format!("{name}: {}", value.right),
            });
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(|items| Text::join(&items, "[", "]")),
                prop::collection::vec(field, 0..5).prop_map(|fields| Text::join(&fields, "{", "}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_as_if_its_bare_words_were_null(
            text in texts(),
            has_mark in any::<bool>(),
            sizes in prop::collection::vec(1_usize..12, 1..8),
        ) {
            let mark = if has_mark { "\u{feff}" } else { "" };
            let read = read(format!("{mark}{}", text.written).as_bytes(), sizes);
            prop_assert_eq!(&read, &text.right);
            prop_assert!(serde_json::from_str::<Value>(&read).is_ok());
        }
    }

    #[test]
    fn only_bare_words_change() {
        for (text, right) in [
            ("[NaN,-Infinity,\tInfinity]", "[null,null,\tnull]"),
            ("{\"NaN\": \"a \\\" NaN \\\\\", \"b\":NaN}", "{\"NaN\": \"a \\\" NaN \\\\\", \"b\":null}"),
            ("NaN", "null"),
            ("[NaNa, nan, Infinity9, +Infinity]", "[NaNa, nan, Infinity9, +Infinity]"),
            ("", ""),
        ] {
            for size in 1..4 {
                assert_eq!(read(text.as_bytes(), vec![size]), right, "{text}, {size} at a time");
            }
        }
    }

    #[test]
    fn a_mark_is_left_out_at_the_start_and_nowhere_else() {
        assert_eq!(read("\u{feff}[1]".as_bytes(), vec![2]), "[1]");
        assert_eq!(read("\u{feff}".as_bytes(), vec![1]), "");
        assert_eq!(read("[\"\u{feff}\"]".as_bytes(), vec![1]), "[\"\u{feff}\"]");
        let mut half = Vec::new();
        LenientJson::new(&[0xEF_u8, 0xBB][..]).read_to_end(&mut half).unwrap();
        assert_eq!(half, [0xEF, 0xBB]);
    }

    #[test]
    fn an_error_names_the_line_of_the_file() {
        let text = "\u{feff}{\"a\": NaN,\n\"b\": Infinity,\n\"c\": oops}";
        let error = serde_json::from_str::<Value>(&read(text.as_bytes(), vec![7])).unwrap_err();
        assert_eq!(error.line(), 3);
    }
}
