//! Tokens: 256 random bits, shown once and stored as their SHA-256.

use files::digest::{hex, sha256_of};

/// A new token.
pub struct NewToken {
    /// For the owner.
    pub token: String,
    /// For the server: the SHA-256 of the token, in hexadecimal digits.
    pub hash: String,
}

/// Makes a random token.
///
/// # Panics
/// When the operating system provides no random numbers.
pub fn generate_token() -> NewToken {
    let mut bytes = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).expect("random numbers of the operating system");
    let token = format!("trapline_{}", hex(&bytes));
    let hash = sha256_of(&token);
    NewToken { token, hash }
}
