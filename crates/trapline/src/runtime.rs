//! A runtime that does not wait for stuck threads, and work that stops when a job is cancelled.

use std::ops::Deref;
use std::time::Duration;

use tokio::runtime::Runtime;

/// Interval between checks whether the job was cancelled.
const CANCEL_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// A runtime that does not wait for stuck threads when it is dropped, and that may be dropped inside another
/// runtime.
#[derive(Debug)]
pub struct AbandoningRuntime(Option<Runtime>);

impl AbandoningRuntime {
    pub fn new(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }
}

impl Deref for AbandoningRuntime {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("a runtime until it is dropped")
    }
}

impl Drop for AbandoningRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for `work`; `None` once `is_cancelled` returns true.
pub async fn run_unless_cancelled<T>(
    work: impl Future<Output = T>,
    is_cancelled: &dyn Fn() -> bool,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(CANCEL_CHECK_INTERVAL, &mut work).await {
            Ok(done) => return Some(done),
            Err(_) if is_cancelled() => return None,
            Err(_) => {}
        }
    }
}
