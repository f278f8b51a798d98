//! What comes before a request is read: connections, hosts, origins and ids.

pub mod connections;
pub mod handle_request;
pub mod host;
pub mod origins;
pub mod request_checks;
pub mod request_id;
pub mod timed_stream;
