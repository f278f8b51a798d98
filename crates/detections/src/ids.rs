//! The ids of rows, which must be distinct.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::source::Keep;
use crate::text::Names;

/// Texts that are taken to be distinct, by their fingerprints alone. Whether they were is asked at
/// the end, which for millions of them takes a tenth of the time of asking for each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prints {
    of_rows: Vec<u64>,
    /// Made when a text is looked for that is not where it was expected.
    rows: Option<HashTable<u32>>,
    keys: RandomState,
}

impl Prints {
    /// Adds a text.
    pub fn push(&mut self, text: &str) -> u32 {
        let row = u32::try_from(self.of_rows.len()).expect("fewer than 2^32 texts");
        self.of_rows.push(self.keys.hash_one(text));
        // What was made before is not of all texts any more.
        self.rows = None;
        row
    }

    /// The number of a text, looked for first where it is expected.
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

    /// Whether any two of them are the same.
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
    /// Each is asked for when it comes.
    Asked(Names),
    /// All are asked at the end.
    Trusted(Prints),
}

impl Ids {
    pub fn new(keep: Keep, trusting: bool) -> Self {
        match keep {
            Keep::All => Self::Asked(Names::default()),
            Keep::Numbers if trusting => Self::Trusted(Prints::default()),
            Keep::Numbers => Self::Asked(Names::without_texts()),
        }
    }

    /// Adds the id of a new row; `None` when it is known to be there already.
    pub fn add(&mut self, id: &str) -> Option<u32> {
        match self {
            Self::Asked(names) => names.insert_new(id),
            Self::Trusted(prints) => Some(prints.push(id)),
        }
    }

    /// The text of an id; empty where texts are not kept.
    pub fn get(&self, row: u32) -> &str {
        match self {
            Self::Asked(names) => names.get(row),
            Self::Trusted(_) => "",
        }
    }

    /// The row of an id.
    ///
    /// # Panics
    /// When ids are trusted, which goes with tables that are read once from top to bottom.
    pub fn find(&self, id: &str) -> Option<u32> {
        match self {
            Self::Asked(names) => names.find(id),
            Self::Trusted(_) => unreachable!("trusted ids are found where they are expected"),
        }
    }

    /// The row of an id, looked for first where it is expected.
    pub fn find_expected(&mut self, id: &str, expected: u32) -> Option<u32> {
        match self {
            Self::Asked(names) => names.find_expected(id, expected),
            Self::Trusted(prints) => prints.find_expected(id, expected),
        }
    }

    /// Lets go of what rows are found by, where their texts are not kept either; tells whether a
    /// trust was misplaced, and two rows have the same id.
    pub fn close(&mut self) -> bool {
        match self {
            Self::Asked(names) => {
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
