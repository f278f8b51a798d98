//! The bodies of answers. The status of a job is the same in HTTP answers, event streams and webhook messages.

pub mod answers;
mod build_status;
pub mod etag;
pub mod problem;
pub mod responses;
mod status;
mod status_body;

#[cfg(test)]
pub use build_status::example_record;
pub use build_status::{
    build_status, estimate_completion, infer_kind, read_status, sign_address, write_json,
};
pub use status::{AnyStatus, ArchiveStatus, KindName, Status, StatusName};
pub use status_body::StatusBody;
