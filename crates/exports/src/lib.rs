//! Exports: what clients may ask for, and how it is made.
//!
//! - `requests` reads requests and checks them against the data;
//! - `datasets` and `source` are the data of a server, in files or in a database;
//! - `overview` describes a data set, for `trapline info`, `trapline check` and the server;
//! - `export` is a checked request as the job store keeps it, and makes its file;
//! - `templates` finds templates of reports; `template_process` renders pages in a child process with limits;
//! - `fetch` gets pictures from the web, only from addresses that may be called;
//! - `worker` claims jobs, keeps their leases and makes their files;
//! - `condition` has the problems of this process that an operator should see;
//! - `runtime` has a runtime that waits for no stuck thread.

pub mod condition;
pub mod datasets;
pub mod export;
mod export_compatibility;
pub mod fetch;
pub mod limits;
pub mod nearest;
pub mod overview;
pub mod requests;
pub mod runtime;
pub mod source;
pub mod template_process;
pub mod templates;
pub mod worker;
