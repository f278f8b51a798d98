//! Rows that could not be read as they stand.

use std::fmt;

/// What was done about a [`RowProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The row is not in the data.
    RowSkipped,
    /// The row is in the data without this value.
    ValueIgnored,
}

/// One thing in a table that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// File inside the source.
    pub file: String,
    /// What places in it are counted in: `line`, or in JSON `image`.
    pub unit: &'static str,
    /// Line on which the row starts, or the number of the image, counted from 1; a header is line 1.
    pub line: u64,
    /// Name of the column, or `row` when it is about the row as a whole.
    pub column: String,
    /// What stands there and what was expected, as one sentence without a full stop.
    pub message: String,
    /// What was done.
    pub consequence: Consequence,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = match self.consequence {
            Consequence::RowSkipped => "row skipped",
            Consequence::ValueIgnored => "value ignored",
        };
        write!(f, "{}, {} {}, {}: {} ({done})", self.file, self.unit, self.line, self.column, self.message)
    }
}

/// All problems of a source: every one counted, the first [`Problems::LISTED`] kept whole.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    listed: Vec<RowProblem>,
    rows_skipped: u64,
    values_ignored: u64,
}

impl Problems {
    /// How many problems are kept with their place; the rest are only counted.
    pub const LISTED: usize = 1000;

    pub(crate) fn add(&mut self, problem: RowProblem) {
        match problem.consequence {
            Consequence::RowSkipped => self.rows_skipped += 1,
            Consequence::ValueIgnored => self.values_ignored += 1,
        }
        if self.listed.len() < Self::LISTED {
            self.listed.push(problem);
        }
    }

    /// Rows that are not in the data.
    pub fn rows_skipped(&self) -> u64 {
        self.rows_skipped
    }

    /// Values that were left out of rows that are in the data.
    pub fn values_ignored(&self) -> u64 {
        self.values_ignored
    }

    /// The problems in the order in which they were met.
    pub fn listed(&self) -> &[RowProblem] {
        &self.listed
    }
}
