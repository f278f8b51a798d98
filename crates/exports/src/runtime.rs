//! A runtime that does not wait for stuck threads.

use std::ops::Deref;

use tokio::runtime::Runtime;

/// A runtime that does not wait for stuck threads when it is dropped, and that may be dropped inside another
/// runtime.
#[derive(Debug)]
pub struct AbandoningRuntime(Option<Runtime>);

impl AbandoningRuntime {
    /// Wraps a runtime.
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
