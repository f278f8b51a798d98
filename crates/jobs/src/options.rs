//! The settings of a store.

use std::time::Duration;

/// The settings of a store, which must be the same in all processes that share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long a record is kept after its last write.
    pub ttl: Duration,
    /// How long a worker keeps a job without a heartbeat.
    pub lease: Duration,
    /// Attempts at a job before it fails for good.
    pub max_attempts: u32,
    /// Wait before the second attempt after a temporary error; it doubles with each further attempt.
    pub retry_delay: Duration,
    /// How many jobs may wait.
    pub queue_limits: QueueLimits,
}

/// How many jobs may wait in the queue. Running jobs do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// In total.
    pub total: u32,
    /// Per owner; this does not limit jobs without an owner.
    pub per_owner: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(1),
            lease: Duration::from_secs(15),
            max_attempts: 3,
            retry_delay: Duration::from_secs(1),
            queue_limits: QueueLimits { total: 10_000, per_owner: 1_000 },
        }
    }
}

impl StoreOptions {
    /// The error message of a job whose workers were lost too often.
    pub fn give_up_message(&self) -> String {
        format!(
            "the export was begun {} times and its worker was lost each time; submit it again, and if it fails \
             again ask for less at once (a shorter period, fewer detections)",
            self.max_attempts
        )
    }

    /// Wait after a temporary error of `attempt`, which counts from 1.
    pub fn retry_delay_after(&self, attempt: u32) -> Duration {
        self.retry_delay * 2_u32.pow(attempt.saturating_sub(1).min(10))
    }
}
