//! Texts as pages show them.
//!
//! Titles, names and citations come from users' data: with control characters, with letters that
//! turn the text behind them around, a name as long as a book. No page can show these, and PDF/UA
//! refuses some. The JSON form of a report keeps every text as it is; what templates see goes through
//! here first.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::Value;
use unicode_normalization::char::is_combining_mark;

/// Stands for a letter that cannot be shown. In the embedded fonts.
pub(super) const BOX: char = '□';
/// Letters of a name, title or label that are shown.
const NAME_LETTERS: usize = 200;
/// Letters of a sentence, citation or licence that are shown.
const PROSE_LETTERS: usize = 4_000;
/// Combining marks that are shown on one letter.
const MARKS: usize = 8;
/// Fields that hold sentences; all other texts are names.
const PROSE: [&str; 7] = ["text", "detail", "insights", "data_notes", "methods", "citation", "licences"];

/// All texts of `numbers` in a form that pages can show. Names that differed still differ, so that
/// a template finds the row of a name.
pub(super) fn clean_texts(numbers: Value) -> Value {
    let names = Replacements::find(&numbers, |text, is_prose| {
        (!is_prose).then(|| clean(text, NAME_LETTERS)).flatten()
    });
    let cut = names.longer_than(NAME_LETTERS);
    change_texts(numbers, false, &mut |text, is_prose| {
        if !is_prose {
            return names.apply(text);
        }
        let mut shown = text;
        for &(name, short) in &cut {
            if shown.contains(name) {
                shown = shown.replace(name, short);
            }
        }
        clean(&shown, PROSE_LETTERS).unwrap_or(shown)
    })
}

/// Other texts in place of some of a report.
pub(super) struct Replacements(HashMap<String, String>);

impl Replacements {
    /// Calls `change` for each text and whether it is part of prose; it returns a replacement or `None`. Where
    /// texts would become equal, to each other or to one that stays, all but the first get a number.
    pub fn find(numbers: &Value, change: impl Fn(&str, bool) -> Option<String>) -> Self {
        let (mut taken, mut changed) = (HashSet::new(), Vec::new());
        visit_texts(numbers, false, &mut |text, is_prose| match change(text, is_prose) {
            Some(other) => changed.push((text, other)),
            None => {
                taken.insert(Cow::Borrowed(text));
            }
        });
        let (mut replacements, mut numbered) = (HashMap::new(), HashMap::new());
        for (text, other) in changed {
            if replacements.contains_key(text) {
                continue;
            }
            let number = numbered.entry(other.clone()).or_insert(1_u32);
            let mut candidate = other.clone();
            while taken.contains(candidate.as_str()) {
                *number += 1;
                candidate = format!("{other} ({number})");
            }
            taken.insert(Cow::Owned(candidate.clone()));
            replacements.insert(text.to_owned(), candidate);
        }
        Self(replacements)
    }

    /// What stands in place of a text.
    pub fn apply(&self, text: String) -> String {
        self.0.get(&text).cloned().unwrap_or(text)
    }

    /// Texts with more letters than that and what stands in their place, the longest first.
    fn longer_than(&self, most: usize) -> Vec<(&str, &str)> {
        let pairs = self.0.iter().map(|(text, other)| (text.as_str(), other.as_str()));
        let mut long: Vec<(&str, &str)> =
            pairs.filter(|(text, _)| text.chars().nth(most).is_some()).collect();
        long.sort_by_key(|(text, _)| (std::cmp::Reverse(text.len()), *text));
        long
    }
}

/// Hands each text to `visit`, names of fields among them, with whether it is part of prose.
pub(super) fn visit_texts<'a>(value: &'a Value, is_prose: bool, visit: &mut impl FnMut(&'a str, bool)) {
    match value {
        Value::String(text) => visit(text, is_prose),
        Value::Array(items) => items.iter().for_each(|item| visit_texts(item, is_prose, visit)),
        Value::Object(fields) => {
            for (name, item) in fields {
                visit(name, is_prose);
                visit_texts(item, is_prose || PROSE.contains(&name.as_str()), visit);
            }
        }
        _ => {}
    }
}

