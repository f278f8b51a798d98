//! Pictures that a data set only has the paths of, in a bucket.

use std::time::Duration;

use detections::{Fetch, FetchError};
use futures_util::StreamExt;
use object_store::{ObjectStoreExt, path::Path as Key};
use reqwest::Url;
use tokio::runtime::Handle;

use super::bucket::Bucket;

/// Pictures that are fetched at once.
const AT_ONCE: usize = 16;
/// How often it is asked whether a picture is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// A bucket of pictures.
#[derive(Debug)]
pub struct ImageStore {
    bucket: Bucket,
    runtime: Handle,
}

impl ImageStore {
    /// The bucket at an address; called where a runtime is.
    pub fn at(url: &Url) -> std::io::Result<Self> {
        Ok(Self { bucket: Bucket::at(url, String::new())?, runtime: Handle::current() })
    }
}

impl Fetch for ImageStore {
    fn fetch(&self, path: &str, most: u64, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, FetchError> {
        // A path that leads out of the bucket's prefix is of nothing in it.
        let inside = Key::parse(path.trim_start_matches("./")).map_err(|_| FetchError::Status(404))?;
        let key = inside.parts().fold(self.bucket.prefix().clone(), Key::join);
        self.runtime.block_on(async {
            let mut work = std::pin::pin!(self.whole(&key, most));
            loop {
                match tokio::time::timeout(LOOK, &mut work).await {
                    Ok(done) => return done,
                    Err(_) if stop() => return Err(FetchError::Stopped),
                    Err(_) => {}
                }
            }
        })
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }
}

impl ImageStore {
    async fn whole(&self, key: &Key, most: u64) -> Result<Vec<u8>, FetchError> {
        let failed = |error: object_store::Error| match error {
            object_store::Error::NotFound { .. } => FetchError::Status(404),
            error => {
                // The address of a bucket is nobody's business.
                tracing::warn!(%error, "a picture could not be had from its bucket");
                FetchError::Failed("the store of pictures did not give it".into())
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
