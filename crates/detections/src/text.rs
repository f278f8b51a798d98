//! Storing many short texts in little memory.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// A number of rows or bytes `times` as large, at most four thousand million.
fn scale(number: usize, times: f64) -> usize {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let scaled = (number as f64 * times).min(f64::from(u32::MAX)) as usize;
    scaled
}

/// Makes room for `times` as many values as a column has.
pub(crate) fn reserve_more<T>(column: &mut Vec<T>, times: f64) {
    // Without room it grows step by step.
    let _ = column.try_reserve(scale(column.len(), times));
}

/// Texts in one buffer, addressed by the order in which they were added.
///
/// This takes four bytes per text beside the text itself, where a `Vec<String>` takes forty or more.
#[derive(Debug, Default, Clone)]
pub(crate) struct TextColumn {
    bytes: String,
    ends: Vec<u32>,
    /// A text did not fit, and was left out.
    is_full: bool,
}

impl TextColumn {
    /// Adds a text and returns its row. All texts together have at most 4 GiB, which is some forty million ids; one
    /// that does not fit is empty, and makes the column full.
    pub fn push(&mut self, text: &str) -> u32 {
        if let Ok(end) = u32::try_from(self.bytes.len() + text.len()) {
            self.bytes.push_str(text);
            self.ends.push(end);
        } else {
            self.is_full = true;
            self.ends.push(self.ends.last().copied().unwrap_or(0));
        }
        u32::try_from(self.ends.len() - 1).expect("fewer than 2^32 rows")
    }

    /// Whether a text did not fit.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Makes room for `times` as many texts as there are.
    pub fn reserve(&mut self, times: f64) {
        reserve_more(&mut self.ends, times);
        // Without room it grows step by step.
        let _ = self.bytes.try_reserve(scale(self.bytes.len(), times));
    }

    pub fn get(&self, row: u32) -> &str {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }
}

/// Distinct texts with consecutive numbers, which can be looked up by text.
///
/// Lookups use keyed 64-bit hashes. If the texts are kept, collisions are resolved; if not, the chance is one
/// in a million that two of ten million texts are taken for the same.
#[derive(Debug, Clone)]
pub(crate) struct Interner {
    texts: Option<TextColumn>,
    prints: Vec<u64>,
    rows: HashTable<u32>,
    keys: RandomState,
}

impl Default for Interner {
    fn default() -> Self {
        Self { texts: Some(TextColumn::default()), ..Self::without_texts() }
    }
}

impl Interner {
    /// Keeps only the hashes, not the texts.
    pub fn without_texts() -> Self {
        Self { texts: None, prints: Vec::new(), rows: HashTable::new(), keys: RandomState::new() }
    }

    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether a text did not fit.
    pub fn is_full(&self) -> bool {
        self.texts.as_ref().is_some_and(TextColumn::is_full)
    }

    /// The text of a number; empty if texts are not kept.
    pub fn get(&self, number: u32) -> &str {
        self.texts.as_ref().map_or("", |texts| texts.get(number))
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..).map_while(|number| ((number as usize) < self.len()).then(|| self.get(number)))
    }

    pub fn find(&self, text: &str) -> Option<u32> {
        self.find_by(self.keys.hash_one(text), text)
    }

    /// Like [`Self::find`], but looks at the expected number first, since tables mostly have the same order.
    pub fn find_expected(&self, text: &str, expected: u32) -> Option<u32> {
        let print = self.keys.hash_one(text);
        if (expected as usize) < self.len() && self.is_match(expected, print, text) {
            return Some(expected);
        }
        self.find_by(print, text)
    }

    fn find_by(&self, print: u64, text: &str) -> Option<u32> {
        self.rows.find(print, |row| self.is_match(*row, print, text)).copied()
    }

    fn is_match(&self, row: u32, print: u64, text: &str) -> bool {
        self.prints[row as usize] == print && self.texts.as_ref().is_none_or(|texts| texts.get(row) == text)
    }

    /// The number of `text`, which is added if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let print = self.keys.hash_one(text);
        match self.find_by(print, text) {
            Some(row) => row,
            None => self.add(print, text),
        }
    }

    /// Adds a new text; `None` if it exists already.
    pub fn insert_new(&mut self, text: &str) -> Option<u32> {
        let print = self.keys.hash_one(text);
        self.find_by(print, text).is_none().then(|| self.add(print, text))
    }

    /// Makes room for `times` as many texts as there are.
    pub fn reserve(&mut self, times: f64) {
        if let Some(texts) = &mut self.texts {
            texts.reserve(times);
        }
        reserve_more(&mut self.prints, times);
        let prints = &self.prints;
        let _ = self.rows.try_reserve(scale(prints.len(), times), |row| prints[*row as usize]);
    }

    /// Frees the tables for lookups if the texts are not kept.
    pub fn close(&mut self) {
        if self.texts.is_none() {
            self.rows = HashTable::new();
            self.prints = Vec::new();
        }
    }

    fn add(&mut self, print: u64, text: &str) -> u32 {
        let row = u32::try_from(self.prints.len()).expect("fewer than 2^32 texts");
        self.prints.push(print);
        if let Some(texts) = &mut self.texts {
            texts.push(text);
        }
        let prints = &self.prints;
        self.rows.insert_unique(print, row, |row| prints[*row as usize]);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_by_text_and_by_number() {
        let mut names = Interner::default();
        let numbers: Vec<u32> = (0..1000).map(|n| names.intern(&format!("name {}", n % 700))).collect();
        assert_eq!(names.len(), 700);
        assert_eq!(numbers[700], 0);
        assert_eq!(names.get(numbers[699]), "name 699");
        assert_eq!(names.find("name 700"), None);
        assert_eq!(names.insert_new("name 3"), None);
    }

    #[test]
    fn without_their_texts_they_are_still_told_apart() {
        let mut names = Interner::without_texts();
        let numbers: Vec<u32> = (0..1000).map(|n| names.intern(&format!("name {}", n % 700))).collect();
        assert_eq!((names.len(), numbers[700], numbers[699]), (700, 0, 699));
        let found = ["name 0", "name 1", "name 5"].map(|name| names.find(name));
        assert_eq!(found, [Some(0), Some(1), Some(5)]);
        assert_eq!([9, 800].map(|expected| names.find_expected("name 9", expected)), [Some(9); 2]);
        assert_eq!((names.find("name 700"), names.insert_new("name 3"), names.get(4)), (None, None, ""));
    }
}