/// Puts what `change` makes of each text in its place.
pub(super) fn change_texts(
    value: Value,
    is_prose: bool,
    change: &mut impl FnMut(String, bool) -> String,
) -> Value {
    match value {
        Value::String(text) => Value::String(change(text, is_prose)),
        Value::Array(items) => items.into_iter().map(|item| change_texts(item, is_prose, change)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, item)| {
                let inside = is_prose || PROSE.contains(&name.as_str());
                (change(name, is_prose), change_texts(item, inside, change))
            })
            .collect(),
        other => other,
    }
}

/// A text as it is shown, with at most so many letters; `None` when that is as it is.
fn clean(text: &str, most: usize) -> Option<String> {
    // Nearly all texts.
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if text.is_empty() || (is_plain && text.len() <= most && !text.trim().is_empty()) {
        return None;
    }
    let mut shown = ShownText { most, ..ShownText::default() };
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if !shown.push(letter, letters.peek().copied()) {
            break;
        }
    }
    if shown.text.chars().all(|letter| letter.is_whitespace() || is_unseen(letter)) {
        shown.text = BOX.into();
    }
    (shown.text != text).then_some(shown.text)
}

/// A text on its way.
#[derive(Default)]
struct ShownText {
    text: String,
    most: usize,
    letters: usize,
    /// Where the last letter that may be shown begins.
    last: usize,
    /// Combining marks on the letter before.
    marks: usize,
}

impl ShownText {
    /// Adds a letter as it is shown; `false` when there were too many.
    fn push(&mut self, letter: char, next: Option<char>) -> bool {
        let before = self.text.chars().next_back();
        if is_variation_selector(letter) {
            // Without a letter before it would change nothing.
            if before.is_some_and(|before| !before.is_whitespace() && !is_variation_selector(before)) {
                self.text.push(letter);
            }
            return true;
        }
        let Some(shown) = show_letter(letter, before, next) else { return true };
        if is_combining_mark(shown) {
            // Without a letter before it, it would stand on what comes before the text.
            self.marks += usize::from(before.is_some());
            if before.is_some() && self.marks <= MARKS {
                self.text.push(shown);
            }
            return true;
        }
        if shown == ' ' && letter != ' ' && before == Some(' ') {
            return true;
        }
        if self.letters == self.most {
            self.text.truncate(self.last);
            self.text.truncate(self.text.trim_end().len());
            self.text.push('…');
            return false;
        }
        self.letters += 1;
        self.last = if self.letters == self.most { self.text.len() } else { self.last };
        self.marks = 0;
        self.text.push(shown);
        true
    }
}

/// What is shown for a letter, if anything. Neither directions that reach beyond their own text nor
/// letters without ink are needed on a page.
fn show_letter(letter: char, before: Option<char>, next: Option<char>) -> Option<char> {
    match letter {
        '\t'..='\r' | '\u{85}' | '\u{1680}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // A font has it where it has the letters around it.
        '\u{3000}' if !(is_ideograph(before) && is_ideograph(next)) => Some(' '),
        '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffc}' => Some(BOX),
        _ if letter.is_control() || u32::from(letter) & 0xFFFE == 0xFFFE => Some(BOX),
        '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        _ => Some(letter),
    }
}

/// Of the East Asian scripts, whose space is as wide as a letter.
fn is_ideograph(letter: Option<char>) -> bool {
    matches!(
        letter,
        Some(
            '\u{2e80}'..='\u{2fff}'
            | '\u{3001}'..='\u{3163}'
            | '\u{3165}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff01}'..='\u{ff9f}'
            | '\u{20000}'..='\u{2fa1f}',
        )
    )
}

fn is_variation_selector(letter: char) -> bool {
    matches!(letter, '\u{fe00}'..='\u{fe0f}')
}

