//! Uploading a file to a bucket.
//!
//! The file is written on this machine first, since writing a ZIP needs seeking. It is uploaded in parts that
//! stay invisible until the upload is completed. An object with a hidden name contains the id of the upload,
//! so that another process can abort it if this one dies. A small file is uploaded in one request, which is
//! atomic too.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::multipart::PartId;
use object_store::{
    Attribute, Attributes, MultipartId, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::bucket::Bucket;
use super::{ArtifactError, ArtifactName};
use files::digest::hex;
use jobs::crash_point;

/// A file up to this size is uploaded in one request, a larger one in parts of this size or more.
const PART_SIZE: u64 = 8 << 20;
/// The largest number of parts; stores allow 10,000.
const MAX_PARTS: u64 = 9_000;
/// Parts that are uploaded at once.
const MAX_PARALLEL: usize = 3;

/// A file that is being written or uploaded. Dropping it aborts the upload.
#[derive(Debug)]
pub struct Upload {
    bucket: Arc<Bucket>,
    name: ArtifactName,
    file: Arc<File>,
    size: u64,
    parts: Option<(MultipartId, Vec<PartId>)>,
    /// Whether there may be an unfinished upload to abort.
    is_uploading: bool,
    /// Whether the journal may have an entry for a file that cannot have become visible.
    is_noted: bool,
}

impl Upload {
    pub fn create(bucket: Arc<Bucket>, name: ArtifactName) -> io::Result<(Self, File)> {
        // A file without a name, which the system removes with the process in any case.
        let file = tempfile::tempfile_in(bucket.scratch_folder())?;
        let to_write = file.try_clone()?;
        let file = Arc::new(file);
        let upload = Self { bucket, name, file, size: 0, parts: None, is_uploading: false, is_noted: false };
        Ok((upload, to_write))
    }

    /// Uploads the content without making it visible, and returns its SHA-256.
    pub fn finish(&mut self, cancellation: &CancellationToken) -> Result<String, ArtifactError> {
        self.size = self.file.metadata()?.len();
        let uploaded = Handle::current().block_on(cancellation.run_until_cancelled(self.upload()));
        uploaded.unwrap_or(Err(ArtifactError::Cancelled))
    }

    async fn upload(&mut self) -> Result<String, ArtifactError> {
        // Before the call, since its answer may be lost.
        self.is_noted = true;
        self.bucket.note(&self.name).await?;
        crash_point!("noted");
        if self.size <= PART_SIZE {
            let content = self.read_bytes(0..self.size).await?;
            return Ok(hex(&Sha256::digest(&content)));
        }
        let key = self.bucket.key(&self.name.file_name());
        let options = PutMultipartOptions { attributes: self.attributes(), ..PutMultipartOptions::default() };
        self.is_uploading = true;
        let id = self.bucket.parts.create_multipart_opts(&key, options).await?;
        self.parts = Some((id.clone(), Vec::new()));
        let id_key = self.bucket.key(&self.name.unfinished_name());
        self.bucket.objects.put(&id_key, id.clone().into()).await?;
        crash_point!("uploading");
        let length = PART_SIZE.max(self.size.div_ceil(MAX_PARTS));
        let starts = (0..self.size).step_by(usize::try_from(length).map_err(io::Error::other)?);
        let mut hash = Sha256::new();
        let parts = futures_util::stream::iter(starts.enumerate())
            .then(|(number, start)| {
                let part = self.read_bytes(start..(start + length).min(self.size));
                async move { part.await.map(|part| (number, part)) }
            })
            .map_ok(|(number, part)| {
                hash.update(&part);
                let (bucket, key, id) = (&self.bucket, &key, &id);
                async move {
                    let put = bucket.parts.put_part(key, id, number, part.into());
                    put.await.map_err(ArtifactError::from)
                }
            })
            .try_buffered(MAX_PARALLEL)
            .try_collect()
            .await?;
        self.parts = Some((id, parts));
        crash_point!("uploaded");
        Ok(hex(&hash.finalize()))
    }

    /// Reads a range of bytes of the file.
    fn read_bytes(
        &self,
        bytes: std::ops::Range<u64>,
    ) -> impl Future<Output = Result<Bytes, ArtifactError>> + use<> {
        let file = Arc::clone(&self.file);
        async move {
            let read = tokio::task::spawn_blocking(move || -> io::Result<Bytes> {
                let mut buffer = vec![0; usize::try_from(bytes.end - bytes.start).map_err(io::Error::other)?];
                file.read_exact_at(&mut buffer, bytes.start)?;
                Ok(buffer.into())
            });
            Ok(read.await.map_err(io::Error::other)??)
        }
    }

    /// The headers that the store sends with the file.
    fn attributes(&self) -> Attributes {
        let name = format!("attachment; filename=\"{}\"", self.name.file_name());
        Attributes::from_iter([
            (Attribute::ContentType, self.name.media_type().to_owned()),
            (Attribute::ContentDisposition, name),
        ])
    }

    /// Makes the file visible, and returns its name and size.
    pub fn publish(mut self) -> Result<(String, u64), ArtifactError> {
        // The entry in the journal must stay even after an error: the file may be visible if only the answer
        // was lost.
        self.is_noted = false;
        Handle::current().block_on(self.complete())?;
        Ok((self.name.file_name(), self.size))
    }

    async fn complete(&mut self) -> Result<(), ArtifactError> {
        let key = self.bucket.key(&self.name.file_name());
        let Some((id, parts)) = self.parts.clone() else {
            let content = PutPayload::from(self.read_bytes(0..self.size).await?);
            let options = PutOptions { attributes: self.attributes(), ..PutOptions::default() };
            self.bucket.objects.put_opts(&key, content, options).await?;
            return Ok(());
        };
        if let Err(error) = self.bucket.parts.complete_multipart(&key, &id, parts).await {
            // The store may have completed the upload although its answer was lost.
            let object = self.bucket.objects.head(&key).await;
            if object.is_ok_and(|object| object.size == self.size) {
                tracing::info!(%error, "an upload was completed although the answer was lost");
            } else {
                return Err(error.into());
            }
        }
        self.is_uploading = false;
        crash_point!("shown");
        if let Err(error) = self.bucket.remove(&self.name.unfinished_name()).await {
            tracing::warn!(%error, "the id of a completed upload could not be removed; the next sweep retries");
        }
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_uploading && !self.is_noted {
            return;
        }
        let (bucket, name) = (Arc::clone(&self.bucket), self.name.clone());
        let (is_uploading, is_noted) = (self.is_uploading, self.is_noted);
        let id = self.parts.take().map(|(id, _)| id);
        // Without a runtime the next sweep does it.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                // By its id, since the object with the id may not exist yet.
                let is_aborted = match id {
                    Some(id) => bucket.parts.abort_multipart(&bucket.key(&name.file_name()), &id).await.is_ok(),
                    None => false,
                };
                let aborted = match (is_uploading, is_aborted) {
                    (false, _) => Ok(()),
                    // Aborting it again is an error for some stores.
                    (true, true) => bucket.remove(&name.unfinished_name()).await,
                    (true, false) => bucket.abort_upload(&name).await,
                };
                let forgotten = match aborted {
                    Ok(()) if is_noted => bucket.forget(&name).await,
                    outcome => outcome,
                };
                if let Err(error) = forgotten {
                    tracing::warn!(%error, "an unfinished upload could not be aborted; the next sweep retries");
                }
            });
        }
    }
}
