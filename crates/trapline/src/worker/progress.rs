//! The progress and the cancellation of an attempt, shared by its thread and its task.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by the thread that makes the file and the task that supervises it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    pub fn count(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Asks the thread to end at its next check.
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
