//! A folder or a bucket, in one form.

use std::io;
use std::sync::Arc;

use super::bucket::Bucket;
use super::folder::Folder;
use super::journal::Listing;
use super::{ArtifactsAddress, Name};

/// Where files are.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder of this machine, or one that several machines see.
    Folder(Folder),
    /// An object store.
    Bucket(Arc<Bucket>),
}

impl Place {
    /// Opens a place, which must be writable, for a service with this journal. A folder is made when
    /// it is not there.
    pub async fn open(address: &ArtifactsAddress, journal: String) -> io::Result<Self> {
        match address {
            ArtifactsAddress::Folder(path) => Folder::open(path, journal).map(Self::Folder),
            ArtifactsAddress::Bucket(url) => {
                let bucket = Bucket::at(url, journal)?;
                bucket.try_out().await?;
                Ok(Self::Bucket(Arc::new(bucket)))
            }
        }
    }

    /// Where the marker is, for people.
    pub fn marker(&self) -> String {
        match self {
            Self::Folder(folder) => folder.marker().display().to_string(),
            Self::Bucket(bucket) => bucket.marker(),
        }
    }

    /// What the marker says; `None` without one.
    pub async fn read_marker(&self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => folder.read_marker(),
            Self::Bucket(bucket) => bucket.read_marker().await,
        }
    }

    /// Writes the marker, unless there is one.
    pub async fn create_marker(&self, content: String) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.create_marker(&content),
            Self::Bucket(bucket) => bucket.create_marker(content).await,
        }
    }

    /// What is there.
    pub async fn list(&self) -> io::Result<Listing> {
        match self {
            Self::Folder(folder) => folder.list(),
            Self::Bucket(bucket) => bucket.list().await,
        }
    }

    /// Notes that a file is of this service.
    pub async fn note(&self, name: &Name) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.note(name),
            Self::Bucket(bucket) => bucket.note(name).await,
        }
    }

    /// Removes what was noted, after the file has gone.
    pub async fn forget(&self, name: &Name) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.forget(name),
            Self::Bucket(bucket) => bucket.forget(name).await,
        }
    }

    /// Removes a finished file, and tells whether there was one, as far as that is known.
    pub async fn remove(&self, name: &Name) -> io::Result<bool> {
        match self {
            Self::Folder(folder) => folder.remove(name),
            Self::Bucket(bucket) => bucket.remove(&name.file_name()).await.map(|()| true),
        }
    }

    /// Removes a file that somebody began and did not finish, and tells whether there was one, as far
    /// as that is known.
    pub async fn remove_unfinished(&self, name: &Name) -> io::Result<bool> {
        match self {
            Self::Folder(folder) => folder.remove_unfinished(name),
            Self::Bucket(bucket) => bucket.give_up(name).await.map(|()| true),
        }
    }
}
