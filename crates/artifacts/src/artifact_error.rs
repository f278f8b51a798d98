//! Why a file cannot be made, read or removed.

use std::io;

use detections::is_out_of_descriptors;

/// The kind of the [`io::Error`] that carries [`ArtifactError::Unavailable`]. No file system reports it.
const UNAVAILABLE_KIND: io::ErrorKind = io::ErrorKind::NetworkDown;

/// Why a call about files failed. The variant says what the caller does.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The call was cancelled: there is nothing to report.
    #[error("cancelled")]
    Cancelled,
    /// The object store, or the folder of files, does not answer or refuses. A retry may help.
    #[error("{0}")]
    Unavailable(#[source] io::Error),
    /// The disk of this machine has no room: its operator has to make some.
    #[error("{0}")]
    DiskFull(#[source] io::Error),
    /// The process has no free file descriptor: the work is begun again after a moment.
    #[error("{0}")]
    NoDescriptors(#[source] io::Error),
    /// There is no such file, or its folder is gone: it has to be made again.
    #[error("{0}")]
    Missing(#[source] io::Error),
    /// The disk of this machine has another problem, which its operator finds in the log.
    #[error("{0}")]
    Disk(#[source] io::Error),
}

impl From<io::Error> for ArtifactError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            _ if is_out_of_descriptors(&error) => Self::NoDescriptors(error),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(error),
            io::ErrorKind::NotFound => Self::Missing(error),
            UNAVAILABLE_KIND
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::StaleNetworkFileHandle => Self::Unavailable(error),
            _ => Self::Disk(error),
        }
    }
}

impl From<object_store::Error> for ArtifactError {
    fn from(error: object_store::Error) -> Self {
        Self::Unavailable(io::Error::new(UNAVAILABLE_KIND, error))
    }
}

impl ArtifactError {
    /// The error of a call that reads an object. Only then "not found" is the object and not its bucket.
    pub(crate) fn from_read(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => {
                Self::Missing(io::Error::new(io::ErrorKind::NotFound, error))
            }
            error => error.into(),
        }
    }
}

/// For readers, whose errors are [`io::Error`]. [`ArtifactError::from`] turns an error of reading an object back
/// into the same variant.
impl From<ArtifactError> for io::Error {
    fn from(error: ArtifactError) -> Self {
        match error {
            // Not `Interrupted`, after which readers try again.
            ArtifactError::Cancelled => Self::other(error),
            ArtifactError::Unavailable(error)
            | ArtifactError::DiskFull(error)
            | ArtifactError::NoDescriptors(error)
            | ArtifactError::Missing(error)
            | ArtifactError::Disk(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_passes_on_who_failed() {
        let refused =
            object_store::Error::NotImplemented { operation: "read".into(), implementer: "x".into() };
        let missing = object_store::Error::NotFound { path: "a".into(), source: "b".into() };
        let pass = |error: object_store::Error| {
            let error = ArtifactError::from_read(error);
            let text = error.to_string();
            let passed = ArtifactError::from(io::Error::from(error));
            assert_eq!(passed.to_string(), text);
            passed
        };
        assert!(matches!(pass(refused), ArtifactError::Unavailable(_)));
        assert!(matches!(pass(missing), ArtifactError::Missing(_)));
        assert!(matches!(ArtifactError::from(io::Error::other("disk")), ArtifactError::Disk(_)));
    }

    #[test]
    fn a_network_folder_that_does_not_answer_may_answer_later() {
        use rustix::io::Errno;
        for errno in [Errno::TIMEDOUT, Errno::HOSTUNREACH, Errno::STALE] {
            let error = ArtifactError::from(io::Error::from(errno));
            assert!(matches!(error, ArtifactError::Unavailable(_)), "{error:?}");
        }
        let broken = ArtifactError::from(io::Error::from(Errno::IO));
        assert!(matches!(broken, ArtifactError::Disk(_)), "{broken:?}");
    }
}
