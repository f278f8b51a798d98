//! A bucket with the pictures of data sets that contain only their paths.

use detections::{Fetch, FetchError};
use futures_util::StreamExt;
use object_store::{ObjectStoreExt, path::Path as Key};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::ArtifactError;
use super::bucket::Bucket;

/// Pictures that are downloaded at once.
const MAX_PARALLEL: usize = 16;

/// A bucket of pictures.
#[derive(Debug)]
pub struct ImageBucket {
    bucket: Bucket,
    runtime: Handle,
}

impl ImageBucket {
    /// Opens the bucket at an address. Called inside a runtime.
    pub fn open(url: &Url) -> Result<Self, ArtifactError> {
        Ok(Self { bucket: Bucket::open(url, String::new())?, runtime: Handle::current() })
    }
}

impl Fetch for ImageBucket {
    fn fetch(&self, path: &str, most: u64, cancellation: &CancellationToken) -> Result<Vec<u8>, FetchError> {
        // A path that leaves the prefix of the bucket finds nothing.
        let path = Key::parse(path.trim_start_matches("./")).map_err(|_| FetchError::Status(404))?;
        let key = path.parts().fold(self.bucket.prefix().clone(), Key::join);
        let downloading = cancellation.run_until_cancelled(self.download(&key, most));
        self.runtime.block_on(downloading).unwrap_or(Err(FetchError::Cancelled))
    }

    fn max_concurrent(&self) -> usize {
        MAX_PARALLEL
    }
}

impl ImageBucket {
    async fn download(&self, key: &Key, most: u64) -> Result<Vec<u8>, FetchError> {
        let failed = |error: object_store::Error| match error {
            object_store::Error::NotFound { .. } => FetchError::Status(404),
            error => {
                // Logged and not passed on, since the message has the address of the bucket.
                tracing::warn!(%error, "a picture could not be downloaded from its bucket");
                FetchError::Failed("the bucket of pictures did not return it".into())
            }
        };
        let found = self.bucket.objects.get(key).await.map_err(failed)?;
        if found.meta.size > most {
            return Err(FetchError::TooLarge);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.meta.size).unwrap_or_default());
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(failed)?);
        }
        Ok(bytes)
    }
}
