//! The ids of rows, which must be distinct.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use hashbrown::HashTable;

use crate::keep::Keep;
use crate::text::{Interner, TextColumn, reserve_more};

/// The rows of texts by their hashes.
#[derive(Debug, Clone, Default)]
struct Lookup {
    /// Built when a text is not found where it was expected.
    rows: OnceLock<HashTable<u32>>,
    keys: RandomState,
}

impl Lookup {
    fn hash(&self, text: &str) -> u64 {
        self.keys.hash_one(text)
    }

    /// Has to be built anew, since there is one more text.
    fn forget(&mut self) {
        self.rows.take();
    }

    /// Finds the row of a text with this hash, among `len` rows.
    fn find(
        &self,
        hash: u64,
        len: usize,
        hash_of: impl Fn(usize) -> u64,
        is_text: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let rows = self.rows.get_or_init(|| {
            let mut rows = HashTable::with_capacity(len);
            for (row, at) in (0..).zip(0..len) {
                rows.insert_unique(hash_of(at), row, |row: &u32| hash_of(*row as usize));
            }
            rows
        });
        rows.find(hash, |row| is_text(*row)).copied()
    }
}

/// Whether any two of them are equal.
fn has_duplicates(mut hashes: Vec<u64>) -> bool {
    hashes.sort_unstable();
    hashes.windows(2).any(|pair| pair[0] == pair[1])
}

/// The ids of a table's rows, which must be distinct.
///
/// Ids that are trusted are checked at the end, which takes a tenth of the time of checking each one of millions when
/// it is added.
#[derive(Debug, Clone)]
pub(crate) enum Ids {
    /// Each id is checked when it is added.
    Checked(Interner),
    /// Trusted, with their texts.
    Texts(TrustedTexts),
    /// Trusted, without their texts.
    Hashes(TrustedHashes),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedTexts {
    texts: TextColumn,
    lookup: Lookup,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedHashes {
    hashes: Vec<u64>,
    lookup: Lookup,
}

impl TrustedTexts {
    fn find(&self, id: &str) -> Option<u32> {
        let Self { texts, lookup } = self;
        let hash_of = |row| lookup.hash(texts.get(to_row(row)));
        lookup.find(lookup.hash(id), texts.len(), hash_of, |row| texts.get(row) == id)
    }

    fn find_expected(&self, id: &str, expected: u32) -> Option<u32> {
        let is_there = (expected as usize) < self.texts.len() && self.texts.get(expected) == id;
        if is_there { Some(expected) } else { self.find(id) }
    }

    fn has_duplicates(&self) -> bool {
        has_duplicates(
            (0..self.texts.len()).map(|row| self.lookup.hash(self.texts.get(to_row(row)))).collect(),
        )
    }
}

impl TrustedHashes {
    fn push(&mut self, id: &str) -> u32 {
        self.lookup.forget();
        self.hashes.push(self.lookup.hash(id));
        to_row(self.hashes.len() - 1)
    }

    fn find(&self, hash: u64) -> Option<u32> {
        let hash_of = |row: usize| self.hashes[row];
        self.lookup.find(hash, self.hashes.len(), hash_of, |row| hash_of(row as usize) == hash)
    }

    fn find_expected(&self, id: &str, expected: u32) -> Option<u32> {
        let hash = self.lookup.hash(id);
        if self.hashes.get(expected as usize) == Some(&hash) { Some(expected) } else { self.find(hash) }
    }
}

fn to_row(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 texts")
}

impl Ids {
    pub fn new(keep: Keep, trust_ids: bool) -> Self {
        match (keep, trust_ids) {
            (Keep::All, true) => Self::Texts(TrustedTexts::default()),
            (Keep::Numbers, true) => Self::Hashes(TrustedHashes::default()),
            (Keep::All, false) => Self::Checked(Interner::default()),
            (Keep::Numbers, false) => Self::Checked(Interner::without_texts()),
        }
    }

    /// Adds the id of a new row; `None` if it is known to exist already.
    pub fn add(&mut self, id: &str) -> Option<u32> {
        match self {
            Self::Checked(names) => names.insert_new(id),
            Self::Texts(trusted) => {
                trusted.lookup.forget();
                Some(trusted.texts.push(id))
            }
            Self::Hashes(trusted) => Some(trusted.push(id)),
        }
    }

    /// Whether an id did not fit.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Checked(names) => names.is_full(),
            Self::Texts(trusted) => trusted.texts.is_full(),
            Self::Hashes(_) => false,
        }
    }

    /// Makes room for `times` as many ids as there are.
    pub fn reserve(&mut self, times: f64) {
        match self {
            Self::Checked(names) => names.reserve(times),
            Self::Texts(trusted) => trusted.texts.reserve(times),
            Self::Hashes(trusted) => reserve_more(&mut trusted.hashes, times),
        }
    }

    /// The text of an id; empty if texts are not kept.
    pub fn get(&self, row: u32) -> &str {
        match self {
            Self::Checked(names) => names.get(row),
            Self::Texts(trusted) => trusted.texts.get(row),
            Self::Hashes(_) => "",
        }
    }

    /// Finds the row of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        match self {
            Self::Checked(names) => names.find(id),
            Self::Texts(trusted) => trusted.find(id),
            Self::Hashes(trusted) => trusted.find(trusted.lookup.hash(id)),
        }
    }

    /// Finds the row of an id, at the expected row first.
    pub fn find_expected(&self, id: &str, expected: u32) -> Option<u32> {
        match self {
            Self::Checked(names) => names.find_expected(id, expected),
            Self::Texts(trusted) => trusted.find_expected(id, expected),
            Self::Hashes(trusted) => trusted.find_expected(id, expected),
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
            Self::Texts(trusted) => trusted.has_duplicates(),
            Self::Hashes(trusted) => has_duplicates(std::mem::take(trusted).hashes),
        }
    }
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
