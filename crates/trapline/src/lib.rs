//! `trapline`: PDF reports and picture archives from camera-trap data.
//!
//! `main.rs` only calls [`run`]. Everything else is here and private, so that tests and fuzz targets can be
//! built against it.
//!
//! - `cli` is the command line, with a file for each command;
//! - `client` is a client of a server, for the command line;
//! - `http` is the server's interface;
//! - `access` is access control: tokens, roles and signed links;
//! - `representation` builds the status of a job as clients see it, for `http` and `webhook`;
//! - `webhook` sends messages about the ends of jobs;
//! - `requests` reads requests and checks them against the data;
//! - `overview` describes a data set, for `trapline info`, `trapline check` and `http`;
//! - `worker` claims jobs, keeps their leases and makes their files;
//! - `template_process` renders the pages of a report in a child process with limits;
//! - `artifacts` stores finished files, which appear only when they are complete; `regular_file` opens and
//!   removes files without following links; `folder_access` checks whether folders are writable;
//! - `runtime` has a runtime that waits for no stuck thread, and stops work of cancelled jobs;
//! - `service` starts these with a job store from the crate `jobs`.

mod access;
mod artifacts;
mod cli;
mod client;
mod condition;
mod datasets;
mod digest;
mod export;
mod export_compatibility;
mod fail_points;
mod fetch;
mod folder_access;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod limits;
mod metrics;
mod nearest;
mod overview;
mod regular_file;
mod representation;
mod requests;
mod runtime;
mod service;
mod source;
mod telemetry;
mod template_process;
mod templates;
mod webhook;
mod worker;

use std::process::ExitCode;

/// Runs the program with the arguments of this process, and returns its exit status: 0 for success, 1 when
/// the job failed, 2 when the call or its input is wrong.
pub fn run() -> ExitCode {
    // For the clients of object stores, which have no cryptography provider of their own. Fails if one is
    // installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _enabled = fail_points::enable_fail_points();
    cli::run(std::env::args_os())
}
