//! What can be wrong with a source as a whole.

use std::fmt;
use std::path::PathBuf;

use crate::problems::{Problems, RowProblem, TableCount};
use crate::source::ReadOptions;

/// Why a source could not be read at all.
///
/// Each variant is a fault of the input, so trying again without changing it is of no use,
/// except for [`SourceError::Io`], which may pass.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing at the path.
    #[error("{}: there is no such file or folder", .0.display())]
    NotFound(PathBuf),
    /// The address of a database is none.
    #[error("the address of the database is not one ({0}). Expected postgres://USER@HOST/NAME")]
    Address(String),
    /// The path holds nothing that a reader knows.
    #[error(
        "{}: not a data set that can be read. Expected a Camtrap DP package (a folder or .zip \
         with datapackage.json), a Wildlife Insights export (a folder or .zip with deployments.csv \
         and images.csv), or the .json file of results of MegaDetector, Pytorch-Wildlife or SpeciesNet", .0.display()
    )]
    UnknownFormat(PathBuf),
    /// The structure is wrong: a table or required column is missing, a version is unknown,
    /// a file is not UTF-8.
    #[error("{file}, line {line}, column {column}: {found}; expected {expected}")]
    Structure {
        /// File inside the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// Column, counted from 1: of characters in JSON and damaged text, of fields in a header.
        column: u64,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// The dates of a column can be read in more than one way, and nothing says in which.
    #[error("{file}, line 1, column {column}: {found}; expected {expected}")]
    UnclearDates {
        /// File inside the source.
        file: String,
        /// The column, counted from 1.
        column: u64,
        /// What stands there.
        found: String,
        /// What should stand there, and what to do.
        expected: String,
    },
    /// So many rows of a table were lost that what is left would give wrong numbers.
    #[error("{0}")]
    TooManyBadRows(BadRows),
    /// Several data sets lie side by side, and nothing says which is meant.
    #[error("{}: holds several data sets ({}); name one of them", .path.display(), .found.join(", "))]
    SeveralDataSets {
        /// The folder or archive.
        path: PathBuf,
        /// Their folders inside it.
        found: Vec<String>,
    },
    /// Of the results of a detector nothing is known but boxes: not one of its pictures is where they were
    /// looked for, and the results do not say when any was taken.
    #[error(
        "none of the {listed} pictures of {file} was found in {} (such as {example}), and the results bring \
         no times. Say where the pictures are: --images FOLDER", .folder.display()
    )]
    NoPictures {
        /// The file of results.
        file: String,
        /// How many pictures it names.
        listed: u64,
        /// Where they were looked for.
        folder: PathBuf,
        /// The path of the first of them.
        example: String,
    },
    /// The ZIP archive itself is damaged.
    #[error("{}: the ZIP archive cannot be read ({source}); download or pack it again", .path.display())]
    Zip {
        /// The archive.
        path: PathBuf,
        /// What the ZIP reader said.
        source: zip::result::ZipError,
    },
    /// Reading failed below us.
    #[error("{file}: cannot be read ({source})")]
    Io {
        /// File inside the source, or the source itself.
        file: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// How many rows of a table were lost, and why the first of them were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRows {
    /// The file inside the source, with its counts.
    pub table: TableCount,
    /// The first problems that cost a row.
    pub reasons: Vec<RowProblem>,
    /// The share that may be lost, in percent.
    pub allowed_percent: String,
}

impl BadRows {
    /// How many reasons are kept.
    const REASONS: usize = 3;

    pub(crate) fn of(problems: &Problems, table: &TableCount, options: &ReadOptions) -> Self {
        let percent = (options.allow_bad_rows * 1000.0).round() / 10.0;
        Self {
            table: table.clone(),
            reasons: problems.first_of(&table.file).take(Self::REASONS).cloned().collect(),
            allowed_percent: format!("{percent}%"),
        }
    }
}

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TableCount { file, rows, rows_lost, times_lost, .. } = &self.table;
        match (rows_lost, times_lost) {
            (lost, 0) => write!(f, "{file}: {lost} of {rows} rows could not be read")?,
            (0, lost) => write!(f, "{file}: {lost} of {rows} rows have a time that could not be read")?,
            (lost, times) => write!(
                f,
                "{file}: {lost} of {rows} rows could not be read, and {times} have a time that could not be read"
            )?,
        }
        for reason in &self.reasons {
            write!(f, "\n  {reason}")?;
        }
        let allowed = &self.allowed_percent;
        write!(
            f,
            "\nMore than {allowed} are lost, so numbers would be wrong. Mend the table, or go on without these rows with --allow-bad-rows PERCENT"
        )
    }
}

impl SourceError {
    /// The source was found, and what stands in it cannot be used. A server that has other data sets
    /// goes on with those.
    pub fn is_of_content(&self) -> bool {
        matches!(self, Self::TooManyBadRows(_) | Self::NoPictures { .. } | Self::UnclearDates { .. })
    }

    pub(crate) fn io(file: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }
}
