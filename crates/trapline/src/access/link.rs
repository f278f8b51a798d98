//! Links that are good without a token: for one path, until a time.

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::digest::{from_hex, hex};

/// Makes and checks links.
pub struct Link<'a>(pub(super) &'a [u8; 32]);

/// Why a link is not good.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    #[error("The link has expired; the status of the export has a new one")]
    Expired,
    #[error("The link has been changed; the status of the export has the right one")]
    Changed,
}

impl Link<'_> {
    /// The path with what makes it good until `expires`.
    pub fn to(&self, path: &str, expires: Timestamp) -> String {
        let expires = expires.as_second();
        let signature = hex(&self.sign(path, expires));
        format!("{path}?expires={expires}&signature={signature}")
    }

    /// Checks the `expires` and `signature` that a path came with.
    pub fn check(&self, path: &str, expires: &str, signature: &str, now: Timestamp) -> Result<(), BadLink> {
        let expires: i64 = expires.parse().map_err(|_| BadLink::Changed)?;
        let signature = from_hex(signature).ok_or(BadLink::Changed)?;
        if !bool::from(self.sign(path, expires).ct_eq(&signature)) {
            return Err(BadLink::Changed);
        }
        // Only who has a good signature is told that it was one.
        if expires < now.as_second() { Err(BadLink::Expired) } else { Ok(()) }
    }

    fn sign(&self, path: &str, expires: i64) -> [u8; 32] {
        hmac_sha256::HMAC::mac(format!("{expires}\n{path}"), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_one_path_until_its_time() {
        let key = [7; 32];
        let (link, other) = (Link(&key), Link(&[8; 32]));
        let end: Timestamp = "2025-11-13T05:00:00Z".parse().unwrap();
        let before: Timestamp = "2025-11-13T04:59:59Z".parse().unwrap();
        let after: Timestamp = "2025-11-13T05:00:01Z".parse().unwrap();
        let url = link.to("/a/b", end);
        let (path, query) = url.split_once("?expires=").unwrap();
        let (expires, signature) = query.split_once("&signature=").unwrap();
        assert_eq!(link.check(path, expires, signature, before), Ok(()));
        assert_eq!(link.check(path, expires, signature, after), Err(BadLink::Expired));
        let later = (end.as_second() + 1).to_string();
        assert_eq!(link.check(path, &later, signature, before), Err(BadLink::Changed));
        assert_eq!(link.check("/a/c", expires, signature, before), Err(BadLink::Changed));
        assert_eq!(link.check(path, expires, &signature[1..], before), Err(BadLink::Changed));
        assert_eq!(other.check(path, expires, signature, before), Err(BadLink::Changed));
    }
}
