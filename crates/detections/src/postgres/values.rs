//! Values in the binary form in which a server sends them.

use std::io::Write;

/// Seconds from 1970 to 2000, from which the server counts.
const EPOCH: i64 = 946_684_800;

/// How the ids of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdForm {
    /// The column is selected as text.
    Text,
    Uuid,
    /// A whole number of 2, 4 or 8 bytes.
    Integer,
}

impl IdForm {
    /// The form of ids of a PostgreSQL type.
    pub fn from_type(name: &str) -> Self {
        match name {
            "UUID" => Self::Uuid,
            "INT2" | "INT4" | "INT8" => Self::Integer,
            _ => Self::Text,
        }
    }
}

/// The text of an id that was not selected as text.
pub(super) struct IdText([u8; 36]);

impl IdText {
    /// Has room for the longest one.
    pub fn new() -> Self {
        Self([0; 36])
    }

    /// Writes an id as the server writes it; empty if the value is not of this form.
    pub fn write(&mut self, value: &[u8], form: IdForm) -> &str {
        let length = match form {
            IdForm::Uuid => self.write_uuid(value),
            IdForm::Integer => read_integer(value).map_or(0, |number| self.write_number(number)),
            IdForm::Text => 0,
        };
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }

    fn write_uuid(&mut self, value: &[u8]) -> usize {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if value.len() != 16 {
            return 0;
        }
        let mut at = 0;
        for (number, byte) in value.iter().enumerate() {
            if matches!(number, 4 | 6 | 8 | 10) {
                self.0[at] = b'-';
                at += 1;
            }
            self.0[at] = DIGITS[usize::from(byte >> 4)];
            self.0[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        at
    }

    fn write_number(&mut self, number: i64) -> usize {
        let mut rest = &mut self.0[..];
        // The longest number has 20 characters.
        let _ = write!(rest, "{number}");
        let left = rest.len();
        self.0.len() - left
    }
}

fn read_integer(value: &[u8]) -> Option<i64> {
    match value.len() {
        2 => value.try_into().ok().map(|bytes| i16::from_be_bytes(bytes).into()),
        4 => value.try_into().ok().map(|bytes| i32::from_be_bytes(bytes).into()),
        _ => value.try_into().ok().map(i64::from_be_bytes),
    }
}

/// Reads a timestamp as seconds since 1970, rounded down. An infinite one is as far away as a number can be.
pub(super) fn read_timestamp(value: &[u8]) -> Option<i64> {
    let microseconds = i64::from_be_bytes(value.try_into().ok()?);
    Some(microseconds.div_euclid(1_000_000) + EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_the_server_writes_them() {
        let mut text = IdText::new();
        let uuid = 0x705e_6036_09d0_4f4c_b45d_4cb4_ddb0_e1d0_u128.to_be_bytes();
        assert_eq!(text.write(&uuid, IdForm::Uuid), "705e6036-09d0-4f4c-b45d-4cb4ddb0e1d0");
        assert_eq!(text.write(&i64::MIN.to_be_bytes(), IdForm::Integer), i64::MIN.to_string());
        assert_eq!(text.write(&7_i32.to_be_bytes(), IdForm::Integer), "7");
        assert_eq!(text.write(&(-7_i16).to_be_bytes(), IdForm::Integer), "-7");
        assert_eq!(text.write(&[1, 2, 3], IdForm::Uuid), "");
    }

    #[test]
    fn times_are_rounded_down() {
        let read = |microseconds: i64| read_timestamp(&microseconds.to_be_bytes());
        assert_eq!(read(0), Some(946_684_800));
        assert_eq!(read(1_999_999), Some(946_684_801));
        assert_eq!(read(-946_684_800_000_001), Some(-1));
        assert_eq!(read_timestamp(&[0; 4]), None);
    }
}
