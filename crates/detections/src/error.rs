//! What can be wrong with a source as a whole.

use std::path::PathBuf;

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
         and images.csv), or the .json file of results of MegaDetector or SpeciesNet", .0.display()
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

impl SourceError {
    pub(crate) fn io(file: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }
}
