//! The files of exports. A file is written under a hidden name and becomes visible only when it is complete.
//!
//! The name of a file has the job and the attempt that wrote it. So two attempts never write the same file,
//! and a sweep can ask the store whether a record still refers to it. Files are in a `folder` or, for
//! several machines, in a `bucket` of an object store.
//!
//! A place belongs to one service (`owner`), which keeps a `journal` of its files and removes nothing
//! else.

mod address;
mod artifact_error;
mod artifact_name;
mod bucket;
mod content;
mod file_system;
mod folder;
mod image_bucket;
mod journal;
mod object_reader;
mod owner;
mod place;
mod sweep;
mod upload;

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jobs::JobId;
use reqwest::Url;
use tokio_util::sync::CancellationToken;

pub use self::address::{ArtifactsAddress, ArtifactsAddressError};
pub use self::artifact_error::ArtifactError;
pub use self::artifact_name::ArtifactName;
pub use self::content::{ContentStream, Seekable};
pub use self::image_bucket::ImageBucket;
pub use self::owner::{MarkerError, Owner, OwnerError, ServiceName, ServiceNameError};
use artifact_name::parse_name;
use file_system::{CALLS, MEASUREMENTS, call_file_system};
use files::folder_access::{find_writable, is_missing};
use place::Place;
use upload::Upload;

/// The place of files, and the service that owns them.
#[derive(Clone, Debug)]
pub struct Artifacts {
    place: Place,
    owner: Arc<Owner>,
    /// The problem of the marker at the last check, if any.
    marker_problem: Arc<Mutex<Option<String>>>,
}

/// The result of inspecting a place without changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceCondition {
    /// Whether the place exists; if not, a server would create it.
    pub exists: bool,
    /// Free bytes on the disk where files are made.
    pub free_space: u64,
}

/// A file that is being written. Dropping it removes it; [`UnfinishedFile::publish`] makes it visible.
#[derive(Debug)]
pub enum UnfinishedFile {
    /// In the folder of files, under a hidden name.
    Folder(folder::UnfinishedFile),
    /// On this machine, until it is uploaded.
    Bucket(Box<Upload>),
}

impl Artifacts {
    /// Opens a writable folder or bucket and writes the marker of this service. Creates a missing folder.
    /// Refuses a place with the marker of another service.
    pub async fn open(address: &ArtifactsAddress, owner: Owner) -> Result<Self, OwnerError> {
        let artifacts = Self::open_unmarked(address, owner).await?;
        if artifacts.place.read_marker().await?.is_none() {
            artifacts.place.create_marker(artifacts.owner.format_marker()).await?;
        }
        // Another process may have written its marker first.
        artifacts.check_owner().await?;
        Ok(artifacts)
    }

    /// Checks whether a process of this service could use a place, without changing the place.
    pub async fn inspect(address: &ArtifactsAddress, owner: Owner) -> Result<PlaceCondition, OwnerError> {
        if let ArtifactsAddress::Folder(path) = address {
            let path = path.clone();
            let find = move || is_missing(&path).then(|| find_writable(&path)).transpose();
            if let Some(above) = call_file_system(&CALLS, find).await? {
                let free_space = measure_free_space(&above).await?;
                return Ok(PlaceCondition { exists: false, free_space });
            }
        }
        let artifacts = Self::open_unmarked(address, owner).await?;
        match artifacts.check_owner().await {
            Ok(()) | Err(OwnerError::NoMarker(_)) => {
                Ok(PlaceCondition { exists: true, free_space: artifacts.free_space().await? })
            }
            Err(error) => Err(error),
        }
    }

    async fn open_unmarked(address: &ArtifactsAddress, owner: Owner) -> Result<Self, ArtifactError> {
        let marker = Place::open(address, owner.journal_name()).await?.read_marker().await?;
        let owner = owner.adopt_marker(marker.as_deref());
        let place = Place::open(address, owner.journal_name()).await?;
        Ok(Self { place, owner: Arc::new(owner), marker_problem: Arc::default() })
    }

    /// Checks that the marker is the one of this service.
    async fn check_owner(&self) -> Result<(), OwnerError> {
        let content = self.place.read_marker().await?;
        self.owner.check_marker(content.as_deref(), &self.place.describe_marker())
    }

    /// Checks that files can be written.
    pub async fn check(&self) -> Result<(), ArtifactError> {
        self.place.check().await
    }

