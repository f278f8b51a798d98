//! Texts of a server, as a terminal may show them.

use std::fmt::Write;

use serde_json::Value;

/// A text without anything that a terminal acts on: control characters, the beginnings of escape
/// sequences and marks that turn the direction of writing are shown and have no effect.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for sign in text.chars() {
        match u32::from(sign) {
            // The pictures of control characters, such as ␛ for escape.
            code @ 0..=0x1F => shown.extend(char::from_u32(0x2400 + code)),
            0x7F => shown.push('␡'),
            _ if has_effect(sign) => shown.extend(sign.escape_unicode()),
            _ => shown.push(sign),
        }
    }
    shown
}

/// JSON that holds the same, and nothing that a terminal acts on.
pub fn printable_json(value: &Value) -> String {
    let mut shown = String::new();
    // What is left of such characters is inside of strings, where JSON has an escape for each.
    for sign in value.to_string().chars() {
        if has_effect(sign) {
            let _ = write!(shown, "\\u{:04x}", u32::from(sign));
        } else {
            shown.push(sign);
        }
    }
    shown
}

fn has_effect(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_shown_in_its_place() {
        assert_eq!(printable("Rehe im März 🦌"), "Rehe im März 🦌");
        assert_eq!(printable("a\u{1b}[2Jb\r\n\tc\u{7f}"), "a␛[2Jb␍␊␉c␡");
        assert_eq!(printable("\u{9b}2J\u{202e}fdp"), "\\u{9b}2J\\u{202e}fdp");
    }

    #[test]
    fn json_means_the_same() {
        let value = json!({"title": "a\u{1b}[2J\u{9b}2J\u{7f}\u{202e}", "count": 1});
        let shown = printable_json(&value);
        assert!(!shown.chars().any(has_effect), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
