//! Links that work without a token: for one path, until they expire.

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use files::digest::{from_hex, hex};

/// Signs and checks links.
pub struct LinkSigner<'a>(pub(super) &'a [u8; 32]);

/// Why a link is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Its time is over: take the new link from the status of the export.
    #[error("The link has expired; the status of the export has a new one")]
    Expired,
    /// Its signature is of another path or time: take the right link from the status of the export.
    #[error("The link has been changed; the status of the export has the right one")]
    Changed,
}

impl LinkSigner<'_> {
    /// The path as a link that works until `expires`.
    pub fn sign(&self, path: &str, expires: Timestamp) -> String {
        let expires = expires.as_second();
        let signature = hex(&self.compute_signature(path, expires));
        format!("{path}?expires={expires}&signature={signature}")
    }

    /// Tells keys apart, and tells nothing about them.
    pub fn key_id(&self) -> [u8; 32] {
        self.compute_signature("", 0)
    }

    /// Checks the query of a link to this path.
    pub fn check(&self, path: &str, expires: &str, signature: &str, now: Timestamp) -> Result<(), LinkError> {
        let expires: i64 = expires.parse().map_err(|_| LinkError::Changed)?;
        let signature = from_hex(signature).ok_or(LinkError::Changed)?;
        if !bool::from(self.compute_signature(path, expires).ct_eq(&signature)) {
            return Err(LinkError::Changed);
        }
        // After the signature, so that nothing is said about a link that the server never signed.
        if expires < now.as_second() { Err(LinkError::Expired) } else { Ok(()) }
    }

    fn compute_signature(&self, path: &str, expires: i64) -> [u8; 32] {
        hmac_sha256::HMAC::mac(format!("{expires}\n{path}"), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_for_one_path_until_it_expires() {
        let key = [7; 32];
        let (signer, other) = (LinkSigner(&key), LinkSigner(&[8; 32]));
        let end: Timestamp = "2025-11-13T05:00:00Z".parse().unwrap();
        let before: Timestamp = "2025-11-13T04:59:59Z".parse().unwrap();
        let after: Timestamp = "2025-11-13T05:00:01Z".parse().unwrap();
        let url = signer.sign("/a/b", end);
        let (path, query) = url.split_once("?expires=").unwrap();
        let (expires, signature) = query.split_once("&signature=").unwrap();
        assert_eq!(signer.check(path, expires, signature, before), Ok(()));
        assert_eq!(signer.check(path, expires, signature, after), Err(LinkError::Expired));
        let later = (end.as_second() + 1).to_string();
        assert_eq!(signer.check(path, &later, signature, before), Err(LinkError::Changed));
        assert_eq!(signer.check("/a/c", expires, signature, before), Err(LinkError::Changed));
        assert_eq!(signer.check(path, expires, &signature[1..], before), Err(LinkError::Changed));
        assert_eq!(other.check(path, expires, signature, before), Err(LinkError::Changed));
    }
}
