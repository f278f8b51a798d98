//! Physical lines, and rows that span several of them.

use std::collections::VecDeque;
use std::io::BufRead;

use crate::error::SourceError;

/// How far a quoted field may reach before its quote counts as broken.
const QUOTED_LINES: usize = 1000;
const QUOTED_BYTES: usize = 1 << 20;
/// The most bytes of a line. A real row has a few hundred.
pub(super) const LINE_BYTES: usize = 4 << 20;

/// Whether a text has an odd number of quotes: a field continues on the next line, or a quote is broken.
pub(super) fn has_open_quote(text: &str) -> bool {
    text.bytes().filter(|&byte| byte == b'"').count() % 2 == 1
}

/// Whether quotes only occur at the start and end of fields, or doubled inside a quoted field.
///
/// This is checked for rows over several lines: otherwise two broken quotes would pass as one long field.
pub(super) fn is_well_quoted(record: &str, delimiter: u8) -> bool {
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

/// A line without its line break.
#[derive(Default)]
struct Line {
    text: String,
    /// It exceeds [`LINE_BYTES`], and its text was not kept.
    is_too_long: bool,
}

/// The next line, if there is one.
pub(super) enum NextLine<'t> {
    Text(&'t str),
    /// It exceeds [`LINE_BYTES`].
    TooLong,
    End,
}

/// Physical lines, with a buffer for lookahead.
pub(super) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    file: String,
    ahead: VecDeque<Line>,
    /// The last line that was taken.
    current: Line,
    pub next_line: u64,
    /// Bytes of the lines that were read, with one for the end of each.
    pub bytes_read: u64,
}

impl<'a> Lines<'a> {
    pub fn new(reader: Box<dyn BufRead + 'a>, file: &str) -> Self {
        let (ahead, current) = (VecDeque::new(), Line::default());
        Self { reader, file: file.into(), ahead, current, next_line: 1, bytes_read: 0 }
    }

    /// Takes the next line.
    pub fn take(&mut self) -> Result<NextLine<'_>, SourceError> {
        let found = match self.ahead.pop_front() {
            Some(line) => {
                self.current = line;
                true
            }
            None => self.read(self.next_line)?,
        };
        self.next_line += u64::from(found);
        Ok(match &self.current {
            _ if !found => NextLine::End,
            Line { is_too_long: true, .. } => NextLine::TooLong,
            Line { text, .. } => NextLine::Text(text),
        })
    }

    /// Drops lines that `join_quoted` joined.
    pub fn discard(&mut self, count: usize) {
        self.ahead.drain(..count);
        self.next_line += count as u64;
    }

    /// Joins `first` with the lines up to the one that closes its quote, and returns their number.
    pub fn join_quoted(&mut self, first: &str) -> Result<Option<(String, usize)>, SourceError> {
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
            if has_open_quote(&next.text) {
                return Ok(Some((whole, extra + 1)));
            }
            if whole.len() > QUOTED_BYTES {
                break;
            }
        }
        Ok(None)
    }

    /// Reads a line into `current`, reusing its memory; `false` at the end of the file.
    fn read(&mut self, number: u64) -> Result<bool, SourceError> {
        let mut bytes = std::mem::take(&mut self.current).text.into_bytes();
        bytes.clear();
        let (is_there, is_too_long) =
            read_line(&mut self.reader, &mut bytes).map_err(SourceError::io(&self.file))?;
        if !is_there {
            return Ok(false);
        }
        self.bytes_read += bytes.len() as u64 + 1;
        if is_too_long {
            self.current = Line { text: String::new(), is_too_long };
            return Ok(true);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..good]);
            let position = (number, before.chars().count() as u64 + 1);
            let found = format!("the byte 0x{:02X} is not UTF-8", error.as_bytes()[good]);
            let expected = "text in UTF-8 (save the table again with that encoding)";
            SourceError::structure(&self.file, position, found, expected)
        })?;
        self.current = Line { text, is_too_long: false };
        Ok(true)
    }
}

/// Reads a line without its line break: a line feed, a carriage return (as old spreadsheets for the Macintosh
/// write), or both. Returns whether there was a line, and whether it exceeds [`LINE_BYTES`], in which case
/// the rest is skipped.
fn read_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<(bool, bool)> {
    let (mut is_there, mut is_too_long) = (false, false);
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok((is_there, is_too_long));
        }
        is_there = true;
        let end = memchr::memchr2(b'\n', b'\r', chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        is_too_long |= line.len() + part.len() > LINE_BYTES;
        if !is_too_long {
            line.extend_from_slice(part);
        }
        let ended_by = end.map(|at| chunk[at]);
        let taken = end.map_or(chunk.len(), |at| at + 1);
        reader.consume(taken);
        match ended_by {
            None => {}
            Some(b'\r') if reader.fill_buf()?.first() == Some(&b'\n') => {
                reader.consume(1);
                return Ok((is_there, is_too_long));
            }
            Some(_) => return Ok((is_there, is_too_long)),
        }
    }
}
