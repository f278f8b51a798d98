//! Makes texts of a server safe to print on a terminal.

use std::fmt::Write;

use serde_json::Value;

/// Replaces everything that controls a terminal: control characters, beginnings of escape sequences, and
/// characters that change the direction of writing.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for sign in text.chars() {
        match u32::from(sign) {
            // Unicode has a symbol for each control character, such as ␛ for escape.
            code @ 0..=0x1F => shown.extend(char::from_u32(0x2400 + code)),
            0x7F => shown.push('␡'),
            _ if controls_terminal(sign) => shown.extend(sign.escape_unicode()),
            _ => shown.push(sign),
        }
    }
    shown
}

/// Formats JSON so that nothing in it controls a terminal.
pub fn printable_json(value: &Value) -> String {
    let mut shown = String::new();
    // Such characters can only occur inside strings, where JSON has an escape for each.
    for sign in value.to_string().chars() {
        if controls_terminal(sign) {
            let _ = write!(shown, "\\u{:04x}", u32::from(sign));
        } else {
            shown.push(sign);
        }
    }
    shown
}

fn controls_terminal(sign: char) -> bool {
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
    fn control_characters_are_replaced() {
        assert_eq!(printable("Rehe im März 🦌"), "Rehe im März 🦌");
        assert_eq!(printable("a\u{1b}[2Jb\r\n\tc\u{7f}"), "a␛[2Jb␍␊␉c␡");
        assert_eq!(printable("\u{9b}2J\u{202e}fdp"), "\\u{9b}2J\\u{202e}fdp");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = json!({"title": "a\u{1b}[2J\u{9b}2J\u{7f}\u{202e}", "count": 1});
        let shown = printable_json(&value);
        assert!(!shown.chars().any(controls_terminal), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
