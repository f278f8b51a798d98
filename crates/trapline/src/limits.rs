//! Limits of memory and threads for an export.

use std::num::NonZeroUsize;
use std::sync::Arc;

use archive::{PictureMemory, Resources};

/// The default limit for the memory of all pictures together, in MiB.
pub const PICTURE_MEMORY_MIB: u32 = 1024;
/// The default limit for the memory of an export, in MiB.
pub const JOB_MEMORY_MIB: u32 = 2048;

/// Limits of memory and threads for an export.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Threads.
    pub threads: NonZeroUsize,
    /// The limit of its own memory in bytes: rows of a database, a decoded picture, the pages of a report.
    pub job_memory: u64,
    /// The memory that the pictures of all exports share.
    pub pictures: Arc<PictureMemory>,
}

impl Limits {
    /// Limits for all cores, with this memory for an export and for all pictures.
    pub fn new(job_memory_mib: u32, picture_memory_mib: u32) -> Self {
        Self {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            job_memory: u64::from(job_memory_mib) << 20,
            pictures: Arc::new(PictureMemory::new(u64::from(picture_memory_mib) << 20)),
        }
    }

    /// The limits for an archive.
    pub fn resources(&self) -> Resources {
        Resources { threads: self.threads, pictures: Arc::clone(&self.pictures), job_memory: self.job_memory }
    }
}
