//! Reading the parts of a request.

pub mod blocking;
pub mod bounded_json;
pub mod idempotency;
pub mod parameters;
pub mod path;
pub mod polling;
pub mod ranges;
pub mod read_request;

/// The longest body in bytes: enough for ten thousand ids of 128 characters and the rest of a request.
pub const MAX_BODY: usize = 4 << 20;
