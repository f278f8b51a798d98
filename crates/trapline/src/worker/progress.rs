//! How far a job is, and whether anybody waits for it: between its thread and its task.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by the thread that works and the task that watches over it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Nobody waits any more: the work ends at its next look.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl archive::Watch for Progress {
    fn progress(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