/// Joiners, places where a line may break, and selectors.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}') || is_variation_selector(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn name(text: &str) -> String {
        clean(text, NAME_LETTERS).unwrap_or_else(|| text.into())
    }

    #[test]
    fn usual_texts_stay_as_they_are() {
        let long = "x".repeat(NAME_LETTERS);
        for text in [
            "",
            "Sus scrofa",
            "Дикий кабан",
            "ذئب عربي",
            "野猪\u{3000}林",
            "Ægir łoś — 95 %",
            "e\u{301}",
            "a\u{ad}b\u{200b}c",
            "نمی\u{200c}خواهم",
            "☀\u{fe0f}",
            long.as_str(),
        ] {
            assert_eq!(name(text), text);
            assert_eq!(clean(text, NAME_LETTERS), None, "{text}");
        }
    }

    #[test]
    fn what_a_page_cannot_show_is_a_box_and_what_only_disturbs_is_dropped() {
        for (text, shown) in [
            ("a\0b\u{1b}[31mc\u{7f}\u{9b}", "a□b□[31mc□□"),
            ("one\r\ntwo\tthree\u{2029}four", "one two three four"),
            ("\u{202e}evil\u{202c} \u{2067}x\u{2069}\u{200f}", "evil x"),
            ("\u{feff}doe\u{2060}", "doe"),
            ("a\u{fffe}\u{fdd0}\u{fffc}\u{10ffff}", "a□□□□"),
            ("\u{e0041}\u{fe0f}doe\u{e0100}", "doe"),
            ("Wald\u{3000}rand", "Wald rand"),
            ("\u{301}doe", "doe"),
            ("\u{200b}\u{3164}", "□"),
            ("   ", "□"),
            ("\n", "□"),
        ] {
            assert_eq!(name(text), shown, "{text:?}");
        }
        assert_eq!(name(&format!("e{}x", "\u{301}".repeat(5000))), format!("e{}x", "\u{301}".repeat(MARKS)));
    }

    #[test]
    fn a_long_name_is_cut_and_a_sentence_about_it_too() {
        let whole = "long ".repeat(40_000);
        let shown = name(&whole);
        assert_eq!(shown.chars().count(), NAME_LETTERS);
        assert!(shown.ends_with("lon…") || shown.ends_with("long…"), "{shown}");
        let numbers = json!({"title": whole, "insights": [format!("{whole} was seen most often.")]});
        let cleaned = clean_texts(numbers);
        assert_eq!(cleaned["insights"][0], format!("{shown} was seen most often."));
        let finding = json!([{"name": "doe", "text": "Doe ".repeat(150), "detail": "1 to 2; ".repeat(60)}]);
        assert_eq!(clean_texts(finding.clone()), finding, "sentences have room");
        let prose = json!({"methods": ["word ".repeat(40_000)]});
        assert!(clean_texts(prose)["methods"][0].as_str().unwrap().chars().count() <= PROSE_LETTERS);
    }

    #[test]
    fn names_that_differ_still_differ() {
        let numbers = json!({"a\u{1}": ["a\u{2}", "a\u{1}", "a□ (2)"], "n": 1});
        assert_eq!(clean_texts(numbers), json!({"a□": ["a□ (3)", "a□", "a□ (2)"], "n": 1}));
        let numbers = json!(["a\u{1}", "a□"]);
        assert_eq!(clean_texts(numbers), json!(["a□ (2)", "a□"]));
        // And many of them are renamed in no more time than it takes to read them.
        let many: Vec<String> = (0..50_000).map(|number| format!("{}{number}", "x".repeat(300))).collect();
        let cleaned = clean_texts(json!(many));
        let distinct: HashSet<&str> = cleaned.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(distinct.len(), many.len());
    }

    proptest! {
        #[test]
        fn what_is_shown_stays_so_when_it_is_shown_again(
            letters in proptest::collection::vec(any::<char>(), 0..300),
        ) {
            let text: String = letters.into_iter().collect();
            let shown = name(&text);
            prop_assert_eq!(name(&shown), shown.clone());
            prop_assert!(text.is_empty() == shown.is_empty());
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
