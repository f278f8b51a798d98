//! Memory that is free goes back to the system, also from a process that has nothing to do.

#![allow(unsafe_code)]

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Short beside the life of a process, and long beside the moments for which memory between two jobs is worth keeping.
const PERIOD: Duration = Duration::from_secs(2);

/// Gives free memory back to the system every two seconds, until `stopping`.
///
/// The allocator does so only when a thread asks it for more, some time after another one freed it. A process whose
/// jobs have ended would keep the memory of its busiest moment for as long as it is idle.
pub async fn return_free_memory(stopping: CancellationToken) {
    let mut period = interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stopping.run_until_cancelled(period.tick()).await.is_some() {
        // SAFETY: may be called on any thread at any time, and touches only memory that the allocator holds free.
        unsafe { libmimalloc_sys::mi_collect(true) };
    }
}
