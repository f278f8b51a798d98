//! A folder or a bucket with one interface.

use std::io;
use std::sync::Arc;

use super::bucket::Bucket;
use super::file_system::{CALLS, call_file_system};
use super::folder::Folder;
use super::journal::JournalListing;
use super::{ArtifactError, ArtifactName, ArtifactsAddress};

/// Calls the file system about a folder.
async fn call_folder<T: Send + 'static>(
    folder: &Folder,
    call: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
) -> Result<T, ArtifactError> {
    let folder = folder.clone();
    call_file_system(&CALLS, move || call(&folder)).await
}

/// The same for a call about one file.
async fn call_with_name<T: Send + 'static>(
    folder: &Folder,
    name: &ArtifactName,
    call: fn(&Folder, &ArtifactName) -> io::Result<T>,
) -> Result<T, ArtifactError> {
    let name = name.clone();
    call_folder(folder, move |folder| call(folder, &name)).await
}

/// The place of files.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder on this machine, or one that several machines share.
    Folder(Folder),
    /// A bucket of an object store.
    Bucket(Arc<Bucket>),
}

impl Place {
    /// Opens a writable place for a service with this journal. Creates a missing folder.
    pub async fn open(address: &ArtifactsAddress, journal: String) -> Result<Self, ArtifactError> {
        match address {
            ArtifactsAddress::Folder(path) => {
                let path = path.clone();
                call_file_system(&CALLS, move || Folder::open(&path, journal)).await.map(Self::Folder)
            }
            ArtifactsAddress::Bucket(url) => {
                let bucket = Bucket::open(url, journal)?;
                bucket.check_writable().await?;
                Ok(Self::Bucket(Arc::new(bucket)))
            }
        }
    }

    /// The place of the marker, for people.
    pub fn describe_marker(&self) -> String {
        match self {
            Self::Folder(folder) => folder.marker_path().display().to_string(),
            Self::Bucket(bucket) => bucket.describe_marker(),
        }
    }

    /// Reads the marker; `None` if there is none.
    pub async fn read_marker(&self) -> Result<Option<Vec<u8>>, ArtifactError> {
        match self {
            Self::Folder(folder) => call_folder(folder, Folder::read_marker).await,
            Self::Bucket(bucket) => bucket.read_marker().await,
        }
    }

    /// Writes the marker unless there is one.
    pub async fn create_marker(&self, content: String) -> Result<(), ArtifactError> {
        match self {
            Self::Folder(folder) => call_folder(folder, move |folder| folder.create_marker(&content)).await,
            Self::Bucket(bucket) => bucket.create_marker(content).await,
        }
    }

    /// Checks that files can be written.
    pub async fn check(&self) -> Result<(), ArtifactError> {
        match self {
            Self::Folder(folder) => call_folder(folder, Folder::check).await,
            Self::Bucket(bucket) => bucket.check().await,
        }
    }

    /// Whether a file is in the journal.
    pub async fn is_noted(&self, name: &ArtifactName) -> Result<bool, ArtifactError> {
        match self {
            Self::Folder(folder) => call_with_name(folder, name, Folder::is_noted).await,
            Self::Bucket(bucket) => bucket.is_noted(name).await,
        }
    }

    /// Lists the files and the journal.
    pub async fn list(&self) -> Result<JournalListing, ArtifactError> {
        match self {
            Self::Folder(folder) => call_folder(folder, Folder::list).await,
            Self::Bucket(bucket) => bucket.list().await,
        }
    }

    /// Adds a file to the journal.
    pub async fn note(&self, name: &ArtifactName) -> Result<(), ArtifactError> {
        match self {
            Self::Folder(folder) => call_with_name(folder, name, Folder::note).await,
            Self::Bucket(bucket) => bucket.note(name).await,
        }
    }

    /// Removes a file from the journal, after the file itself.
    pub async fn forget(&self, name: &ArtifactName) -> Result<(), ArtifactError> {
        match self {
            Self::Folder(folder) => call_with_name(folder, name, Folder::forget).await,
            Self::Bucket(bucket) => bucket.forget(name).await,
        }
    }

    /// Removes a finished file. Returns whether there was one, as far as that is known.
    pub async fn remove(&self, name: &ArtifactName) -> Result<bool, ArtifactError> {
        match self {
            Self::Folder(folder) => call_with_name(folder, name, Folder::remove).await,
            Self::Bucket(bucket) => bucket.remove(&name.file_name()).await.map(|()| true),
        }
    }

    /// Removes an unfinished file. Returns whether there was one, as far as that is known.
    pub async fn remove_unfinished(&self, name: &ArtifactName) -> Result<bool, ArtifactError> {
        match self {
            Self::Folder(folder) => call_with_name(folder, name, Folder::remove_unfinished).await,
            Self::Bucket(bucket) => bucket.abort_upload(name).await.map(|()| true),
        }
    }
}
