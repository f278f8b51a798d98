//! Which part of a file a request is for (RFC 9110, sections 13 and 14).

use axum::http::HeaderMap;
use axum::http::header::{IF_RANGE, RANGE};

use super::polling::is_known;

/// The part of a file to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Bytes from the first to the last, both inside.
    Bytes(u64, u64),
    /// The client has it already.
    NotModified,
    /// The client asks for bytes beyond the end.
    Unsatisfiable,
}

/// The part of a file of `size` bytes, tagged `etag`, that `headers` ask for.
///
/// Several ranges at once are answered with the whole, which the standard allows.
pub fn part(headers: &HeaderMap, etag: &str, size: u64) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if is_known(headers, etag) {
        return Part::NotModified;
    }
    let Some(range) = text(RANGE) else { return Part::Whole };
    // A date or another tag: the client's part is of another file.
    if text(IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Part::Whole;
    }
    let Ok(parsed) = http_range_header::parse_range_header(range) else { return Part::Whole };
    match parsed.validate(size) {
        Ok(ranges) => match ranges.as_slice() {
            [only] => Part::Bytes(*only.start(), *only.end()),
            _ => Part::Whole,
        },
        Err(_) => Part::Unsatisfiable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &str)]) -> Part {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        part(&headers.collect(), "\"tag\"", 100)
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(asked(&[]), Part::Whole);
        assert_eq!(asked(&[("range", "bytes=10-19")]), Part::Bytes(10, 19));
        assert_eq!(asked(&[("range", "bytes=90-")]), Part::Bytes(90, 99));
        assert_eq!(asked(&[("range", "bytes=-5")]), Part::Bytes(95, 99));
        assert_eq!(asked(&[("range", "bytes=90-500")]), Part::Bytes(90, 99));
        assert_eq!(asked(&[("range", "bytes=100-")]), Part::Unsatisfiable);
        assert_eq!(asked(&[("range", "lines=1-2")]), Part::Whole);
        assert_eq!(asked(&[("range", "bytes=0-1,5-6")]), Part::Whole);
    }

    #[test]
    fn a_part_of_another_file_is_not_mixed_in() {
        assert_eq!(asked(&[("range", "bytes=0-1"), ("if-range", "\"tag\"")]), Part::Bytes(0, 1));
        assert_eq!(asked(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]), Part::Whole);
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(asked(&[("range", "bytes=0-1"), ("if-range", date)]), Part::Whole);
    }

    #[test]
    fn a_file_that_the_client_has_is_not_sent_again() {
        assert_eq!(asked(&[("if-none-match", "\"x\", W/\"tag\"")]), Part::NotModified);
        assert_eq!(asked(&[("if-none-match", "*")]), Part::NotModified);
        assert_eq!(asked(&[("if-none-match", "\"x\"")]), Part::Whole);
    }
}
