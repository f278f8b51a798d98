//! The file of a job that a viewer may see.

use std::ops::Range;
use std::time::Duration;

use artifacts::{ArtifactError, Artifacts, ContentStream, Seekable};
use jobs::{Artifact, JobId};
use reqwest::Url;

/// The file of a completed job. Only [`Viewer::file_of`](super::viewer::Viewer::file_of) makes one.
pub struct JobFile {
    pub(super) artifacts: Artifacts,
    pub(super) artifact: Artifact,
    pub(super) job_id: JobId,
}

impl JobFile {
    /// The file as its record describes it.
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// The job whose file it is.
    pub fn job_id(&self) -> &JobId {
        &self.job_id
    }

    /// Finds the size of the file, whatever its record says.
    pub async fn find_size(&self) -> Result<u64, ArtifactError> {
        self.artifacts.find_size(&self.artifact.filename).await
    }

    /// Reads a range of its bytes.
    pub async fn read(&self, bytes: Range<u64>) -> Result<ContentStream, ArtifactError> {
        self.artifacts.read(&self.artifact.filename, bytes).await
    }

    /// Creates a link to it in the object store that works for this time; `None` for a folder.
    pub async fn create_link(&self, lifetime: Duration) -> Result<Option<Url>, ArtifactError> {
        self.artifacts.create_link(&self.artifact.filename, lifetime).await
    }

    /// Opens it, of a known size, for reading from any position, which blocks.
    pub fn open_seekable(&self, size: u64) -> Result<Box<dyn Seekable>, ArtifactError> {
        self.artifacts.open_seekable(&self.artifact.filename, size)
    }
}
