//! Blocking work of requests, on a limited number of threads.
//!
//! tokio has 512 threads for blocking work, which also read files and renew leases. Without a limit, 512
//! requests that wait for a database would block every download.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::representation::problem::Problem;

/// How many requests may block at once.
const MAX_RUNNING: usize = 64;
/// How many more may wait for a thread.
const MAX_WAITING: usize = 256;
/// How long a request waits for a permit.
const MAX_WAIT: Duration = Duration::from_secs(5);

static THREADS: Semaphore = Semaphore::const_new(MAX_RUNNING);
static PLACES: Semaphore = Semaphore::const_new(MAX_RUNNING + MAX_WAITING);

/// Waits for a permit, or returns [`Problem::busy`] when that takes too long.
pub async fn wait_for_permit(permits: &'static Semaphore) -> Result<SemaphorePermit<'static>, Problem> {
    match tokio::time::timeout(MAX_WAIT, permits.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Problem::busy()),
    }
}

/// Runs blocking work on a thread. `failure` is the error message if it panics. If too many requests do this
/// at once, some wait and the others get [`Problem::busy`].
pub async fn run_blocking<T: Send + 'static>(
    failure: &'static str,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let place = PLACES.try_acquire().map_err(|_| Problem::busy())?;
    let thread = wait_for_permit(&THREADS).await?;
    let done = tokio::task::spawn_blocking(move || {
        // Held until the work ends, even if the client has disconnected.
        let _permits = (place, thread);
        work()
    });
    done.await.map_err(|_| Problem::new(500, failure))?
}