    /// A folder for temporary files.
    pub fn scratch_folder(&self) -> &Path {
        match &self.place {
            Place::Folder(folder) => folder.path(),
            Place::Bucket(bucket) => bucket.scratch_folder(),
        }
    }

    /// Free bytes on the disk where files are made; `u64::MAX` if the system does not know.
    pub async fn free_space(&self) -> Result<u64, ArtifactError> {
        measure_free_space(self.scratch_folder()).await
    }

    /// Creates a file that is not visible yet.
    pub fn create(&self, name: ArtifactName) -> Result<(UnfinishedFile, File), ArtifactError> {
        match &self.place {
            Place::Folder(folder) => {
                let (unfinished, file) = folder.create(name)?;
                Ok((UnfinishedFile::Folder(unfinished), file))
            }
            Place::Bucket(bucket) => {
                let (upload, file) = Upload::create(Arc::clone(bucket), name)?;
                Ok((UnfinishedFile::Bucket(Box::new(upload)), file))
            }
        }
    }

    /// Finds the size of a visible file, whatever its record says.
    pub async fn find_size(&self, file_name: &str) -> Result<u64, ArtifactError> {
        match &self.place {
            Place::Folder(folder) => folder.find_size(file_name).await,
            Place::Bucket(bucket) => bucket.find_size(&parse_name(file_name)?).await,
        }
    }

    /// Reads a range of bytes of a visible file.
    pub async fn read(&self, file_name: &str, bytes: Range<u64>) -> Result<ContentStream, ArtifactError> {
        match &self.place {
            Place::Folder(folder) => folder.read(file_name, bytes).await,
            Place::Bucket(bucket) => bucket.read(&parse_name(file_name)?, bytes).await,
        }
    }

    /// Opens a visible file of a known size for reading from any position, which blocks.
    pub fn open_seekable(&self, file_name: &str, size: u64) -> Result<Box<dyn Seekable>, ArtifactError> {
        match &self.place {
            Place::Folder(folder) => Ok(Box::new(folder.open_file(file_name)?)),
            Place::Bucket(bucket) => Ok(Box::new(object_reader::ObjectReader::new(
                Arc::clone(bucket),
                parse_name(file_name)?,
                size,
            ))),
        }
    }

    /// Creates a link to a visible file in the object store that works for this time; `None` for a folder.
    pub async fn create_link(
        &self,
        file_name: &str,
        lifetime: Duration,
    ) -> Result<Option<Url>, ArtifactError> {
        match &self.place {
            Place::Folder(_) => Ok(None),
            Place::Bucket(bucket) => bucket.create_link(&parse_name(file_name)?, lifetime).await.map(Some),
        }
    }

    /// Removes a visible file of a job, if there is one.
    ///
    /// Other programs may write a record that names any file. So this removes only files whose name is of
    /// this job and which are in the journal of this service.
    pub async fn remove(&self, job_id: &JobId, file_name: &str) -> Result<(), ArtifactError> {
        let Some(name) = ArtifactName::parse(file_name).filter(|name| name.held.job_id == *job_id) else {
            return Ok(());
        };
        if !self.place.is_noted(&name).await? {
            return Ok(());
        }
        self.place.remove(&name).await?;
        self.place.forget(&name).await
    }
}

async fn measure_free_space(folder: &Path) -> Result<u64, ArtifactError> {
    let folder = folder.to_owned();
    let measure = move || {
        let disk = rustix::fs::statvfs(&folder);
        Ok(disk.map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize)))
    };
    call_file_system(&MEASUREMENTS, measure).await
}

impl UnfinishedFile {
    /// Finishes the written file and returns its SHA-256 in hexadecimal digits. For a bucket it uploads the
    /// content, which stays invisible, and cancelling ends the upload. Blocks.
    pub fn finish(&mut self, cancellation: &CancellationToken) -> Result<String, ArtifactError> {
        match self {
            Self::Folder(unfinished) => Ok(unfinished.compute_sha256()?),
            Self::Bucket(upload) => upload.finish(cancellation),
        }
    }

    /// Makes the complete file visible in one step, and returns its name and its size in bytes. Blocks.
    pub fn publish(self) -> Result<(String, u64), ArtifactError> {
        match self {
            Self::Folder(unfinished) => Ok(unfinished.publish()?),
            Self::Bucket(upload) => upload.publish(),
        }
    }
}
