//! The id of a request in its answer and its log lines: the client's own, or a generated one.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::fmt::Hyphenated;

/// The header of the id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id of a client, in characters.
const MAX_ID: usize = 128;

/// The client's own id, unless it is too long or not plain text, since ids are sent back and logged. The request
/// then gets a generated one.
pub fn choose_id(headers: &HeaderMap) -> HeaderValue {
    let mut ids = headers.get_all(REQUEST_ID).iter();
    match (ids.next(), ids.next()) {
        (Some(id), None) if is_id(id.as_bytes()) => id.clone(),
        _ => generate_id(),
    }
}

/// Generates an id. Nothing depends on its being hard to guess, so it needs no system call.
fn generate_id() -> HeaderValue {
    let mut text = [0; Hyphenated::LENGTH];
    let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)).expect("hexadecimal digits")
}

fn is_id(text: &[u8]) -> bool {
    let is_plain = |sign: &u8| sign.is_ascii_alphanumeric() || b"._:/+=@-".contains(sign);
    (1..=MAX_ID).contains(&text.len()) && text.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        let longest = "a".repeat(MAX_ID);
        for good in ["a", "Root=1-67891233-abcdef012345678912345678", "a/b:c+d@e_f.g", &longest] {
            assert!(is_id(good.as_bytes()), "{good}");
        }
        let too_long = "a".repeat(MAX_ID + 1);
        for bad in ["", "a b", "a\"b", "a\tb", "é", "a;b", "{}", &too_long] {
            assert!(!is_id(bad.as_bytes()), "{bad}");
        }
    }
}
