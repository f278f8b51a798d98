//! The ids of rows, which must be distinct.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::keep::Keep;
use crate::text::Interner;

/// Texts that are assumed to be distinct, by their hashes. Checking millions of them at the end takes a tenth
/// of the time of checking each one when it is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fingerprints {
    of_rows: Vec<u64>,
    /// Built when a text is not found where it was expected.
    rows: Option<HashTable<u32>>,
    keys: RandomState,
}

impl Fingerprints {
    /// Adds a text.
    pub fn push(&mut self, text: &str) -> u32 {
        let row = u32::try_from(self.of_rows.len()).expect("fewer than 2^32 texts");
        self.of_rows.push(self.keys.hash_one(text));
        // The table does not contain the new text.
        self.rows = None;
        row
    }

    /// Finds the number of a text, at the expected number first.
    pub fn find_expected(&mut self, text: &str, expected: u32) -> Option<u32> {
        let print = self.keys.hash_one(text);
        if self.of_rows.get(expected as usize) == Some(&print) {
            return Some(expected);
        }
        let prints = &self.of_rows;
        let rows = self.rows.get_or_insert_with(|| {
            let mut rows = HashTable::with_capacity(prints.len());
            for (row, print) in (0..).zip(prints) {
                rows.insert_unique(*print, row, |row: &u32| prints[*row as usize]);
            }
            rows
        });
        rows.find(print, |row| prints[*row as usize] == print).copied()
    }

    /// Whether any two of them are equal.
    pub fn has_duplicates(self) -> bool {
        let Self { of_rows: mut prints, rows, .. } = self;
        drop(rows);
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
    Trusted(Fingerprints),
}

impl Ids {
    pub fn new(keep: Keep, trust_ids: bool) -> Self {
        match keep {
            Keep::All => Self::Checked(Interner::default()),
            Keep::Numbers if trust_ids => Self::Trusted(Fingerprints::default()),
            Keep::Numbers => Self::Checked(Interner::without_texts()),
        }
    }

    /// Adds the id of a new row; `None` if it is known to exist already.
    pub fn add(&mut self, id: &str) -> Option<u32> {
        match self {
            Self::Checked(names) => names.insert_new(id),
            Self::Trusted(prints) => Some(prints.push(id)),
        }
    }

    /// The text of an id; empty if texts are not kept.
    pub fn get(&self, row: u32) -> &str {
        match self {
            Self::Checked(names) => names.get(row),
            Self::Trusted(_) => "",
        }
    }

    /// Finds the row of an id.
    ///
    /// # Panics
    /// If ids are trusted, which is only used for tables that are read once from top to bottom.
    pub fn find(&self, id: &str) -> Option<u32> {
        match self {
            Self::Checked(names) => names.find(id),
            Self::Trusted(_) => unreachable!("trusted ids are found where they are expected"),
        }
    }

    /// Finds the row of an id, at the expected row first.
    pub fn find_expected(&mut self, id: &str, expected: u32) -> Option<u32> {
        match self {
            Self::Checked(names) => names.find_expected(id, expected),
            Self::Trusted(prints) => prints.find_expected(id, expected),
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
            Self::Trusted(prints) => std::mem::take(prints).has_duplicates(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_ids_are_found_in_any_order_and_two_of_a_kind_are_told() {
        let mut ids = Ids::new(Keep::Numbers, true);
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
