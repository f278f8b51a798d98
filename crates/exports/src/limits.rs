//! Limits of memory and threads for an export.

use std::num::NonZeroUsize;
use std::sync::Arc;

use archive::{PictureMemory, Resources};

/// The default limit for the memory of all pictures together, in MiB.
pub const PICTURE_MEMORY_MIB: u32 = 1024;
/// The default limit for the memory of an export, in MiB.
pub const JOB_MEMORY_MIB: u32 = 2048;

/// Limits for an export on all cores, with this memory of its own and this memory for the pictures of all
/// exports.
pub fn build_limits(job_memory_mib: u32, picture_memory_mib: u32) -> Resources {
    Resources {
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        job_memory: u64::from(job_memory_mib) << 20,
        pictures: Arc::new(PictureMemory::new(u64::from(picture_memory_mib) << 20)),
    }
}
