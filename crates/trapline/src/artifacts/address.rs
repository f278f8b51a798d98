//! The value of `--artifacts`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;

/// The place where files are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactsAddress {
    Folder(PathBuf),
    /// `s3://BUCKET/PREFIX`, `gs://…` or `az://…`.
    Bucket(Url),
}

/// The schemes of object stores.
const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

impl FromStr for ArtifactsAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return if text.is_empty() {
                Err("expected a folder or s3://BUCKET".into())
            } else {
                Ok(Self::Folder(text.into()))
            };
        }
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if !SCHEMES.contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
            return Err(
                "expected a folder, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
                    .into(),
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "put credentials into the environment (AWS_ACCESS_KEY_ID and so on), not into the address"
                    .into(),
            );
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
