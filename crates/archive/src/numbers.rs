//! Numbers in sentences.

/// A number with commas between the thousands.
pub fn in_thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// A number with its noun, such as `1 event` or `2,000 events`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", in_thousands(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_number_can_be_read() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(in_thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
