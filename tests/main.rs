//! Tests of the whole program: a real server process, spoken to over HTTP, and the command line.

mod archives;
mod bad_input;
mod browser;
mod cli;
mod compatibility;
mod deletion;
mod demo;
mod downloads;
mod events;
mod fail_points;
mod fetching;
mod listing;
mod outages;
mod page;
mod polling;
mod reports;
mod requests;
mod restarts;
mod sse;
mod status;
mod submission;
mod summary;
mod support;
mod tools;
mod workers;
