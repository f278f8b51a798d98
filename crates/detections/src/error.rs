//! Errors of a source as a whole.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::problems::{Problems, RowError, TableCount};

/// Why a source could not be read.
///
/// Each variant is a mistake in the input, so a retry is of no use, except for [`SourceError::Io`].
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The path does not exist.
    #[error("{}: there is no such file or folder", .0.display())]
    NotFound(PathBuf),
    /// The address of a database is invalid.
    #[error("this is not the address of a database ({0}). Expected postgres://USER@HOST/NAME")]
    Address(String),
    /// The path is not in a known format.
    #[error(
        "{}: not a data set that can be read. Expected a Camtrap DP package (a folder or .zip \
         with datapackage.json), a Wildlife Insights export (a folder or .zip with deployments.csv \
         and images.csv), or the .json file of results of MegaDetector, Pytorch-Wildlife or SpeciesNet", .0.display()
    )]
    UnknownFormat(PathBuf),
    /// The structure is wrong: a table or required column is missing, the version is unknown, or a file is
    /// not UTF-8.
    #[error("{file}, line {line}, column {column}: {found}; expected {expected}")]
    Structure {
        /// File inside the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// Column, counted from 1: of characters in JSON and damaged text, of fields in a header.
        column: u64,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The dates of a column can be read with the day or the month first, and nothing shows which is right.
    #[error("{file}, line 1, column {column}: {found}; expected {expected}")]
    UnclearDates {
        /// File inside the source.
        file: String,
        /// The column, counted from 1.
        column: u64,
        /// What was found.
        found: String,
        /// What was expected, and what to do.
        expected: String,
    },
    /// So many rows of a table were lost that the numbers would be wrong.
    #[error("{0}")]
    TooManyBadRows(BadRows),
    /// There are several data sets side by side.
    #[error("{}: holds several data sets ({}); name one of them", .path.display(), .found.join(", "))]
    SeveralDataSets {
        /// The folder or archive.
        path: PathBuf,
        /// Their folders inside it.
        found: Vec<String>,
    },
    /// None of a detector's pictures was found, and its results contain no times, so only the boxes are
    /// known.
    #[error(
        "use --images FOLDER to say where the pictures are: none of the {listed} pictures of {file} is in {} \
         (such as {example}), and the results contain no times", .folder.display()
    )]
    NoPictures {
        /// The file of results.
        file: String,
        /// The number of pictures in the results.
        listed: u64,
        /// The folder that was searched.
        folder: PathBuf,
        /// The path of the first picture.
        example: String,
    },
    /// The ZIP archive is damaged.
    #[error("{}: the ZIP archive cannot be read ({source}); download or pack it again", .path.display())]
    Zip {
        /// The archive.
        path: PathBuf,
        /// The error of the ZIP reader.
        source: zip::result::ZipError,
    },
    /// Reading failed in the operating system.
    #[error("{file}: cannot be read ({source})")]
    Io {
        /// File inside the source, or the source itself.
        file: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// How many rows of a table were lost, and the first reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRows {
    /// The file inside the source, with its counts.
    pub table: TableCount,
    /// The first problems for which a row was lost.
    pub reasons: Vec<RowError>,
    /// The allowed share, in percent.
    pub allowed_percent: String,
}

impl BadRows {
    /// The number of reasons to keep.
    const REASONS: usize = 3;

    /// `allowed` is the share that may be lost, 0 to 1.
    pub(crate) fn new(problems: &Problems, table: &TableCount, allowed: f64) -> Self {
        let percent = (allowed * 1000.0).round() / 10.0;
        Self {
            table: table.clone(),
            reasons: problems.first_problems(&table.file).take(Self::REASONS).cloned().collect(),
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
            "\nCorrect the table, or use --allow-bad-rows PERCENT to leave these rows out. More than {allowed} are lost, so the numbers would be wrong"
        )
    }
}

impl SourceError {
    /// The source exists, but its contents cannot be used. A server with other data sets continues with
    /// those.
    pub fn is_content_error(&self) -> bool {
        matches!(self, Self::TooManyBadRows(_) | Self::NoPictures { .. } | Self::UnclearDates { .. })
    }

    pub(crate) fn io(file: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }

    /// Converts the error of opening a file or folder.
    pub(crate) fn open_error(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound(path.into()),
            _ => Self::Io { file: path.display().to_string(), source },
        }
    }

    /// An error at a line and column of a file.
    pub(crate) fn structure(
        file: &str,
        (line, column): (u64, u64),
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Structure { file: file.into(), line, column, found: found.into(), expected: expected.into() }
    }
}
