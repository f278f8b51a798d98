//! Processes of a test's own.

// A test panics if its processes cannot be controlled.
#![allow(clippy::missing_panics_doc)]

use std::path::Path;
use std::process::{Child, Command};

use crate::free_port;

/// A process. Dropped, it is killed.
#[derive(Debug)]
pub struct KilledOnDrop(pub Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a signal, such as `TERM`, to a process.
pub fn send_signal(process: u32, name: &str) {
    let kill = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Starts a server on a free port: one that is free now may be taken in the next moment, and then another is
/// tried.
pub(crate) fn start_on_free_port<T>(name: &str, folder: &Path, start: impl Fn(u16) -> Option<T>) -> (T, u16) {
    let attempt = |_| {
        let port = free_port();
        start(port).map(|server| (server, port))
    };
    (0..20).find_map(attempt).unwrap_or_else(|| panic!("{name} does not start: {}", read_log(folder)))
}

/// What a server has written to the file `log` in its folder.
pub(crate) fn read_log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}
