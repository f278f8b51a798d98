//! The ids of rows, which must be distinct.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use hashbrown::HashTable;

use crate::keep::Keep;
use crate::text::{Interner, TextColumn, reserve_more};

/// Texts that are assumed to be distinct, by their hashes. Checking millions of them at the end takes a tenth
/// of the time of checking each one when it is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fingerprints {
    of_rows: Vec<u64>,
    /// Built when a text is not found where it was expected.
    rows: OnceLock<HashTable<u32>>,
    keys: RandomState,
}

impl Fingerprints {
    /// Adds a text.
    pub fn push(&mut self, text: &str) -> u32 {
        let row = u32::try_from(self.of_rows.len()).expect("fewer than 2^32 texts");
        self.of_rows.push(self.keys.hash_one(text));
        // The table does not contain the new text.
        self.rows.take();
        row
    }

    /// Finds the number of a text. `is_text` compares it with the text of a number.
    fn find(&self, text: &str, is_text: impl Fn(u32) -> bool) -> Option<u32> {
        self.find_by(self.keys.hash_one(text), is_text)
    }

    /// The same, but looks at the expected number first.
    fn find_expected(&self, text: &str, expected: u32, is_text: impl Fn(u32) -> bool) -> Option<u32> {
        let print = self.keys.hash_one(text);
        if self.of_rows.get(expected as usize) == Some(&print) && is_text(expected) {
            return Some(expected);
        }
        self.find_by(print, is_text)
    }

    fn find_by(&self, print: u64, is_text: impl Fn(u32) -> bool) -> Option<u32> {
        let prints = &self.of_rows;
        let rows = self.rows.get_or_init(|| {
            let mut rows = HashTable::with_capacity(prints.len());
            for (row, print) in (0..).zip(prints) {
                rows.insert_unique(*print, row, |row: &u32| prints[*row as usize]);
            }
            rows
        });
        rows.find(print, |row| prints[*row as usize] == print && is_text(*row)).copied()
    }

    /// Whether any two of them are equal.
    pub fn has_duplicates(&self) -> bool {
        let mut prints = self.of_rows.clone();
        prints.sort_unstable();
        prints.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// The ids of a table's rows, which must be distinct.
#[derive(Debug, Clone)]
pub(crate) enum Ids {
    /// Each id is checked when it is added.
    Checked(Interner),
    /// All ids are checked at the end.
    Trusted {
        prints: Fingerprints,
        /// `None` if texts are not kept.
        texts: Option<TextColumn>,
    },
}

impl Ids {
    pub fn new(keep: Keep, trust_ids: bool) -> Self {
        match keep {
            _ if trust_ids => Self::Trusted {
                prints: Fingerprints::default(),
                texts: (keep == Keep::All).then(TextColumn::default),
            },
            Keep::All => Self::Checked(Interner::default()),
            Keep::Numbers => Self::Checked(Interner::without_texts()),
        }
    }

    /// Adds the id of a new row; `None` if it is known to exist already.
    pub fn add(&mut self, id: &str) -> Option<u32> {
        match self {
            Self::Checked(names) => names.insert_new(id),
            Self::Trusted { prints, texts } => {
                if let Some(texts) = texts {
                    texts.push(id);
                }
                Some(prints.push(id))
            }
        }
    }

    /// Makes room for `times` as many ids as there are.
    pub fn reserve(&mut self, times: f64) {
        match self {
            Self::Checked(names) => names.reserve(times),
            Self::Trusted { prints, texts } => {
                reserve_more(&mut prints.of_rows, times);
                if let Some(texts) = texts {
                    texts.reserve(times);
                }
            }
        }
    }

    /// The text of an id; empty if texts are not kept.
    pub fn get(&self, row: u32) -> &str {
        match self {
            Self::Checked(names) => names.get(row),
            Self::Trusted { texts, .. } => texts.as_ref().map_or("", |texts| texts.get(row)),
        }
    }

    /// Finds the row of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        match self {
            Self::Checked(names) => names.find(id),
            Self::Trusted { prints, texts } => prints.find(id, |row| is_text(texts.as_ref(), row, id)),
        }
    }

    /// Finds the row of an id, at the expected row first.
    pub fn find_expected(&self, id: &str, expected: u32) -> Option<u32> {
        match self {
            Self::Checked(names) => names.find_expected(id, expected),
            Self::Trusted { prints, texts } => {
                prints.find_expected(id, expected, |row| is_text(texts.as_ref(), row, id))
            }
        }
    }

    /// Frees the tables for lookups if texts are not kept. Returns whether trusted ids turn out not to be
    /// distinct.
    pub fn close(&mut self) -> bool {
        match self {
            Self::Checked(names) => {
                names.close();
                false
            }
            Self::Trusted { prints, texts: Some(_) } => prints.has_duplicates(),
            Self::Trusted { prints, texts: None } => std::mem::take(prints).has_duplicates(),
        }
    }
}

/// Whether a row has this text, as far as texts are kept.
fn is_text(texts: Option<&TextColumn>, row: u32, text: &str) -> bool {
    texts.is_none_or(|texts| texts.get(row) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_ids_are_found_in_any_order_and_two_of_a_kind_are_told() {
        for keep in [Keep::Numbers, Keep::All] {
            let mut ids = Ids::new(keep, true);
            for n in 0..1000 {
                assert_eq!(ids.add(&format!("m{n}")), Some(n));
            }
            assert_eq!((ids.find_expected("m7", 7), ids.find_expected("m9", 500)), (Some(7), Some(9)));
            assert_eq!(ids.find_expected("m1000", 1000), None);
            assert!(!ids.clone().close());
            ids.add("m3");
            assert!(ids.close());
        }
    }

    #[test]
    fn texts_that_are_kept_are_found_after_the_table_was_read() {
        let mut ids = Ids::new(Keep::All, true);
        assert_eq!(["a", "b", "c"].map(|id| ids.add(id)), [Some(0), Some(1), Some(2)]);
        assert!(!ids.close());
        assert_eq!((ids.find("b"), ids.find("d"), ids.get(2)), (Some(1), None, "c"));
    }
}
