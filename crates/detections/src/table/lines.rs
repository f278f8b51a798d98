//! Physical lines, and rows that reach over several.

use std::collections::VecDeque;
use std::io::BufRead;

use crate::error::SourceError;

/// How far a quoted field may reach before its quote counts as broken.
const QUOTED_LINES: usize = 1000;
const QUOTED_BYTES: usize = 1 << 20;

/// An odd number of quotes: a field goes on in the next line, or a quote is broken.
pub(super) fn open_quote(text: &str) -> bool {
    text.bytes().filter(|&byte| byte == b'"').count() % 2 == 1
}

/// Quotes stand only where a field starts or ends, or doubled inside a quoted field.
///
/// Asked of rows over several lines: two slips would else pass as one long field.
pub(super) fn well_quoted(record: &str, delimiter: u8) -> bool {
    let (mut quoted, mut at_start) = (false, true);
    let mut bytes = record.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
            }
            b'"' if quoted => {
                if bytes.peek().is_some_and(|&next| next != delimiter) {
                    return false;
                }
                quoted = false;
            }
            b'"' if at_start => quoted = true,
            b'"' => return false,
            _ => {}
        }
        at_start = !quoted && byte == delimiter;
    }
    !quoted
}

/// Physical lines, with those that were looked at ahead of their turn.
pub(super) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    file: String,
    ahead: VecDeque<String>,
    /// The line that was taken last.
    current: String,
    pub next_line: u64,
}

impl<'a> Lines<'a> {
    pub fn new(reader: Box<dyn BufRead + 'a>, file: &str) -> Self {
        Self { reader, file: file.into(), ahead: VecDeque::new(), current: String::new(), next_line: 1 }
    }

    /// The next line without its end.
    pub fn take(&mut self) -> Result<Option<&str>, SourceError> {
        let found = match self.ahead.pop_front() {
            Some(line) => {
                self.current = line;
                true
            }
            None => self.read(self.next_line)?,
        };
        self.next_line += u64::from(found);
        Ok(found.then_some(self.current.as_str()))
    }

    /// Drops lines that `rest_of_quoted` joined.
    pub fn discard(&mut self, count: usize) {
        self.ahead.drain(..count);
        self.next_line += count as u64;
    }

    /// `first` joined with the lines up to the one that closes its quote, and their number.
    pub fn rest_of_quoted(&mut self, first: &str) -> Result<Option<(String, usize)>, SourceError> {
        let mut whole = first.to_owned();
        for extra in 0..QUOTED_LINES {
            if extra == self.ahead.len() {
                let number = self.next_line + extra as u64;
                if !self.read(number)? {
                    return Ok(None);
                }
                self.ahead.push_back(std::mem::take(&mut self.current));
            }
            let next = &self.ahead[extra];
            whole.push('\n');
            whole.push_str(next);
            if open_quote(next) {
                return Ok(Some((whole, extra + 1)));
            }
            if whole.len() > QUOTED_BYTES {
                break;
            }
        }
        Ok(None)
    }

    /// Reads a line into `current`, whose memory is used again; `false` at the end of the file.
    fn read(&mut self, number: u64) -> Result<bool, SourceError> {
        let mut bytes = std::mem::take(&mut self.current).into_bytes();
        bytes.clear();
        self.reader.read_until(b'\n', &mut bytes).map_err(SourceError::io(&self.file))?;
        if bytes.is_empty() {
            return Ok(false);
        }
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        self.current = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..good]);
            SourceError::Structure {
                file: self.file.clone(),
                line: number,
                column: before.chars().count() as u64 + 1,
                found: format!("the byte 0x{:02X} is not UTF-8", error.as_bytes()[good]),
                expected: "text in UTF-8 (save the table again with that encoding)".into(),
            }
        })?;
        Ok(true)
    }
}
