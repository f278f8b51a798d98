//! `trapline`: PDF reports and picture archives from camera-trap data.
//!
//! `main.rs` only calls [`run`]. The server, the worker and the client are in crates of
//! their own; this one reads the command line and puts them together.
//!
//! - `cli` is the command line, with a file for each command;
//! - `memory` gives free memory back to the system;
//! - `service` starts the server and its workers with a job store from the crate `jobs`;
//! - `telemetry` writes logs and sends spans.

mod cli;
mod memory;
mod service;
mod telemetry;

use std::process::ExitCode;

/// Runs the program with the arguments of this process, and returns its exit status: 0 for success, 1 when
/// the job failed, 2 when the call or its input is wrong.
pub fn run() -> ExitCode {
    // For the clients of object stores, which have no cryptography provider of their own. Fails if one is
    // installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _enabled = jobs::fail_points::enable_fail_points();
    cli::run(std::env::args_os())
}
