//! `trapline`: reports and archives from camera-trap detections, as jobs whose status can be
//! trusted.
//!
//! `main.rs` only calls [`run`]; everything else is here, private, so that tests and fuzz targets can
//! be built against it.
//!
//! - `client` speaks to a server, for the command line;
//! - `access` is who may do what;
//! - `cli` is the command line, a file for each command;
//! - `http` is the interface of the server;
//! - `overview` is what a data set holds, for `trapline info`, `trapline check` and the interface;
//! - `worker` claims jobs, keeps their lease and makes their files;
//! - `layout` makes the pages of a report, those of a user's template in a process with limits;
//! - `artifacts` is where finished files are, whole or not at all; `regular_file` opens and removes files
//!   without following links; `folder_access` finds out whether folders can be written to;
//! - `webhook` tells the ends of jobs to those who asked for that;
//! - `service` puts these together with a job store from the crate `jobs`.

mod access;
mod artifacts;
mod cli;
mod client;
mod condition;
mod datasets;
mod digest;
mod export;
mod faults;
mod fetch;
mod folder_access;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod layout;
mod limits;
mod metrics;
mod overview;
mod regular_file;
mod service;
mod source;
mod telemetry;
mod templates;
mod webhook;
mod worker;

use std::process::ExitCode;

/// Runs the program with the arguments of this process, and returns its exit status: 0 when it is done,
/// 1 when the job failed, 2 when the call or its input is wrong.
pub fn run() -> ExitCode {
    // For the clients of object stores, which bring none of their own. It fails when there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _armed = faults::armed();
    cli::run(std::env::args_os())
}
