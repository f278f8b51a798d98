//! Where the files of exports are: written where nobody sees them, visible whole or not at all.
//!
//! A name tells the job and the attempt that wrote the file, so two attempts never write the
//! same one, and whoever finds a file can ask whether a record still wants it. Files are in a
//! [`folder`] or, for several machines, in a [`bucket`] of an object store.
//!
//! A place belongs to one service ([`owner`]), and what the service wrote is in a [`journal`]: nothing
//! else is ever removed.

mod address;
mod bucket;
mod folder;
mod images;
mod journal;
mod name;
mod owner;
mod place;
mod seekable;
mod sweep;
mod upload;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use jobs::{Artifact, JobId};
use reqwest::Url;

pub use self::address::ArtifactsAddress;
pub use self::images::ImageStore;
pub use self::name::Name;
pub use self::owner::{Owner, OwnerError, ServiceName};
use crate::export::ExportCounts;
use crate::folder_access::{find_writable, is_missing};
use place::Place;
use upload::Upload;

/// Where files are, and to which service they belong.
#[derive(Clone, Debug)]
pub struct Artifacts {
    place: Place,
    owner: Arc<Owner>,
    /// What was wrong with the marker when it was last looked at.
    marker_problem: Arc<Mutex<Option<String>>>,
}

/// What was found of a place without using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceCondition {
    /// It is there; else it would be made.
    pub is_there: bool,
    /// Free bytes on the disk where files are made.
    pub free: u64,
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
    /// Uses a folder or a bucket, which must be writable, and marks it as this service's. A folder is
    /// made when it is not there. A place that another service marked is refused.
    pub async fn open(address: &ArtifactsAddress, owner: Owner) -> Result<Self, OwnerError> {
        let artifacts = Self::open_unmarked(address, owner).await?;
        if artifacts.place.read_marker().await?.is_none() {
            artifacts.place.create_marker(artifacts.owner.write_marker()).await?;
        }
        // Another process may have been faster.
        artifacts.check_owner().await?;
        Ok(artifacts)
    }

    /// Whether a process of this service could use the place, found out without leaving anything there.
    pub async fn inspect(address: &ArtifactsAddress, owner: Owner) -> Result<PlaceCondition, OwnerError> {
        if let ArtifactsAddress::Folder(path) = address
            && is_missing(path)
        {
            let above = find_writable(path)?;
            return Ok(PlaceCondition { is_there: false, free: free_space(&above) });
        }
        let artifacts = Self::open_unmarked(address, owner).await?;
        match artifacts.check_owner().await {
            Ok(()) | Err(OwnerError::NoMarker(_)) => {
                Ok(PlaceCondition { is_there: true, free: artifacts.free() })
            }
            Err(error) => Err(error),
        }
    }

    async fn open_unmarked(address: &ArtifactsAddress, owner: Owner) -> io::Result<Self> {
        let marker = Place::open(address, owner.journal()).await?.read_marker().await?;
        let owner = owner.adopt_marker(marker.as_deref());
        let place = Place::open(address, owner.journal()).await?;
        Ok(Self { place, owner: Arc::new(owner), marker_problem: Arc::default() })
    }

    /// Whether the marker is this service's.
    async fn check_owner(&self) -> Result<(), OwnerError> {
        let content = self.place.read_marker().await?;
        self.owner.check_marker(content.as_deref(), &self.place.marker())
    }

    /// Whether a file can be made.
    pub async fn check(&self) -> io::Result<()> {
        self.place.check().await
    }

    /// A folder for temporary files.
    pub fn scratch(&self) -> &Path {
        match &self.place {
            Place::Folder(folder) => folder.path(),
            Place::Bucket(bucket) => bucket.scratch(),
        }
    }

    /// Free bytes on the disk where files are made; very many when the system does not say.
    pub fn free(&self) -> u64 {
        free_space(self.scratch())
    }

    /// Begins a file, which nobody sees yet.
    pub fn begin(&self, name: Name) -> io::Result<(Unfinished, File)> {
        match &self.place {
            Place::Folder(folder) => {
                folder.begin(name).map(|(unfinished, file)| (Unfinished::Folder(unfinished), file))
            }
            Place::Bucket(bucket) => {
                let (upload, file) = Upload::begin(Arc::clone(bucket), name)?;
                Ok((Unfinished::Bucket(Box::new(upload)), file))
            }
        }
    }

    /// The size of a visible file, whatever a record says of it.
    pub async fn find_size(&self, file_name: &str) -> io::Result<u64> {
        match &self.place {
            Place::Folder(folder) => folder.find_size(file_name).await,
            Place::Bucket(bucket) => bucket.find_size(&named(file_name)?).await,
        }
    }

    /// Some bytes of a visible file.
    pub async fn read(&self, file_name: &str, bytes: Range<u64>) -> io::Result<Pieces> {
        match &self.place {
            Place::Folder(folder) => folder.pieces(file_name, bytes).await,
            Place::Bucket(bucket) => bucket.pieces(&named(file_name)?, bytes).await,
        }
    }

    /// A visible file of a known size, to be looked at here and there. Reading it blocks.
    pub fn look(&self, file_name: &str, size: u64) -> io::Result<Box<dyn Seekable>> {
        match &self.place {
            Place::Folder(folder) => Ok(Box::new(folder.file(file_name)?)),
            Place::Bucket(bucket) => {
                Ok(Box::new(seekable::Object::new(Arc::clone(bucket), named(file_name)?, size)))
            }
        }
    }

    /// An address at which a visible file can be had without us, for a while.
    pub async fn link(&self, file_name: &str, good_for: Duration) -> io::Result<Option<Url>> {
        match &self.place {
            Place::Folder(_) => Ok(None),
            Place::Bucket(bucket) => bucket.link(&named(file_name)?, good_for).await.map(Some),
        }
    }

    /// Removes a visible file of a job; one that is not there is no error.
    ///
    /// A record that another program wrote may name any file: only the job's own are touched, and
    /// only those that this service noted when it began them.
    pub async fn remove(&self, job_id: &JobId, file_name: &str) -> io::Result<()> {
        let Some(name) = Name::parse(file_name).filter(|name| name.held.job_id == *job_id) else {
            return Ok(());
        };
        if !self.place.is_noted(&name).await? {
            return Ok(());
        }
        self.place.remove(&name).await?;
        self.place.forget(&name).await
    }
}

fn free_space(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
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

    /// Makes the file visible, all of it at once; `counts` is what is known of its content. Blocks.
    pub fn publish(self, counts: ExportCounts, sha256: String) -> io::Result<Artifact> {
        let (filename, size) = match self {
            Self::Folder(unfinished) => unfinished.publish()?,
            Self::Bucket(upload) => upload.publish()?,
        };
        let ExportCounts { missing, missing_reasons, remote_pictures } = counts;
        Ok(Artifact { filename, size, missing, missing_reasons, remote_pictures, sha256: Some(sha256) })
    }
}
