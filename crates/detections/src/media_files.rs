//! The media files of a data set.

use std::io::{BufRead, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::container::{Container, open_image_folder};
use crate::error::SourceError;
use crate::fetch::{Fetch, FetchError, is_web_address};
use crate::media::is_remote;
use crate::open_error::OpenError;
use crate::options::ReadOptions;
use crate::regular_file::is_out_of_descriptors;

/// How long to wait for a free file descriptor, and how long until the next attempt.
const WAIT_FOR_DESCRIPTORS: Duration = Duration::from_mins(1);
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Reads the media files of a data set, and nothing outside of its folder.
#[derive(Clone, Debug)]
pub struct MediaFiles {
    /// The container of the tables, if they are files.
    package: Option<Container>,
    images: Option<Container>,
    /// Larger files are not read.
    max_bytes: u64,
    fetch: Option<Arc<dyn Fetch>>,
    store: Option<Arc<dyn Fetch>>,
}

/// Why a media file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Only the address is known, and fetching is not enabled.
    #[error("remote: only its address is known ({0})")]
    Remote(String),
    /// It could not be fetched. A retry may help, depending on the reason.
    #[error("{address} could not be fetched: {why}")]
    NotFetched {
        /// Its address.
        address: String,
        /// The reason.
        why: FetchError,
    },
    /// The file does not exist.
    #[error("no file at {0}")]
    Missing(String),
    /// The path leads out of the folder of the data set, where nothing is read.
    #[error("the path {0} leads out of the data set")]
    Outside(String),
    /// The path is not a regular file.
    #[error("{0} is not a regular file, but a folder, pipe or device")]
    NotAFile(String),
    /// The file exceeds the size limit.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// Its path in the data set.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The operating system could not read the file. A retry may help.
    #[error("{path} cannot be read ({source})")]
    Io {
        /// Its path in the data set.
        path: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

impl MediaFiles {
    pub(crate) fn new(package: Container, images: Option<Container>, options: &ReadOptions) -> Self {
        let (fetch, store) = (options.fetch.clone(), options.image_store.clone());
        Self { package: Some(package), images, max_bytes: options.max_file_bytes, fetch, store }
    }

    /// For a data set whose tables are not files: its media files are only where the options say.
    pub(crate) fn without_package(options: &ReadOptions) -> Result<Self, SourceError> {
        let images = open_image_folder(options)?;
        let (fetch, store) = (options.fetch.clone(), options.image_store.clone());
        Ok(Self { package: None, images, max_bytes: options.max_file_bytes, fetch, store })
    }

    /// Whether a file exists.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.open(path).is_ok()
    }

    /// The first `max_bytes` bytes of a file.
    pub(crate) fn read_head(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, MediaError> {
        let reader = self.open(path).map_err(|error| error.into_media_error(path))?;
        let mut head = Vec::new();
        let read = reader.take(max_bytes).read_to_end(&mut head);
        read.map_err(|source| MediaError::Io { path: path.into(), source })?;
        Ok(head)
    }

    /// Opens a file in the folder of images if it is there, else in the package.
    fn open(&self, path: &str) -> Result<Box<dyn BufRead + Send>, OpenError> {
        match self.images.as_ref().map(|images| images.open(path)) {
            Some(Ok(reader)) => Ok(reader),
            found => match (&self.package, found) {
                (Some(package), _) => package.open(path),
                (None, Some(found)) => found,
                (None, None) => Err(OpenError::Missing),
            },
        }
    }

    /// The containers that are searched, in this order.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.images.iter().chain(&self.package)
    }

    /// The container of the tables, if they are files.
    pub(crate) fn package(&self) -> Option<&Container> {
        self.package.as_ref()
    }

    /// Reads a file, or fetches it if it is at an address and fetching is enabled. The token cancels
    /// the call.
    pub fn read(&self, path: &str, cancellation: &CancellationToken) -> Result<Vec<u8>, MediaError> {
        if is_remote(path) {
            return self.fetch_address(path, cancellation);
        }
        if let Some(store) = &self.store {
            match store.fetch(path, self.max_bytes, cancellation) {
                // A file that the store lacks may be in the package.
                Err(FetchError::Status(404)) => {}
                answer => return answer.map_err(|why| self.fetch_error(path, why)),
            }
        }
        read_limited(
            self.open_when_possible(path, cancellation).map_err(|error| error.into_media_error(path))?,
            path,
            self.max_bytes,
        )
    }

    /// Opens a file. Waits if the process has no free file descriptor: that is temporary, but the picture
    /// would be missing from the archive for good.
    fn open_when_possible(
        &self,
        path: &str,
        cancellation: &CancellationToken,
    ) -> Result<Box<dyn BufRead + Send>, OpenError> {
        let begun = Instant::now();
        loop {
            match self.open(path) {
                Err(OpenError::Io(error))
                    if is_out_of_descriptors(&error)
                        && !cancellation.is_cancelled()
                        && begun.elapsed() < WAIT_FOR_DESCRIPTORS =>
                {
                    std::thread::sleep(RETRY_INTERVAL);
                }
                opened => return opened,
            }
        }
    }

    fn fetch_address(&self, address: &str, cancellation: &CancellationToken) -> Result<Vec<u8>, MediaError> {
        let Some(fetch) = self.fetch.as_ref().filter(|_| is_web_address(address)) else {
            return Err(MediaError::Remote(address.into()));
        };
        fetch.fetch(address, self.max_bytes, cancellation).map_err(|why| self.fetch_error(address, why))
    }

    fn fetch_error(&self, address: &str, why: FetchError) -> MediaError {
        match why {
            FetchError::TooLarge => MediaError::TooLarge { path: address.into(), limit: self.max_bytes },
            why => MediaError::NotFetched { address: address.into(), why },
        }
    }

    /// Whether a file comes from another host, so that reading it mostly waits for the network.
    pub fn is_on_other_host(&self, path: &str) -> bool {
        self.store.is_some() || is_remote(path)
    }

    /// How many files may be fetched at the same time; 0 if fetching is not enabled.
    pub fn max_concurrent_fetches(&self) -> usize {
        let max_concurrent =
            |fetch: &Option<Arc<dyn Fetch>>| fetch.as_ref().map_or(0, |fetch| fetch.max_concurrent());
        max_concurrent(&self.fetch).max(max_concurrent(&self.store))
    }
}

impl OpenError {
    /// The error for the file at `path`.
    fn into_media_error(self, path: &str) -> MediaError {
        let path = path.to_owned();
        match self {
            Self::Missing => MediaError::Missing(path),
            Self::Outside => MediaError::Outside(path),
            Self::NotAFile => MediaError::NotAFile(path),
            Self::Io(source) => MediaError::Io { path, source },
        }
    }
}

fn read_limited(reader: Box<dyn BufRead>, path: &str, max_bytes: u64) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    reader
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| MediaError::Io { path: path.into(), source })?;
    if bytes.len() as u64 > max_bytes {
        return Err(MediaError::TooLarge { path: path.into(), limit: max_bytes });
    }
    Ok(bytes)
}
