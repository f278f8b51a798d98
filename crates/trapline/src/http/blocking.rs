//! Work of requests that blocks: on threads of its own, of which it takes some and no more.
//!
//! tokio has 512 threads for what blocks. Files are read on them, and leases are renewed by them: without
//! a limit 512 requests that wait for a database would hold up every download.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::problem::Problem;

/// How many requests are worked on at once.
const AT_ONCE: usize = 64;
/// How many more may wait for a thread.
const WAITING: usize = 256;
/// How long they wait.
const LONGEST: Duration = Duration::from_secs(5);

static THREADS: Semaphore = Semaphore::const_new(AT_ONCE);
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE + WAITING);

/// Does something that blocks; `failure` is what is said when it meets a fault of the program. When many
/// requests do so, some wait for a moment and the others are sent away.
pub async fn run_blocking<T: Send + 'static>(
    failure: &'static str,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let place = PLACES.try_acquire().map_err(|_| Problem::busy())?;
    let Ok(Ok(thread)) = tokio::time::timeout(LONGEST, THREADS.acquire()).await else {
        return Err(Problem::busy());
    };
    let done = tokio::task::spawn_blocking(move || {
        // Held until it is done, also when the client has gone meanwhile.
        let _held = (place, thread);
        work()
    });
    done.await.map_err(|_| Problem::new(500, failure))?
}
