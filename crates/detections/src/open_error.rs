//! Why a file of a data set could not be opened.

use zip::result::ZipError;

use crate::regular_file::is_not_regular;

/// Why a file of a container could not be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    Missing,
    Outside,
    /// A folder, pipe or device, which is not opened.
    NotAFile,
    Io(std::io::Error),
}

impl OpenError {
    pub fn from_io(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::Missing,
            _ if is_not_regular(&error) => Self::NotAFile,
            _ => Self::Io(error),
        }
    }

    pub fn from_zip(error: ZipError) -> Self {
        Self::Io(std::io::Error::other(error))
    }
}
