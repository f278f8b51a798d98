//! A folder or a bucket, in one form.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::bucket::Bucket;
use super::folder::Folder;
use super::journal::Listing;
use super::{ArtifactsAddress, Name};

/// Calls of the file system that one process makes at once. A folder on a hung network mount answers
/// none of them, and each takes a thread until it does.
static CALLS: Semaphore = Semaphore::const_new(32);
/// A folder that does not answer within this is not waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks a folder on a thread where it is no harm when it does not answer.
async fn ask_folder<T: Send + 'static>(
    folder: &Folder,
    call: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let silent = || io::Error::new(io::ErrorKind::TimedOut, "the folder of files does not answer");
    let permit = timeout(PATIENCE, CALLS.acquire()).await.map_err(|_| silent())?.map_err(io::Error::other)?;
    let folder = folder.clone();
    let asking = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        call(&folder)
    });
    timeout(PATIENCE, asking).await.map_err(|_| silent())?.map_err(io::Error::other)?
}

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
            Self::Folder(folder) => ask_folder(folder, Folder::read_marker).await,
            Self::Bucket(bucket) => bucket.read_marker().await,
        }
    }

    /// Writes the marker, unless there is one.
    pub async fn create_marker(&self, content: String) -> io::Result<()> {
        match self {
            Self::Folder(folder) => ask_folder(folder, move |folder| folder.create_marker(&content)).await,
            Self::Bucket(bucket) => bucket.create_marker(content).await,
        }
    }

    /// Whether a file can be made.
    pub async fn check(&self) -> io::Result<()> {
        match self {
            Self::Folder(folder) => ask_folder(folder, Folder::check).await,
            Self::Bucket(bucket) => bucket.check().await,
        }
    }

    /// Whether a file was noted as this service's.
    pub async fn is_noted(&self, name: &Name) -> io::Result<bool> {
        match self {
            Self::Folder(folder) => {
                let name = name.clone();
                ask_folder(folder, move |folder| folder.is_noted(&name)).await
            }
            Self::Bucket(bucket) => bucket.is_noted(name).await,
        }
    }

    /// What is there.
    pub async fn list(&self) -> io::Result<Listing> {
        match self {
            Self::Folder(folder) => ask_folder(folder, Folder::list).await,
            Self::Bucket(bucket) => bucket.list().await,
        }
    }

    /// Notes that a file is of this service.
    pub async fn note(&self, name: &Name) -> io::Result<()> {
        match self {
            Self::Folder(folder) => {
                let name = name.clone();
                ask_folder(folder, move |folder| folder.note(&name)).await
            }
            Self::Bucket(bucket) => bucket.note(name).await,
        }
    }

    /// Removes what was noted, after the file has gone.
    pub async fn forget(&self, name: &Name) -> io::Result<()> {
        match self {
            Self::Folder(folder) => {
                let name = name.clone();
                ask_folder(folder, move |folder| folder.forget(&name)).await
            }
            Self::Bucket(bucket) => bucket.forget(name).await,
        }
    }

    /// Removes a finished file, and tells whether there was one, as far as that is known.
    pub async fn remove(&self, name: &Name) -> io::Result<bool> {
        match self {
            Self::Folder(folder) => {
                let name = name.clone();
                ask_folder(folder, move |folder| folder.remove(&name)).await
            }
            Self::Bucket(bucket) => bucket.remove(&name.file_name()).await.map(|()| true),
        }
    }

    /// Removes a file that somebody began and did not finish, and tells whether there was one, as far
    /// as that is known.
    pub async fn remove_unfinished(&self, name: &Name) -> io::Result<bool> {
        match self {
            Self::Folder(folder) => {
                let name = name.clone();
                ask_folder(folder, move |folder| folder.remove_unfinished(&name)).await
            }
            Self::Bucket(bucket) => bucket.give_up(name).await.map(|()| true),
        }
    }
}
