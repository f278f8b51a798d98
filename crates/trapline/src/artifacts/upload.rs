//! A file on its way into a bucket.
//!
//! It is written on this machine, where a ZIP can be gone back in, and given to the store in parts
//! that the store shows to nobody; putting them together makes the file visible. An object with a
//! hidden name says which upload that is, so that somebody else can give it up when this process
//! dies. A small file is given at once, which is as good.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::multipart::PartId;
use object_store::{
    Attribute, Attributes, MultipartId, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use super::Name;
use super::bucket::{Bucket, fault};
use crate::digest::hex;
use crate::faults::may_die;

/// A file up to this size is given at once, a larger one in parts of this size.
const PART: u64 = 8 << 20;
/// Parts of one upload, of which stores take 10,000.
const MOST_PARTS: u64 = 9_000;
/// Parts that are on their way at once.
const AT_ONCE: usize = 3;
/// How often it is asked whether the file is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// A file that is being written or uploaded. Dropped, it is given up.
#[derive(Debug)]
pub struct Upload {
    bucket: Arc<Bucket>,
    name: Name,
    file: Arc<File>,
    size: u64,
    parts: Option<(MultipartId, Vec<PartId>)>,
    /// There is nothing to give up, or nothing any more.
    settled: bool,
    /// The journal may have an entry, and the file cannot have become visible.
    noted: bool,
}

impl Upload {
    pub fn begin(bucket: Arc<Bucket>, name: Name) -> io::Result<(Self, File)> {
        // Without a name, so it is gone with the process whatever happens.
        let file = tempfile::tempfile_in(bucket.scratch())?;
        let to_write = file.try_clone()?;
        let file = Arc::new(file);
        let upload = Self { bucket, name, file, size: 0, parts: None, settled: true, noted: false };
        Ok((upload, to_write))
    }

    /// Gives the store all but the word to show it.
    pub fn finish(&mut self, stop: &(dyn Fn() -> bool + Sync)) -> io::Result<String> {
        self.size = self.file.metadata()?.len();
        Handle::current().block_on(async {
            let mut work = std::pin::pin!(self.upload());
            loop {
                match tokio::time::timeout(LOOK, &mut work).await {
                    Ok(done) => return done,
                    Err(_) if stop() => return Err(io::ErrorKind::Interrupted.into()),
                    Err(_) => {}
                }
            }
        })
    }

    async fn upload(&mut self) -> io::Result<String> {
        // Until now there was nothing in the bucket.
        self.noted = true;
        self.bucket.note(&self.name).await?;
        may_die!("noted");
        if self.size <= PART {
            let whole = self.piece(0..self.size).await?;
            return Ok(hex(&Sha256::digest(&whole)));
        }
        let key = self.bucket.key(&self.name.file_name());
        let options = PutMultipartOptions { attributes: self.attributes(), ..PutMultipartOptions::default() };
        self.settled = false;
        let id = self.bucket.parts.create_multipart_opts(&key, options).await.map_err(fault)?;
        self.parts = Some((id.clone(), Vec::new()));
        let mark = self.bucket.key(&self.name.unfinished());
        self.bucket.objects.put(&mark, id.clone().into()).await.map_err(fault)?;
        may_die!("uploading");
        let length = PART.max(self.size.div_ceil(MOST_PARTS));
        let starts = (0..self.size).step_by(usize::try_from(length).map_err(io::Error::other)?);
        let mut hash = Sha256::new();
        let parts = futures_util::stream::iter(starts.enumerate())
            .then(|(number, start)| {
                let piece = self.piece(start..(start + length).min(self.size));
                async move { piece.await.map(|piece| (number, piece)) }
            })
            .map_ok(|(number, piece)| {
                hash.update(&piece);
                let (bucket, key, id) = (&self.bucket, &key, &id);
                async move { bucket.parts.put_part(key, id, number, piece.into()).await.map_err(fault) }
            })
            .try_buffered(AT_ONCE)
            .try_collect()
            .await?;
        self.parts = Some((id, parts));
        may_die!("uploaded");
        Ok(hex(&hash.finalize()))
    }

    /// Some bytes of the file.
    fn piece(&self, bytes: std::ops::Range<u64>) -> impl Future<Output = io::Result<Bytes>> + use<> {
        let file = Arc::clone(&self.file);
        async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; usize::try_from(bytes.end - bytes.start).map_err(io::Error::other)?];
                file.read_exact_at(&mut piece, bytes.start)?;
                Ok(piece.into())
            });
            read.await.map_err(io::Error::other)?
        }
    }

    /// What the store tells those whom it gives the file to.
    fn attributes(&self) -> Attributes {
        let name = format!("attachment; filename=\"{}\"", self.name.file_name());
        Attributes::from_iter([
            (Attribute::ContentType, self.name.media_type().to_owned()),
            (Attribute::ContentDisposition, name),
        ])
    }

    /// Makes the file visible. Returns its name and its size.
    pub fn publish(mut self) -> io::Result<(String, u64)> {
        // Whatever becomes of it, the entry stays: an answer that was lost may have made the file visible.
        self.noted = false;
        Handle::current().block_on(self.show())?;
        Ok((self.name.file_name(), self.size))
    }

    async fn show(&mut self) -> io::Result<()> {
        let key = self.bucket.key(&self.name.file_name());
        let Some((id, parts)) = self.parts.clone() else {
            let whole = PutPayload::from(self.piece(0..self.size).await?);
            let options = PutOptions { attributes: self.attributes(), ..PutOptions::default() };
            return self.bucket.objects.put_opts(&key, whole, options).await.map(drop).map_err(fault);
        };
        if let Err(error) = self.bucket.parts.complete_multipart(&key, &id, parts).await {
            // The answer may have been lost after it was done.
            let there = self.bucket.objects.head(&key).await;
            if there.is_ok_and(|object| object.size == self.size) {
                tracing::info!(%error, "an upload was completed though its answer did not come");
            } else {
                return Err(fault(error));
            }
        }
        self.settled = true;
        may_die!("shown");
        if let Err(error) = self.bucket.remove(&self.name.unfinished()).await {
            tracing::warn!(%error, "the mark of a completed upload could not be removed; the next sweep tries again");
        }
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.settled && !self.noted {
            return;
        }
        let (bucket, name) = (Arc::clone(&self.bucket), self.name.clone());
        let (settled, noted) = (self.settled, self.noted);
        let id = self.parts.take().map(|(id, _)| id);
        // When nobody is there to do it, the next sweep does.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Some(id) = id {
                    // The mark may not have been set yet.
                    let _ = bucket.parts.abort_multipart(&bucket.key(&name.file_name()), &id).await;
                }
                let given_up = if settled { Ok(()) } else { bucket.give_up(&name).await };
                let forgotten = match given_up {
                    Ok(()) if noted => bucket.forget(&name).await,
                    given_up => given_up,
                };
                if let Err(error) = forgotten {
                    tracing::warn!(%error, "an unfinished upload could not be given up; the next sweep tries again");
                }
            });
        }
    }
}
