//! The server: the HTTP interface, access control, webhooks and the page.
//!
//! - `transport` has what comes before a request is read: connections, hosts, origins and ids;
//! - `requests` reads the parts of a request;
//! - `representation` has the bodies of answers: statuses, lists and errors;
//! - `endpoints` has a file for each address;
//! - `access` is access control: tokens, roles, signed links, and which jobs a client may see;
//! - `feed` tells waiting requests about changes of jobs;
//! - `webhook` sends messages about the ends of jobs.

pub mod access;
mod app;
mod config;
mod endpoints;
mod feed;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod representation;
mod requests;
mod router;
mod transport;
pub mod webhook;

pub use app::App;
pub use config::Config;
pub use endpoints::metrics::serve_metrics;
pub use feed::Feed;
pub use representation::problem::Problem;
pub use router::router;
pub use transport::connections::{ConnectionLimits, serve};
pub use transport::host::HostName;
pub use transport::origins::Origin;
