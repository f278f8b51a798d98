//! Quoting input in messages.

/// The longest quotation of a value, in characters.
const QUOTED: usize = 80;
/// The longest quotation of a library's error, which may contain input, in characters.
const SAID: usize = 200;
/// The number of names that a message lists.
const LISTED: usize = 50;

/// The beginning of a value on one line, without characters that affect a terminal or a page.
pub(crate) fn excerpt(text: &str) -> String {
    shorten(text, QUOTED)
}

/// The beginning of a library's error message.
pub(crate) fn excerpt_error(error: &impl ToString) -> String {
    shorten(&error.to_string(), SAID)
}

/// A list of the first names, and how many more there are.
pub(crate) fn list_names(names: &[String]) -> String {
    let mut listed: Vec<String> = names.iter().take(LISTED).map(|name| excerpt(name)).collect();
    if names.len() > LISTED {
        listed.push(format!("and {} more", names.len() - LISTED));
    }
    listed.join(", ")
}

/// The line and column, from 1, after a text.
pub(crate) fn find_position(before: &str) -> (u64, u64) {
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    (line, column)
}

fn shorten(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).map(to_printable).collect();
    if text.chars().nth(most).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// The character, or a box for one that a terminal or page interprets or cannot show.
fn to_printable(letter: char) -> char {
    match letter {
        '\t' | '\n' | '\r' => ' ',
        '\u{200e}'
        | '\u{200f}'
        | '\u{61c}'
        | '\u{feff}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}' => '□',
        _ if letter.is_control() || u32::from(letter) & 0xFFFE == 0xFFFE => '□',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_quotes_is_short_and_has_no_effect() {
        assert_eq!(excerpt("Дикий кабан, 3"), "Дикий кабан, 3");
        assert_eq!(excerpt("a\u{1b}[31m\tb\nc\u{202e}\u{feff}"), "a□[31m b c□□");
        let long = excerpt(&"é".repeat(1 << 20));
        assert_eq!(long.chars().count(), QUOTED);
        assert!(long.ends_with("é…"), "{long}");
        assert_eq!(excerpt(&"é".repeat(QUOTED)), "é".repeat(QUOTED));
    }

    #[test]
    fn a_list_of_thousands_ends() {
        let names: Vec<String> = (0..1000).map(|number| format!("class {number}")).collect();
        assert_eq!(list_names(&names[..2]), "class 0, class 1");
        assert!(list_names(&names).ends_with("class 49, and 950 more"));
    }
}
