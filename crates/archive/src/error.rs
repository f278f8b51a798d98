//! Errors of an archive as a whole.

use std::fmt;

use detections::UnknownNamesError;

use crate::missing_reasons::MissingReason;
use crate::numbers::in_thousands;

/// Why an archive could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The request selects no detection.
    #[error("No animals with a marked position in this period; choose other dates, species or locations")]
    NothingChosen,
    /// The filter names classes or locations that the data set does not have.
    #[error(transparent)]
    UnknownNames(#[from] UnknownNamesError),
    /// Its tables alone need more memory than an export may take: request fewer detections at once.
    #[error(
        "the archive needs about {needed_mib} MiB of memory for {detections} detections, and one export may take \
         {limit_mib} MiB (--job-memory); ask for fewer at once (max, sample, or other dates, species or locations)"
    )]
    TooMany {
        /// Requested detections.
        detections: usize,
        /// Memory needed, in MiB.
        needed_mib: u64,
        /// Memory that one export may take, in MiB.
        limit_mib: u64,
    },
    /// None of the detections could be exported. A retry is of no use.
    #[error("{0}")]
    NothingFound(NothingFoundError),
    /// The export was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The archive could not be written. A retry may help once there is space.
    #[error("the archive cannot be written: {0}")]
    Write(#[source] std::io::Error),
}

/// Why none of the detections could be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingFoundError {
    /// Requested detections.
    pub asked_for: usize,
    /// The reasons, the most frequent first.
    pub reasons: Vec<MissingReason>,
    /// The first detection with the most frequent reason, and its exact problem.
    pub example: Option<String>,
}

impl fmt::Display for NothingFoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.asked_for {
            1 => write!(f, "the only detection could not be exported: ")?,
            many => {
                write!(f, "none of the {} detections could be exported: ", in_thousands(many as u64))?;
            }
        }
        for (number, reason) in self.reasons.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{}", reason.message)?;
            if let Some(hint) = reason.hint {
                write!(f, " ({hint})")?;
            }
        }
        match &self.example {
            Some(example) => write!(f, ". The first is {example}"),
            None => Ok(()),
        }
    }
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<zip::result::ZipError> for ArchiveError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Write(error.into())
    }
}
