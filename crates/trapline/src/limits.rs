//! What one export may use of the machine.

use std::num::NonZeroUsize;
use std::sync::Arc;

use archive::PictureMemory;

/// Memory that pictures may take at once when nothing else is said, in MiB.
pub const PICTURE_MEMORY_MIB: u32 = 1024;
/// Memory that one export may take when nothing else is said, in MiB.
pub const JOB_MEMORY_MIB: u32 = 2048;

/// What one export may use of the machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Threads.
    pub threads: NonZeroUsize,
    /// Bytes of memory of its own: rows of a database, a decoded picture, the pages of a report.
    pub job_memory: u64,
    /// Memory that its pictures share with those of all other exports.
    pub pictures: Arc<PictureMemory>,
}

impl Limits {
    /// For all cores, with so many MiB for one export and for all pictures.
    pub fn new(job_memory_mib: u32, picture_memory_mib: u32) -> Self {
        Self {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            job_memory: u64::from(job_memory_mib) << 20,
            pictures: Arc::new(PictureMemory::new(u64::from(picture_memory_mib) << 20)),
        }
    }
}
