//! Where the files of exports are: written where nobody sees them, visible whole or not at all.
//!
//! A name tells the job and the attempt that wrote the file, so two attempts never write the
//! same one, and whoever finds a file can ask whether a record still wants it. Files are in a
//! [`folder`] or, for several machines, in a [`bucket`] of an object store.

mod address;
mod bucket;
mod folder;
mod images;
mod name;
mod seekable;
mod sweep;
mod upload;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use jobs::{Artifact, JobId};
use reqwest::Url;

pub use self::address::ArtifactsAddress;
pub use self::images::ImageStore;
pub use self::name::Name;
use bucket::Bucket;
use folder::Folder;
use upload::Upload;

/// Where files are.
#[derive(Clone, Debug)]
pub enum Artifacts {
    /// A folder of this machine, or one that several machines see.
    Folder(Folder),
    /// An object store.
    Bucket(Arc<Bucket>),
}

/// The content of a file, piece by piece.
pub type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// What can be read at any place.
pub trait Seekable: Read + Seek + Send {}
impl<T: Read + Seek + Send> Seekable for T {}

/// A file on its way. Dropped, it is removed; [`Unfinished::publish`] makes it visible.
#[derive(Debug)]
pub enum Unfinished {
    Folder(folder::Unfinished),
    Bucket(Box<Upload>),
}

impl Artifacts {
    /// Uses a folder or a bucket, which must be writable. A folder is made when it is not there.
    pub async fn open(address: &ArtifactsAddress) -> io::Result<Self> {
        match address {
            ArtifactsAddress::Folder(path) => Folder::open(path).map(Self::Folder),
            ArtifactsAddress::Bucket(url) => {
                let bucket = Bucket::at(url)?;
                bucket.try_out().await?;
                Ok(Self::Bucket(Arc::new(bucket)))
            }
        }
    }

    /// Whether a file can be made.
    pub async fn check(&self) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.check(),
            Self::Bucket(bucket) => bucket.check().await,
        }
    }

    /// A folder for temporary files.
    pub fn scratch(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.path(),
            Self::Bucket(bucket) => bucket.scratch(),
        }
    }

    /// Free bytes on the disk where files are made; very many when the system does not say.
    pub fn free(&self) -> u64 {
        rustix::fs::statvfs(self.scratch())
            .map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Begins a file, which nobody sees yet.
    pub fn begin(&self, name: Name) -> io::Result<(Unfinished, File)> {
        match self {
            Self::Folder(folder) => {
                folder.begin(name).map(|(unfinished, file)| (Unfinished::Folder(unfinished), file))
            }
            Self::Bucket(bucket) => {
                let (upload, file) = Upload::begin(Arc::clone(bucket), name)?;
                Ok((Unfinished::Bucket(Box::new(upload)), file))
            }
        }
    }

    /// Some bytes of a visible file.
    pub async fn read(&self, file_name: &str, bytes: Range<u64>) -> io::Result<Pieces> {
        match self {
            Self::Folder(folder) => folder.pieces(file_name, bytes).await,
            Self::Bucket(bucket) => bucket.pieces(&named(file_name)?, bytes).await,
        }
    }

    /// A visible file of a known size, to be looked at here and there. Reading it blocks.
    pub fn look(&self, file_name: &str, size: u64) -> io::Result<Box<dyn Seekable>> {
        match self {
            Self::Folder(folder) => Ok(Box::new(folder.file(file_name)?)),
            Self::Bucket(bucket) => {
                Ok(Box::new(seekable::Object::new(Arc::clone(bucket), named(file_name)?, size)))
            }
        }
    }

    /// An address at which a visible file can be had without us, for a while.
    pub async fn link(&self, file_name: &str, good_for: Duration) -> io::Result<Option<Url>> {
        match self {
            Self::Folder(_) => Ok(None),
            Self::Bucket(bucket) => bucket.link(&named(file_name)?, good_for).await.map(Some),
        }
    }

    /// Removes a visible file of a job; one that is not there is no error.
    ///
    /// A record that another program wrote may name any file: only the job's own are touched.
    pub async fn remove(&self, job_id: &JobId, file_name: &str) -> io::Result<()> {
        let Some(name) = Name::parse(file_name).filter(|name| name.held.job_id == *job_id) else {
            return Ok(());
        };
        match self {
            Self::Folder(folder) => folder.remove(&name.file_name()),
            Self::Bucket(bucket) => bucket.remove(&name.file_name()).await,
        }
    }
}

/// Only names that we make, which hold no separator, reach a file system or an object store.
fn named(file_name: &str) -> io::Result<Name> {
    Name::parse(file_name).ok_or_else(|| io::ErrorKind::NotFound.into())
}

impl Unfinished {
    /// Does what takes its time once the file is written, and returns its SHA-256 in hexadecimal
    /// digits. An object store is given the content, which it shows to nobody yet; `stop` is asked in
    /// the meantime whether it is still wanted. Blocks.
    pub fn finish(&mut self, stop: &(dyn Fn() -> bool + Sync)) -> io::Result<String> {
        match self {
            Self::Folder(unfinished) => unfinished.sha256(),
            Self::Bucket(upload) => upload.finish(stop),
        }
    }

    /// Makes the file visible, all of it at once; it lacks `missing` of the detections asked for.
    /// Blocks.
    pub fn publish(self, missing: Option<u64>, sha256: String) -> io::Result<Artifact> {
        let (filename, size) = match self {
            Self::Folder(unfinished) => unfinished.publish()?,
            Self::Bucket(upload) => upload.publish()?,
        };
        Ok(Artifact { filename, size, missing, sha256: Some(sha256) })
    }
}
