//! `trapline`: reports and archives from camera-trap detections, as jobs whose status can be
//! trusted.
//!
//! - `cli` is the command line, a file for each command;
//! - `http` is the interface of the server;
//! - `worker` claims jobs, keeps their lease and makes their files;
//! - `layout` makes the pages of a report, those of a user's template in a process with limits;
//! - `artifacts` is where finished files are, whole or not at all;
//! - `service` puts these together with a job store from the crate `jobs`.

mod artifacts;
mod cli;
mod datasets;
mod export;
mod faults;
mod fetch;
mod http;
mod layout;
mod service;
mod telemetry;
mod templates;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    let _armed = faults::armed();
    cli::run(std::env::args_os())
}
