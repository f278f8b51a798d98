//! Tests of the whole program: a real server process, spoken to over HTTP, and the command line.

mod bad_input;
mod cli;
mod deletion;
mod demo;
mod downloads;
mod polling;
mod restarts;
mod status;
mod submission;
mod support;
