//! JSON as programs write it that do not keep to the letter.

use std::io::{self, Read};

/// The marks of UTF-8 that programs on Windows put before a text.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// Numbers that JSON does not have. Python and R write them for a value that is missing.
const NO_NUMBERS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
/// Bytes in the longest of them.
const LONGEST: usize = 9;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 16;

/// JSON without the byte order mark before it, and with `null` in place of the bare words `NaN`,
/// `Infinity` and `-Infinity`. What stands in strings stays. Lines keep their numbers; columns may move.
pub(crate) struct LenientJson<R> {
    reader: R,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes of the output that were handed out.
    taken: usize,
    is_at_end: bool,
    /// Bytes of a byte order mark met so far; all of them once the start is past.
    mark: usize,
    place: Place,
    /// The bare word that has begun, as far as it may still be one of [`NO_NUMBERS`].
    word: Vec<u8>,
    /// The word is longer than any of them.
    is_long: bool,
}

/// Where in JSON a byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Outside of strings.
    Outside,
    String,
    /// In a string behind a backslash.
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
            place: Place::Outside,
            word: Vec::with_capacity(LONGEST),
            is_long: false,
        }
    }

    /// Takes a byte of the input.
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

    /// What began like a mark and is none is part of the text.
    fn end_mark(&mut self) {
        if self.mark < MARK.len() {
            let begun = std::mem::replace(&mut self.mark, MARK.len());
            for byte in &MARK[..begun] {
                self.put(*byte);
            }
        }
    }

    fn put(&mut self, byte: u8) {
        if self.place == Place::Outside {
            if is_part_of_word(byte) {
                self.put_in_word(byte);
                return;
            }
            self.end_word();
        }
        self.output.push(byte);
        self.place = match (self.place, byte) {
            (Place::Outside, b'"') | (Place::Escape, _) => Place::String,
            (Place::String, b'\\') => Place::Escape,
            (Place::String, b'"') => Place::Outside,
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
    /// Fills the output from the next chunk of the input.
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

/// Whether a byte outside of strings belongs to a number or a word, and does not end it.
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
