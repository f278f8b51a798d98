//! Rows and values that could not be read, and how many.

use std::fmt;

/// How a [`RowError`] was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The row was skipped.
    RowSkipped,
    /// The row was kept without this value.
    ValueIgnored,
    /// The row was kept without its time, so it is in no period.
    TimeLost,
}

/// A row or value that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// File inside the source.
    pub file: String,
    /// The unit of positions in the file: `line`, or `image` in JSON.
    pub unit: &'static str,
    /// The first line of the row, or the number of the image, from 1; the header is line 1.
    pub line: u64,
    /// Name of the column, or `row` if the whole row is affected.
    pub column: String,
    /// What was found and what was expected, as one sentence without a full stop.
    pub message: String,
    /// A likely cause, if what was found suggests one.
    pub likely_cause: Option<&'static str>,
    /// How it was handled.
    pub consequence: Consequence,
}

impl RowError {
    /// A problem for which the row is skipped.
    pub(crate) fn new(file: String, unit: &'static str, line: u64, column: String, message: String) -> Self {
        let consequence = Consequence::RowSkipped;
        Self { file, unit, line, column, message, likely_cause: None, consequence }
    }

    /// Adds a likely cause.
    pub(crate) fn with_likely_cause(mut self, cause: &'static str) -> Self {
        self.likely_cause = Some(cause);
        self
    }
}

impl std::error::Error for RowError {}

impl fmt::Display for RowError {
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

/// The number of rows in a file, and how many were lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableCount {
    /// The file inside the source.
    pub file: String,
    /// Rows, including lost ones; images in JSON.
    pub rows: u64,
    /// Rows that were skipped.
    pub rows_lost: u64,
    /// Values that were ignored.
    pub values_lost: u64,
    /// Rows whose time could not be read.
    pub times_lost: u64,
    /// The last such row, since one row may lose two times.
    last_without_time: u64,
}

impl TableCount {
    /// The share of rows, 0 to 1, that are in no period because they or their times were lost.
    pub fn share_lost(&self) -> f64 {
        let lost = self.rows_lost + self.times_lost;
        if self.rows == 0 { 0.0 } else { lost as f64 / self.rows as f64 }
    }
}

/// All problems of a source. Every one is counted, by file too; the first [`Problems::LISTED`], and the first
/// of each file, are listed.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    listed: Vec<RowError>,
    tables: Vec<TableCount>,
    rows_skipped: u64,
    values_ignored: u64,
}

impl Problems {
    /// The number of listed problems; the others are only counted.
    pub const LISTED: usize = 1000;
    /// The number of problems of each file that are listed in any case.
    const LISTED_OF_EACH: u64 = 3;

    /// Counts a row, even if it is skipped later.
    pub(crate) fn count_row(&mut self, file: &str) {
        self.count_rows(file, 1);
    }

    /// Counts rows.
    pub(crate) fn count_rows(&mut self, file: &str, rows: u64) {
        self.table(file).rows += rows;
    }

    pub(crate) fn add(&mut self, problem: RowError) {
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

    /// The counts of a file, which is usually the last one.
    fn table(&mut self, file: &str) -> &mut TableCount {
        let at = self.tables.iter().rposition(|table| table.file == file).unwrap_or_else(|| {
            self.tables.push(TableCount { file: file.to_owned(), ..TableCount::default() });
            self.tables.len() - 1
        });
        &mut self.tables[at]
    }

    /// The number of skipped rows.
    pub fn rows_skipped(&self) -> u64 {
        self.rows_skipped
    }

    /// The number of ignored values.
    pub fn values_ignored(&self) -> u64 {
        self.values_ignored
    }

    /// The listed problems, in the order in which they occurred.
    pub fn list(&self) -> &[RowError] {
        &self.listed
    }

    /// The files that were read, with their counts.
    pub fn tables(&self) -> &[TableCount] {
        &self.tables
    }

    /// The file that lost the largest share of its rows, if that is more than `most` (0 to 1).
    pub fn worst_table(&self, most: f64) -> Option<&TableCount> {
        let worst = self.tables.iter().max_by(|a, b| a.share_lost().total_cmp(&b.share_lost()))?;
        (worst.share_lost() > most).then_some(worst)
    }

    /// The first problems in a file for which a row or its time was lost.
    pub fn first_problems(&self, file: &str) -> impl Iterator<Item = &RowError> {
        let of_file = move |problem: &&RowError| {
            problem.file == file && problem.consequence != Consequence::ValueIgnored
        };
        self.listed.iter().filter(of_file)
    }
}
