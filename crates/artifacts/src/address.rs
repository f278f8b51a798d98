//! The value of `--artifacts`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;

/// The place where files are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactsAddress {
    /// A folder on this machine or on a file system that all workers share.
    Folder(PathBuf),
    /// `s3://BUCKET/PREFIX`, `gs://…` or `az://…`.
    Bucket(Url),
}

/// The schemes of object stores.
const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

/// Why a text is no place for files.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactsAddressError {
    /// There is no text.
    #[error("expected a folder or s3://BUCKET")]
    Empty,
    /// It is no address.
    #[error("{0}")]
    Malformed(#[source] <Url as FromStr>::Err),
    /// It is the address of something else.
    #[error("expected a folder, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX")]
    NoBucket,
    /// It contains a user name or a password.
    #[error("put credentials into the environment (AWS_ACCESS_KEY_ID and so on), not into the address")]
    Credentials,
}

impl FromStr for ArtifactsAddress {
    type Err = ArtifactsAddressError;

    fn from_str(text: &str) -> Result<Self, ArtifactsAddressError> {
        if text.is_empty() {
            return Err(ArtifactsAddressError::Empty);
        }
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let url = Url::parse(text).map_err(ArtifactsAddressError::Malformed)?;
        if !SCHEMES.contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
            return Err(ArtifactsAddressError::NoBucket);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ArtifactsAddressError::Credentials);
        }
        Ok(Self::Bucket(url))
    }
}

impl fmt::Display for ArtifactsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_a_folder_or_a_bucket() {
        let read = |text: &str| text.parse::<ArtifactsAddress>();
        assert_eq!(read("exports/x"), Ok(ArtifactsAddress::Folder("exports/x".into())));
        assert_eq!(read("s3://exports/deer").unwrap().to_string(), "s3://exports/deer");
        for wrong in ["", "http://example.org", "s3://", "s3://key:secret@exports"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
