//! Tokens: 256 random bits, told once, kept as their SHA-256.

use crate::digest::{hex, sha256_of};

/// A token that nobody has had before.
pub struct NewToken {
    /// What its owner is given.
    pub token: String,
    /// What the server is given: the SHA-256 of the token, in hexadecimal digits.
    pub hash: String,
}

/// Makes a token.
///
/// # Panics
/// When the operating system gives no random numbers.
pub fn new_token() -> NewToken {
    let mut bytes = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).expect("random numbers of the operating system");
    let token = format!("trapline_{}", hex(&bytes));
    let hash = sha256_of(&token);
    NewToken { token, hash }
}
