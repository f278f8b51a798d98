//! The addresses of the interface, with a file for each.

pub mod dataset;
pub mod delete;
pub mod download;
pub mod events;
pub mod health;
pub mod list;
pub mod metrics;
pub mod openapi;
pub mod page;
pub mod pictures;
pub mod status;
pub mod submit;
pub mod summary;
