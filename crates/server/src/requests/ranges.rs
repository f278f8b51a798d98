//! The part of a file that a request asks for (RFC 9110, sections 13 and 14).

use axum::http::HeaderMap;
use axum::http::header::{IF_RANGE, RANGE};

use crate::representation::etag::has_current;

/// The part of a file to send.
#[derive(Debug, PartialEq, Eq)]
pub enum RequestedPart {
    /// All of it.
    Whole,
    /// Bytes from the first to the last (inclusive).
    Bytes(u64, u64),
    /// The client already has the file.
    NotModified,
    /// The range begins after the end of the file.
    Unsatisfiable,
}

/// Finds the part of a file of `size` bytes with this entity tag that `headers` ask for.
///
/// A request for several ranges gets the whole file, which the standard allows.
pub fn find_requested_part(headers: &HeaderMap, etag: &str, size: u64) -> RequestedPart {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if has_current(headers, etag) {
        return RequestedPart::NotModified;
    }
    let Some(range) = text(RANGE) else { return RequestedPart::Whole };
    // With a date or another tag, the part that the client has may be of another file.
    if text(IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return RequestedPart::Whole;
    }
    let Ok(parsed) = http_range_header::parse_range_header(range) else { return RequestedPart::Whole };
    match parsed.validate(size) {
        Ok(ranges) => match ranges.as_slice() {
            [only] => RequestedPart::Bytes(*only.start(), *only.end()),
            _ => RequestedPart::Whole,
        },
        Err(_) => RequestedPart::Unsatisfiable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_range(headers: &[(&'static str, &str)]) -> RequestedPart {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        find_requested_part(&headers.collect(), "\"tag\"", 100)
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(parse_range(&[]), RequestedPart::Whole);
        assert_eq!(parse_range(&[("range", "bytes=10-19")]), RequestedPart::Bytes(10, 19));
        assert_eq!(parse_range(&[("range", "bytes=90-")]), RequestedPart::Bytes(90, 99));
        assert_eq!(parse_range(&[("range", "bytes=-5")]), RequestedPart::Bytes(95, 99));
        assert_eq!(parse_range(&[("range", "bytes=90-500")]), RequestedPart::Bytes(90, 99));
        assert_eq!(parse_range(&[("range", "bytes=100-")]), RequestedPart::Unsatisfiable);
        assert_eq!(parse_range(&[("range", "lines=1-2")]), RequestedPart::Whole);
        assert_eq!(parse_range(&[("range", "bytes=0-1,5-6")]), RequestedPart::Whole);
    }

    #[test]
    fn a_part_of_another_file_is_not_mixed_in() {
        let part = parse_range(&[("range", "bytes=0-1"), ("if-range", "\"tag\"")]);
        assert_eq!(part, RequestedPart::Bytes(0, 1));
        assert_eq!(parse_range(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]), RequestedPart::Whole);
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(parse_range(&[("range", "bytes=0-1"), ("if-range", date)]), RequestedPart::Whole);
    }

    #[test]
    fn a_file_that_the_client_has_is_not_sent_again() {
        assert_eq!(parse_range(&[("if-none-match", "\"x\", W/\"tag\"")]), RequestedPart::NotModified);
        assert_eq!(parse_range(&[("if-none-match", "*")]), RequestedPart::NotModified);
        assert_eq!(parse_range(&[("if-none-match", "\"x\"")]), RequestedPart::Whole);
    }
}
