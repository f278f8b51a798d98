//! Calls of the file system off the threads of the async runtime, with a timeout.

use std::io;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The longest that a call waits for a folder.
pub const FOLDER_TIMEOUT: Duration = Duration::from_secs(20);

/// Calls the file system on a blocking thread. Fails with [`io::ErrorKind::TimedOut`] after
/// [`FOLDER_TIMEOUT`] and abandons the thread, since a call on a hung network mount may never return.
pub async fn call_with_timeout<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    call_within(FOLDER_TIMEOUT, call).await
}

async fn call_within<T: Send + 'static>(
    most: Duration,
    call: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "the folder does not answer");
    timeout(most, spawn_blocking(call)).await.map_err(silent)?.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_call_that_does_not_return_is_abandoned() {
        let (sender, receiver) = channel::<()>();
        let error = call_within(Duration::from_millis(10), move || receiver.recv()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(sender);
        assert_eq!(call_with_timeout(|| 1).await.unwrap(), 1);
    }
}
