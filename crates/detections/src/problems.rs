//! Rows and values that could not be read as they stand, and how many there were of how many.

use std::fmt;

/// What was done about a [`RowProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The row is not in the data.
    RowSkipped,
    /// The row is in the data without this value.
    ValueIgnored,
    /// The row is in the data without its time, and so in no period.
    TimeLost,
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
    /// A guess at the cause, where what stands there suggests one.
    pub likely_cause: Option<&'static str>,
    /// What was done.
    pub consequence: Consequence,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = match self.consequence {
            Consequence::RowSkipped => "row skipped",
            Consequence::ValueIgnored => "value ignored",
            Consequence::TimeLost => "time lost, so the row is in no period",
        };
        write!(f, "{}, {} {}, {}: {}", self.file, self.unit, self.line, self.column, self.message)?;
        if let Some(cause) = self.likely_cause {
            write!(f, "; {cause}")?;
        }
        write!(f, " ({done})")
    }
}

/// How many rows of a file were read, and how many of them were lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableCount {
    /// The file inside the source.
    pub file: String,
    /// Rows that it has, lost ones included; in JSON images.
    pub rows: u64,
    /// Rows that are not in the data.
    pub rows_lost: u64,
    /// Values that were left out of rows that are in the data.
    pub values_lost: u64,
    /// Rows that are in the data without a time that was written.
    pub times_lost: u64,
    /// The last of these rows: one may lose two times.
    last_without_time: u64,
}

impl TableCount {
    /// The share of its rows that no period has, 0 to 1: they are lost, or their times are.
    pub fn share_lost(&self) -> f64 {
        let lost = self.rows_lost + self.times_lost;
        if self.rows == 0 { 0.0 } else { lost as f64 / self.rows as f64 }
    }
}

/// All problems of a source: every one counted, by file too, and the first of each file
/// ([`Problems::LISTED`] of the whole) kept whole.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    listed: Vec<RowProblem>,
    tables: Vec<TableCount>,
    rows_skipped: u64,
    values_ignored: u64,
}

impl Problems {
    /// How many problems are kept with their place; the rest are only counted.
    pub const LISTED: usize = 1000;
    /// How many are kept of a file even when there is no more room for those of others.
    const LISTED_OF_EACH: u64 = 3;

    /// Notes that a row was read, whatever becomes of it.
    pub(crate) fn count_row(&mut self, file: &str) {
        self.table(file).rows += 1;
    }

    pub(crate) fn add(&mut self, problem: RowProblem) {
        let table = self.table(&problem.file);
        let is_counted =
            problem.consequence == Consequence::TimeLost && table.last_without_time == problem.line;
        if problem.consequence == Consequence::TimeLost {
            table.last_without_time = problem.line;
        }
        let count = match problem.consequence {
            Consequence::RowSkipped => &mut table.rows_lost,
            Consequence::ValueIgnored => &mut table.values_lost,
            Consequence::TimeLost => &mut table.times_lost,
        };
        *count += u64::from(!is_counted);
        let is_among_first = *count <= Self::LISTED_OF_EACH;
        match problem.consequence {
            Consequence::RowSkipped => self.rows_skipped += 1,
            Consequence::ValueIgnored | Consequence::TimeLost => self.values_ignored += 1,
        }
        if self.listed.len() < Self::LISTED || is_among_first {
            self.listed.push(problem);
        }
    }

    /// The counts of a file, which is mostly the one of the last row.
    fn table(&mut self, file: &str) -> &mut TableCount {
        let at = self.tables.iter().rposition(|table| table.file == file).unwrap_or_else(|| {
            self.tables.push(TableCount { file: file.to_owned(), ..TableCount::default() });
            self.tables.len() - 1
        });
        &mut self.tables[at]
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

    /// The files that were read, with the numbers of their rows.
    pub fn tables(&self) -> &[TableCount] {
        &self.tables
    }

    /// The file that lost the largest share of its rows, when that is more than `most` (0 to 1).
    pub fn worst_table(&self, most: f64) -> Option<&TableCount> {
        let worst = self.tables.iter().max_by(|a, b| a.share_lost().total_cmp(&b.share_lost()))?;
        (worst.share_lost() > most).then_some(worst)
    }

    /// The first problems of a file that cost a row or its time.
    pub fn first_of(&self, file: &str) -> impl Iterator<Item = &RowProblem> {
        let of_file = move |problem: &&RowProblem| {
            problem.file == file && problem.consequence != Consequence::ValueIgnored
        };
        self.listed.iter().filter(of_file)
    }
}
