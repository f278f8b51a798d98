//! Rows that an export contains more than once, for example because its parts overlap.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use crate::problems::RowError;
use crate::table::{Column, Row};

/// The hashes (64 bits, with a random key for each table) of the rows that were read so far.
#[derive(Debug, Default)]
pub(super) struct RepeatedRows {
    /// The part of the table in which each row occurred first.
    parts: RefCell<HashMap<u64, usize>>,
    keys: RandomState,
}

/// How repeated rows are handled.
#[derive(Clone, Copy, Debug)]
pub(super) enum Repeats<'a> {
    /// Each row counts.
    Allowed,
    /// A row counts once in the whole table.
    Refused(&'a RepeatedRows),
    /// A row that an earlier part has does not count again. Within a part, whose number this is, equal rows
    /// may be about two animals.
    RefusedFromEarlierParts(&'a RepeatedRows, usize),
}

impl Repeats<'_> {
    /// Rejects a row whose cells all equal those of an earlier one.
    pub fn check(self, row: &Row<'_>) -> Result<(), RowError> {
        let is_repeated = match self {
            Self::Allowed => false,
            Self::Refused(rows) => rows.find_or_add(row, 0).is_some(),
            Self::RefusedFromEarlierParts(rows, part) => {
                rows.find_or_add(row, part).is_some_and(|first| first != part)
            }
        };
        if !is_repeated {
            return Ok(());
        }
        let mut problem = row.problem(None::<Column>, "", "");
        problem.message = "a repeated row; expected each row once in all parts of the table".into();
        Err(problem)
    }
}

impl RepeatedRows {
    /// The part that had the same row first; a new row is added.
    fn find_or_add(&self, row: &Row<'_>, part: usize) -> Option<usize> {
        let mut hasher = self.keys.build_hasher();
        row.cells().for_each(|cell| cell.hash(&mut hasher));
        let print = hasher.finish();
        let mut parts = self.parts.borrow_mut();
        let first = parts.get(&print).copied();
        if first.is_none() {
            parts.insert(print, part);
        }
        first
    }
}
