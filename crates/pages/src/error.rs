//! Errors of pages.

use std::path::PathBuf;

/// Why a PDF could not be made: the template is at fault, not the data.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template did not compile. Each message has its file, line and column.
    #[error("the template does not compile: {0}")]
    Template(String),
    /// The document breaks a rule of PDF/UA-1 or PDF/A-2.
    #[error("the pages do not conform to {standard}: {message}")]
    Standard {
        /// The requested standards.
        standard: &'static str,
        /// What is wrong, with file, line and column where known.
        message: String,
    },
    /// The template's folder cannot be read.
    #[error("{}: {source}; --template names a .typ file", .path.display())]
    Folder {
        /// The file that was named.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The JSON is not that of a report of this version of the program.
    #[error("this is not the JSON of a report of this version; compute the report again: {0}")]
    Json(#[from] serde_json::Error),
}
