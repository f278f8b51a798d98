//! Physical lines, and rows that reach over several.

use std::collections::VecDeque;
use std::io::{BufRead, Read};

use crate::error::SourceError;

/// How far a quoted field may reach before its quote counts as broken.
const QUOTED_LINES: usize = 1000;
const QUOTED_BYTES: usize = 1 << 20;
/// Bytes of a line. A row of a real table has a few hundred.
pub(super) const LINE_BYTES: usize = 4 << 20;

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

/// A line without its end.
#[derive(Default)]
struct Line {
    text: String,
    /// It has more than [`LINE_BYTES`], and nothing of it was kept.
    is_too_long: bool,
}

/// A line that was taken.
pub(super) enum Taken<'t> {
    Text(&'t str),
    /// It has more than [`LINE_BYTES`].
    TooLong,
    End,
}

/// Physical lines, with those that were looked at ahead of their turn.
pub(super) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    file: String,
    ahead: VecDeque<Line>,
    /// The line that was taken last.
    current: Line,
    pub next_line: u64,
}

impl<'a> Lines<'a> {
    pub fn new(reader: Box<dyn BufRead + 'a>, file: &str) -> Self {
        Self { reader, file: file.into(), ahead: VecDeque::new(), current: Line::default(), next_line: 1 }
    }

    /// The next line without its end.
    pub fn take(&mut self) -> Result<Taken<'_>, SourceError> {
        let found = match self.ahead.pop_front() {
            Some(line) => {
                self.current = line;
                true
            }
            None => self.read(self.next_line)?,
        };
        self.next_line += u64::from(found);
        Ok(match &self.current {
            _ if !found => Taken::End,
            Line { is_too_long: true, .. } => Taken::TooLong,
            Line { text, .. } => Taken::Text(text),
        })
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
            if next.is_too_long {
                return Ok(None);
            }
            whole.push('\n');
            whole.push_str(&next.text);
            if open_quote(&next.text) {
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
        let mut bytes = std::mem::take(&mut self.current).text.into_bytes();
        bytes.clear();
        let most = LINE_BYTES as u64 + 1;
        (&mut self.reader).take(most).read_until(b'\n', &mut bytes).map_err(SourceError::io(&self.file))?;
        if bytes.is_empty() {
            return Ok(false);
        }
        if bytes.len() > LINE_BYTES && !bytes.ends_with(b"\n") {
            self.reader.skip_until(b'\n').map_err(SourceError::io(&self.file))?;
            self.current = Line { text: String::new(), is_too_long: true };
            return Ok(true);
        }
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(|error| {
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
        self.current = Line { text, is_too_long: false };
        Ok(true)
    }
}
