//! The id of a request in its answer and its log lines: the client's own, or a generated one.

use axum::extract::Request;

const HEADER: &str = "x-request-id";
/// The longest id of a client, in characters.
const MAX_ID: usize = 128;

/// Removes an id that is too long or not plain text, since ids are sent back and logged. The request then
/// gets a generated one.
pub async fn remove_bad_id(mut request: Request) -> Request {
    let mut ids = request.headers().get_all(HEADER).iter();
    let is_good = matches!((ids.next(), ids.next()), (Some(id), None) if is_id(id.as_bytes()));
    if !is_good {
        request.headers_mut().remove(HEADER);
    }
    request
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
