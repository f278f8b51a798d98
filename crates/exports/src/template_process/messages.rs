//! The messages between the program and its child process: a line of JSON, and the bytes whose number it tells.

use std::io::{self, BufRead, Read, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The largest PDF that is accepted from the child.
const MAX_PDF_SIZE: u64 = 256 << 20;

/// The head of a request. The numbers of the report follow as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestHead {
    /// The name of a built-in template; empty if the process was started for a user's template.
    pub built_in: String,
    /// Whether the PDF is for archives.
    pub archival: bool,
    /// Seconds of processor time that may be used.
    pub seconds: u64,
    /// How many bytes follow.
    pub length: u64,
}

/// The head of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct AnswerHead {
    /// Whether a PDF follows, and not the error of the template.
    pub is_pdf: bool,
    /// How many bytes follow.
    pub length: u64,
}

impl RequestHead {
    /// The head of a request with `length` bytes of numbers.
    pub fn new(built_in: &str, archival: bool, time: Duration, length: usize) -> Self {
        Self { built_in: built_in.into(), archival, seconds: time.as_secs(), length: length as u64 }
    }
}

/// Writes a message.
pub fn write_message(to: &mut impl Write, head: &impl Serialize, content: &[u8]) -> io::Result<()> {
    let mut line = serde_json::to_vec(head)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.write_all(content)?;
    to.flush()
}

/// Reads a request; `None` if there is none any more.
pub fn read_request(from: &mut impl BufRead) -> io::Result<Option<(RequestHead, Vec<u8>)>> {
    let Some(head) = read_head::<RequestHead>(from)? else { return Ok(None) };
    let content = read_content(from, head.length)?;
    Ok(Some((head, content)))
}

/// Reads an answer: a PDF, or the error of the template.
pub fn read_answer(from: &mut impl BufRead) -> io::Result<Result<Vec<u8>, String>> {
    let head: AnswerHead = read_head(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let content = read_content(from, head.length.min(MAX_PDF_SIZE))?;
    Ok(if head.is_pdf { Ok(content) } else { Err(String::from_utf8_lossy(&content).trim().to_owned()) })
}

fn read_head<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

fn read_content(from: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    from.take(length).read_to_end(&mut content)?;
    if content.len() as u64 == length { Ok(content) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_follow_each_other() {
        let mut sent = Vec::new();
        for numbers in ["{}", "[1]\n"] {
            let head = RequestHead::new("report", false, Duration::from_secs(1), numbers.len());
            write_message(&mut sent, &head, numbers.as_bytes()).unwrap();
        }
        let mut sent = sent.as_slice();
        let mut read = || read_request(&mut sent).unwrap().map(|(head, numbers)| (head.built_in, numbers));
        assert_eq!(read(), Some(("report".into(), b"{}".to_vec())));
        assert_eq!(read(), Some(("report".into(), b"[1]\n".to_vec())));
        assert_eq!(read(), None);
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        let mut sent = Vec::new();
        write_message(&mut sent, &AnswerHead { is_pdf: true, length: 9 }, b"%PDF").unwrap();
        assert_eq!(read_answer(&mut sent.as_slice()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read_answer(&mut &b""[..]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
