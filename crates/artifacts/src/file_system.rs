//! Calls of the file system, off the threads of the async runtime.

use std::io;

use files::timed_call::{FOLDER_TIMEOUT, call_with_timeout};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ArtifactError;

/// Limits the calls of the file system at once. On a hung network mount each of them blocks a thread.
pub static CALLS: Semaphore = Semaphore::const_new(32);
/// Limits the measurements of free space at once. They do not wait for other calls, since they decide whether
/// exports are accepted.
pub static MEASUREMENTS: Semaphore = Semaphore::const_new(1);

/// Calls the file system on a blocking thread, with a timeout.
pub async fn call_file_system<T: Send + 'static>(
    permits: &'static Semaphore,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ArtifactError> {
    let silent = || {
        let reason = "the folder of files does not answer";
        ArtifactError::Unavailable(io::Error::new(io::ErrorKind::TimedOut, reason))
    };
    let waiting = timeout(FOLDER_TIMEOUT, permits.acquire());
    let permit = waiting.await.map_err(|_| silent())?.map_err(io::Error::other)?;
    let called = call_with_timeout(move || {
        // Held until the call ends, even if nothing waits for it any more.
        let _permit = permit;
        call()
    });
    match called.await {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(silent()),
        returned => Ok(returned??),
    }
}
