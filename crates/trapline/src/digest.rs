//! SHA-256, as hexadecimal digits.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// The SHA-256 of all that can be read, 64 digits.
pub fn sha256(mut content: impl Read) -> io::Result<String> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match content.read(&mut piece)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&piece[..read]),
        }
    }
}

/// The SHA-256 of a text, 64 digits.
pub fn sha256_of(text: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(text))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes out of 64 hexadecimal digits.
pub fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_one_of_the_standard() {
        // The first example of FIPS 180-4.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((sha256(&b"abc"[..]).unwrap().as_str(), sha256_of("abc").as_str()), (abc, abc));
    }
}
