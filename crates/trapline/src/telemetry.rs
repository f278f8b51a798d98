//! The log, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Logs at the level that `RUST_LOG` asks for, else `default`.
pub fn start(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // A second call, in a test, finds the log at work already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // Colours are for people; a file gets plain text.
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
