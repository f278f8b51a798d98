//! Tokens: 256 random bits, told once, kept as their SHA-256.

use crate::digest::sha256_of;

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
    let token = bytes.iter().fold(String::from("trapline_"), |token, byte| token + &format!("{byte:02x}"));
    let hash = sha256_of(&token);
    NewToken { token, hash }
}

/// 32 bytes out of 64 hexadecimal digits.
pub(super) fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
