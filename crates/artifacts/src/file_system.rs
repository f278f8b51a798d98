//! Calls of the file system, off the threads of the async runtime.

use std::io;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ArtifactError;

/// Limits the calls of the file system at once. On a hung network mount each of them blocks a thread.
pub static CALLS: Semaphore = Semaphore::const_new(32);
/// Limits the measurements of free space at once. They do not wait for other calls, since they decide whether
/// exports are accepted.
pub static MEASUREMENTS: Semaphore = Semaphore::const_new(1);
/// The longest that a call waits for a folder.
const FOLDER_TIMEOUT: Duration = Duration::from_secs(20);

/// Calls the file system on a blocking thread, with a timeout.
pub async fn call_file_system<T: Send + 'static>(
    permits: &'static Semaphore,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ArtifactError> {
    let silent = |_| {
        let reason = "the folder of files does not answer";
        ArtifactError::Unavailable(io::Error::new(io::ErrorKind::TimedOut, reason))
    };
    let permit =
        timeout(FOLDER_TIMEOUT, permits.acquire()).await.map_err(silent)?.map_err(io::Error::other)?;
    let running = tokio::task::spawn_blocking(move || {
        // Held until the call ends, even if nothing waits for it any more.
        let _permit = permit;
        call()
    });
    Ok(timeout(FOLDER_TIMEOUT, running).await.map_err(silent)?.map_err(io::Error::other)??)
}
