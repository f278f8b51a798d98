//! SHA-256, as hexadecimal digits.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// How many bytes are read at once.
const CHUNK_SIZE: usize = 256 << 10;

/// Computes the SHA-256 of everything that can be read, as 64 digits.
pub fn sha256(mut content: impl Read) -> io::Result<String> {
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK_SIZE]);
    loop {
        match content.read(&mut chunk)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&chunk[..read]),
        }
    }
}

/// Computes the SHA-256 of a text, as 64 digits.
pub fn sha256_of(text: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(text))
}

/// Formats bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Parses 64 hexadecimal digits.
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
