//! The files that a data set is about.

use std::io::{BufRead, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::container::{Container, OpenError};
use crate::error::SourceError;
use crate::fetch::{Fetch, FetchError, is_web};
use crate::media::is_remote;
use crate::regular_file::is_out_of_descriptors;
use crate::source::{ReadOptions, images_at};

/// How long a file waits for a file descriptor, and how long until the next try.
const WAIT_FOR_DESCRIPTORS: Duration = Duration::from_mins(1);
const AGAIN: Duration = Duration::from_millis(50);

/// Reads the files of a data set, and nothing outside its folder.
#[derive(Clone, Debug)]
pub struct MediaFiles {
    /// Where the tables are, when they are files.
    package: Option<Container>,
    images: Option<Container>,
    /// Files with more bytes than this are not read.
    most: u64,
    fetch: Option<Arc<dyn Fetch>>,
    store: Option<Arc<dyn Fetch>>,
}

/// Why a media file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Only an address is known, and nothing is fetched from it.
    #[error("remote: only its address is known ({0})")]
    Remote(String),
    /// It could not be fetched; for some reasons trying again may help.
    #[error("{address} could not be fetched: {why}")]
    NotFetched {
        /// Its address.
        address: String,
        /// What came instead.
        why: FetchError,
    },
    /// There is no such file.
    #[error("no file at {0}")]
    Missing(String),
    /// The path leads out of the data set's folder, where nothing is read.
    #[error("the path {0} leads out of the data set")]
    Outside(String),
    /// Something else than a file has the path.
    #[error("{0} is not a regular file, but a folder, pipe or device")]
    NotAFile(String),
    /// The file is larger than is read.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// Its path in the data set.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The operating system could not read it; trying again may help.
    #[error("{path} cannot be read ({source})")]
    Io {
        /// Its path in the data set.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl MediaFiles {
    pub(crate) fn new(package: Container, images: Option<Container>, options: &ReadOptions) -> Self {
        let (fetch, store) = (options.fetch.clone(), options.image_store.clone());
        Self { package: Some(package), images, most: options.max_file_bytes, fetch, store }
    }

    /// Of a data set whose tables are in no folder: its files are where the options say, and nowhere
    /// else.
    pub(crate) fn elsewhere(options: &ReadOptions) -> Result<Self, SourceError> {
        let images = options.images.as_deref().map(images_at).transpose()?;
        let (fetch, store) = (options.fetch.clone(), options.image_store.clone());
        Ok(Self { package: None, images, most: options.max_file_bytes, fetch, store })
    }

    /// Whether there is a file at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.open(path).is_ok()
    }

    /// The first `most` bytes of a file.
    pub(crate) fn head(&self, path: &str, most: u64) -> Result<Vec<u8>, MediaError> {
        let reader = self.open(path).map_err(|error| error.of(path))?;
        let mut head = Vec::new();
        let read = reader.take(most).read_to_end(&mut head);
        read.map_err(|source| MediaError::Io { path: path.into(), source })?;
        Ok(head)
    }

    /// Below the folder of images when one was given and has it, else in the package.
    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, OpenError> {
        match self.images.as_ref().map(|images| images.open(path)) {
            Some(Ok(reader)) => Ok(reader),
            found => match (&self.package, found) {
                (Some(package), _) => package.open(path),
                (None, Some(found)) => found,
                (None, None) => Err(OpenError::Missing),
            },
        }
    }

    /// The folders and archives in which files are looked for, in this order.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.images.iter().chain(&self.package)
    }

    /// Where the tables are, when they are files.
    pub(crate) fn package(&self) -> Option<&Container> {
        self.package.as_ref()
    }

    /// The bytes of the file at `path`, which are fetched when it is an address and that is
    /// allowed. `stop` is asked in the meantime whether they are still wanted.
    pub fn read(&self, path: &str, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, MediaError> {
        if is_remote(path) {
            return self.fetched(path, stop);
        }
        if let Some(store) = &self.store {
            match store.fetch(path, self.most, stop) {
                // What is not there may be in the package.
                Err(FetchError::Status(404)) => {}
                answer => return answer.map_err(|why| self.not_fetched(path, why)),
            }
        }
        read_limited(self.open_when_possible(path, stop).map_err(|error| error.of(path))?, path, self.most)
    }

    /// Opens a file, and waits while the process has as many open as it may: that passes, and the
    /// picture would be missing for ever.
    fn open_when_possible(&self, path: &str, stop: &dyn Fn() -> bool) -> Result<Box<dyn BufRead>, OpenError> {
        let begun = Instant::now();
        loop {
            match self.open(path) {
                Err(OpenError::Io(error))
                    if is_out_of_descriptors(&error) && !stop() && begun.elapsed() < WAIT_FOR_DESCRIPTORS =>
                {
                    std::thread::sleep(AGAIN);
                }
                opened => return opened,
            }
        }
    }

    fn fetched(&self, address: &str, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, MediaError> {
        let Some(fetch) = self.fetch.as_ref().filter(|_| is_web(address)) else {
            return Err(MediaError::Remote(address.into()));
        };
        fetch.fetch(address, self.most, stop).map_err(|why| self.not_fetched(address, why))
    }

    fn not_fetched(&self, address: &str, why: FetchError) -> MediaError {
        match why {
            FetchError::TooLarge => MediaError::TooLarge { path: address.into(), limit: self.most },
            why => MediaError::NotFetched { address: address.into(), why },
        }
    }

    /// Whether the file at `path` comes from another host, which takes waiting more than work.
    pub fn is_elsewhere(&self, path: &str) -> bool {
        self.store.is_some() || is_remote(path)
    }

    /// How many files may be fetched at once, which takes waiting more than work; 0 when none is.
    pub fn fetched_at_once(&self) -> usize {
        let at_once = |fetch: &Option<Arc<dyn Fetch>>| fetch.as_ref().map_or(0, |fetch| fetch.at_once());
        at_once(&self.fetch).max(at_once(&self.store))
    }
}

impl OpenError {
    /// What is said of the file at `path`.
    fn of(self, path: &str) -> MediaError {
        let path = path.to_owned();
        match self {
            Self::Missing => MediaError::Missing(path),
            Self::Outside => MediaError::Outside(path),
            Self::NotAFile => MediaError::NotAFile(path),
            Self::Io(source) => MediaError::Io { path, source },
        }
    }
}

fn read_limited(reader: Box<dyn BufRead>, path: &str, most: u64) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| MediaError::Io { path: path.into(), source })?;
    if bytes.len() as u64 > most {
        return Err(MediaError::TooLarge { path: path.into(), limit: most });
    }
    Ok(bytes)
}
